#include "sagas/table.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace sugang {
namespace {

using testing::ElementsAre;

constexpr CourseKind kinds[] = {CourseKind::lecture, CourseKind::performance, CourseKind::product,
                                CourseKind::training};
constexpr TurnCause causes[] = {TurnCause::declined, TurnCause::expired, TurnCause::cancelled};

/// A way forward as the design writes it: ‖ before the point of no return, and who takes what a saga does not.
std::vector<std::string> forward(CourseKind kind) {
  std::vector<std::string> lines;
  for (const auto& step : way_forward(kind)) {
    if (step.after) lines.push_back("‖");
    lines.push_back((step.taken == Taken::by_person ? "await " : "") + std::string{to_text(step.step)});
  }
  return lines;
}

std::vector<std::string> back(TurnCause cause) {
  std::vector<std::string> lines;
  for (const auto& step : way_back(cause)) lines.emplace_back(step_label(step.step, step.direction));
  return lines;
}

std::ptrdiff_t place_in(const std::vector<std::string>& lines, std::string_view line) {
  const auto it = std::find(lines.begin(), lines.end(), line);
  EXPECT_NE(it, lines.end()) << line;
  return it - lines.begin();
}

const TableStep& step_of(CourseKind kind, Step step) { return way_forward(kind)[place_of(kind, step).value()]; }

TEST(LectureTable, HoldsSeatsTakesPaymentTakesSeatsAndConfirms) {
  EXPECT_THAT(forward(CourseKind::lecture),
              ElementsAre("hold_seats", "take_payment", "‖", "take_seats", "confirm"));
}

TEST(PerformanceTable, IsTheLecturesOne) {
  EXPECT_EQ(forward(CourseKind::performance), forward(CourseKind::lecture));
}

TEST(ProductTable, PreparesBeforeItConfirmsAndThenWaitsForWhoBringsIt) {
  EXPECT_THAT(forward(CourseKind::product),
              ElementsAre("hold_seats", "take_payment", "prepare_stock", "‖", "take_seats", "confirm",
                          "request_delivery", "await start_delivery", "await complete_delivery", "complete"));
}

TEST(TrainingTable, ConfirmsOnlyWhatHasAnInstructorAndASchedule) {
  EXPECT_THAT(forward(CourseKind::training),
              ElementsAre("hold_seats", "take_payment", "await assign_instructor", "await book_slot",
                          "confirm_schedule", "‖", "take_seats", "confirm", "await record_result", "complete"));
}

TEST(CancelTable, MarksStopsTheDeliveryReturnsSeatsCoachingStockAndMoneyAndMarks) {
  EXPECT_THAT(back(TurnCause::cancelled),
              ElementsAre("mark_cancel_requested", "cancel_delivery", "release_seats", "release_coaching",
                          "release_slot", "release_stock", "refund_payment", "mark_cancelled"));
}

TEST(DeclineAndExpiryTables, EndWithTheirOwnMark) {
  EXPECT_THAT(back(TurnCause::declined), ElementsAre("release_seats", "release_coaching", "release_slot",
                                                     "release_stock", "refund_payment", "mark_rejected"));
  EXPECT_THAT(back(TurnCause::expired), ElementsAre("release_seats", "release_coaching", "release_slot",
                                                    "release_stock", "refund_payment", "mark_expired"));
}

TEST(EveryTable, BeginsWithTheStepThatTravelsWithTheBirth) {
  for (auto kind : kinds) EXPECT_EQ(way_forward(kind).front().step, Step::hold_seats);
}

TEST(EveryTable, HasOnePointOfNoReturn) {
  for (auto kind : kinds) {
    auto way = way_forward(kind);
    EXPECT_EQ(std::count_if(way.begin(), way.end(), [](const auto& step) { return step.after.has_value(); }), 1);
  }
}

TEST(EveryTable, LetsACancelTurnItAtEveryStepBeforeThePointOfNoReturn) {
  for (auto kind : kinds)
    for (const auto& step : way_forward(kind)) {
      if (step.after) break;
      EXPECT_EQ(step.cancel, Cancel::turns) << to_text(kind) << ", " << to_text(step.step);
    }
}

// Between taking the seats and the confirmation, a cancel waits a moment rather than meet a half-confirmed
// enrollment.
TEST(EveryTable, LetsACancelWaitBetweenThePointOfNoReturnAndTheConfirmation) {
  for (auto kind : kinds)
    for (auto step : {Step::take_seats, Step::confirm}) EXPECT_EQ(step_of(kind, step).cancel, Cancel::waits);
}

TEST(Invariant6, AStartedDeliveryRefusesTheCancelAndOneThatIsOnlyAskedForDoesNot) {
  EXPECT_EQ(step_of(CourseKind::product, Step::start_delivery).cancel, Cancel::turns);
  EXPECT_EQ(step_of(CourseKind::product, Step::complete_delivery).cancel, Cancel::refused);
  EXPECT_EQ(step_of(CourseKind::product, Step::complete).cancel, Cancel::refused);
}

TEST(TrainingTable, CanBeCancelledUntilTheClassIsHeld) {
  EXPECT_EQ(step_of(CourseKind::training, Step::record_result).cancel, Cancel::turns);
  EXPECT_EQ(step_of(CourseKind::training, Step::complete).cancel, Cancel::refused);
}

// Money that is not there in time, a person who does not come: what has not been confirmed expires.
TEST(EveryTable, ExpiresWhenADeadlineBeforeTheConfirmationPasses) {
  for (auto kind : kinds)
    for (const auto& step : way_forward(kind)) {
      if (step.after) break;
      const bool waits =
          step.taken == Taken::by_person || step.step == Step::hold_seats || step.step == Step::take_payment;
      EXPECT_EQ(step.late, waits ? std::optional{TurnCause::expired} : std::nullopt) << to_text(step.step);
    }
}

// Behind the confirmation nothing expires: an order that nobody starts is cancelled, anything else is an
// operator's.
TEST(EveryTable, NeverExpiresBehindThePointOfNoReturn) {
  for (auto kind : kinds) {
    bool behind = false;
    for (const auto& step : way_forward(kind)) {
      behind = behind || step.after.has_value();
      if (behind) {
        EXPECT_NE(step.late, TurnCause::expired) << to_text(step.step);
      }
    }
  }
}

/// Steps that leave something behind outside the enrollment itself.
bool leaves_something(Step step) {
  return step == Step::hold_seats || step == Step::take_payment || step == Step::prepare_stock ||
         step == Step::request_delivery || step == Step::assign_instructor || step == Step::book_slot;
}

TEST(EveryWayBack, UndoesOnceWhatTheWayForwardMayHaveDone) {
  for (auto kind : kinds)
    for (auto cause : causes) {
      bool behind = false;
      for (const auto& step : way_forward(kind)) {
        behind = behind || step.after.has_value();
        // Only a cancel comes from behind the point of no return.
        if (behind && cause != TurnCause::cancelled) break;
        const auto way = way_back(cause);
        const auto undone = std::count_if(way.begin(), way.end(), [&](const UndoStep& undo) {
          return undo.step == step.step && undo.direction == Direction::undo;
        });
        EXPECT_EQ(undone, leaves_something(step.step) ? 1 : 0) << to_text(cause) << ", " << to_text(step.step);
      }
    }
}

TEST(EveryWayBack, UndoesNothingThatNoKindDoes) {
  for (auto cause : causes)
    for (const auto& undo : way_back(cause)) {
      if (undo.direction == Direction::act) continue;
      EXPECT_TRUE(std::any_of(std::begin(kinds), std::end(kinds), [&](CourseKind kind) {
        return place_of(kind, undo.step).has_value();
      })) << to_text(undo.step);
    }
}

TEST(EveryWayBack, ReturnsSeatsBeforeMoneyAndCoachingBeforeTheCalendar) {
  for (auto cause : causes) {
    const auto lines = back(cause);
    EXPECT_LT(place_in(lines, "release_seats"), place_in(lines, "refund_payment")) << to_text(cause);
    EXPECT_LT(place_in(lines, "release_coaching"), place_in(lines, "release_slot")) << to_text(cause);
  }
}

TEST(EveryWayBack, StopsTheDeliveryFirst) {
  const auto lines = back(TurnCause::cancelled);
  EXPECT_LT(place_in(lines, "cancel_delivery"), place_in(lines, "release_seats"));
}

// What has ended leaves nothing behind (invariant 4): the mark comes when all else is undone.
TEST(EveryWayBack, EndsTheEnrollmentLast) {
  for (auto cause : causes) {
    auto way = way_back(cause);
    const auto& last = way.back();
    EXPECT_EQ(last.direction, Direction::act) << to_text(cause);
    EXPECT_TRUE(last.step == Step::mark_cancelled || last.step == Step::mark_rejected ||
                last.step == Step::mark_expired);
  }
}

// The cursor is found again by the commands that the timeline shows as done: a repeated one would be skipped.
TEST(EveryTable, NamesEachCommandOnce) {
  for (auto kind : kinds)
    for (auto cause : causes) {
      std::multiset<std::pair<Step, Direction>> commands;
      for (const auto& step : way_forward(kind)) commands.emplace(step.step, Direction::act);
      for (const auto& step : way_back(cause)) commands.emplace(step.step, step.direction);
      for (const auto& command : commands) EXPECT_EQ(commands.count(command), 1u) << to_text(command.first);
    }
}

TEST(PlaceOf, IsTheStepsPlaceOnItsKindsWay) {
  for (auto kind : kinds) {
    const auto way = way_forward(kind);
    for (std::size_t i = 0; i < way.size(); ++i) EXPECT_EQ(place_of(kind, way[i].step), i);
  }
  EXPECT_EQ(place_of(CourseKind::lecture, Step::prepare_stock), std::nullopt);
  EXPECT_EQ(place_of(CourseKind::product, Step::book_slot), std::nullopt);
  EXPECT_EQ(place_of(CourseKind::training, Step::request_delivery), std::nullopt);
}

TEST(ComponentOf, IsNoneForSeatsAndTheEnrollmentItself) {
  for (auto step : {Step::hold_seats, Step::take_seats, Step::confirm, Step::mark_cancelled, Step::complete})
    EXPECT_EQ(component_of(step), std::nullopt) << to_text(step);
  EXPECT_EQ(component_of(Step::take_payment), Component::payments);
  EXPECT_EQ(component_of(Step::start_delivery), Component::delivery);
  EXPECT_EQ(component_of(Step::book_slot), Component::coaching);
}

}  // namespace
}  // namespace sugang
