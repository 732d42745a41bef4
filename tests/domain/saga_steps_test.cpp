#include "domain/saga_steps.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "tests/domain/timeline_script.hpp"

namespace sugang {
namespace {

using testing::ElementsAre;

constexpr CourseKind kinds[] = {CourseKind::lecture, CourseKind::performance, CourseKind::product,
                                CourseKind::training};
constexpr TurnCause causes[] = {TurnCause::declined, TurnCause::expired, TurnCause::cancelled};

constexpr Causation hold{Step::hold_seats, Direction::act}, pay{Step::take_payment, Direction::act},
    take{Step::take_seats, Direction::act}, confirm{Step::confirm, Direction::act},
    release{Step::hold_seats, Direction::undo}, refund{Step::take_payment, Direction::undo};

/// A way forward as the design writes it: ‖ before the point of no return, and which steps the staff takes.
std::vector<std::string> forward(CourseKind kind) {
  std::vector<std::string> lines;
  for (const auto step : way_forward(kind)) {
    const auto& row = row_of(step);
    if (row.no_return) lines.emplace_back("‖");
    lines.push_back((row.taken == TakenBy::staff ? "await " : "") + std::string{to_text(step)});
  }
  return lines;
}

std::string label(const Causation& command) { return std::string{step_label(command.step, command.direction)}; }

std::vector<std::string> back(TurnCause cause) {
  std::vector<std::string> lines;
  for (const auto& command : way_back(cause)) lines.push_back(label(command));
  return lines;
}

std::ptrdiff_t place_in(const std::vector<std::string>& lines, std::string_view line) {
  const auto it = std::find(lines.begin(), lines.end(), line);
  EXPECT_NE(it, lines.end()) << line;
  return it - lines.begin();
}

Cursor at(Step step, CourseKind kind = CourseKind::lecture) {
  return {.kind = kind, .turned = {}, .index = place_of(kind, step).value(), .reached = 0};
}

/// The labels of the commands from the cursor to its end.
std::vector<std::string> way_from(Cursor cursor) {
  std::vector<std::string> labels;
  for (; command_at(cursor); cursor = next_step(cursor)) labels.push_back(label(*command_at(cursor)));
  return labels;
}

TEST(LectureSteps, HoldSeatsTakePaymentTakeSeatsAndConfirm) {
  EXPECT_THAT(forward(CourseKind::lecture),
              ElementsAre("hold_seats", "take_payment", "‖", "take_seats", "confirm"));
  EXPECT_EQ(forward(CourseKind::performance), forward(CourseKind::lecture));
}

TEST(ProductSteps, PrepareBeforeTheyConfirmAndThenWaitForTheCourier) {
  EXPECT_THAT(forward(CourseKind::product),
              ElementsAre("hold_seats", "take_payment", "prepare_stock", "‖", "take_seats", "confirm",
                          "request_delivery", "await start_delivery", "await complete_delivery", "complete"));
}

TEST(TrainingSteps, ConfirmOnlyWhatHasAnInstructorAndASchedule) {
  EXPECT_THAT(forward(CourseKind::training),
              ElementsAre("hold_seats", "take_payment", "await assign_instructor", "await book_slot",
                          "confirm_schedule", "‖", "take_seats", "confirm", "await record_result", "complete"));
}

TEST(WayBack, StopsTheDeliveryThenReturnsSeatsCoachingStockAndMoney) {
  EXPECT_THAT(back(TurnCause::cancelled),
              ElementsAre("mark_cancel_requested", "cancel_delivery", "release_seats", "release_coaching",
                          "release_slot", "release_stock", "refund_payment", "mark_cancelled"));
}

TEST(WayBack, OfADeclineAndAnExpiryDifferInTheirLastMarkOnly) {
  auto declined = back(TurnCause::declined), expired = back(TurnCause::expired);
  EXPECT_EQ(declined.back(), "mark_rejected");
  EXPECT_EQ(expired.back(), "mark_expired");
  declined.pop_back();
  expired.pop_back();
  EXPECT_EQ(declined, expired);
}

TEST(EveryStep, HasOneRow) {
  for (std::size_t i = 1; i < EnumNames<Step>::values.size(); ++i) {
    const auto step = static_cast<Step>(i);
    if (step == Step::request) continue;
    EXPECT_EQ(row_of(step).step, step) << to_text(step);
  }
}

TEST(EveryStep, HasALabelForItsUndo) {
  for (std::size_t i = 1; i < EnumNames<Step>::values.size(); ++i) {
    const auto& row = row_of(static_cast<Step>(i));
    EXPECT_EQ(row.undo != nullptr, !row.undo_label.empty()) << to_text(row.step);
    EXPECT_EQ(step_label(row.step, Direction::act), to_text(row.step));
    if (row.undo == nullptr) continue;
    EXPECT_EQ(step_label(row.step, Direction::undo), row.undo_label);
  }
}

// A step without an act is taken by a staff member's command; any other makes its own.
TEST(EveryStep, HasAnActOrIsTheStaffs) {
  for (auto kind : kinds)
    for (auto step : way_forward(kind))
      EXPECT_TRUE(row_of(step).act != nullptr || row_of(step).taken == TakenBy::staff) << to_text(step);
}

TEST(EveryWay, BeginsWithTheStepThatCreatesTheEnrollment) {
  for (auto kind : kinds) EXPECT_EQ(way_forward(kind).front(), Step::hold_seats);
}

TEST(EveryWay, HasOnePointOfNoReturn) {
  for (auto kind : kinds) {
    const auto way = way_forward(kind);
    EXPECT_EQ(std::count_if(way.begin(), way.end(), [](Step step) { return row_of(step).no_return; }), 1);
  }
}

TEST(EveryWay, LetsACancelTurnItAtEveryStepBeforeThePointOfNoReturn) {
  for (auto kind : kinds)
    for (auto step : way_forward(kind)) {
      if (row_of(step).no_return) break;
      EXPECT_EQ(row_of(step).cancel, Cancel::turns) << to_text(kind) << ", " << to_text(step);
    }
}

// Between taking the seats and the confirmation, a cancel waits a moment rather than meet a half-confirmed
// enrollment.
TEST(EveryWay, LetsACancelWaitBetweenThePointOfNoReturnAndTheConfirmation) {
  for (auto step : {Step::take_seats, Step::confirm}) EXPECT_EQ(row_of(step).cancel, Cancel::waits);
}

TEST(Invariant6, AStartedDeliveryRefusesTheCancelAndOneThatIsOnlyRequestedDoesNot) {
  EXPECT_EQ(row_of(Step::start_delivery).cancel, Cancel::turns);
  EXPECT_EQ(row_of(Step::complete_delivery).cancel, Cancel::refused);
  EXPECT_EQ(row_of(Step::complete).cancel, Cancel::refused);
}

TEST(TrainingSteps, CanBeCancelledUntilTheClassIsHeld) {
  EXPECT_EQ(row_of(Step::record_result).cancel, Cancel::turns);
}

// Money that is not there in time, a staff member who is late: what has not been confirmed expires.
TEST(EveryWay, ExpiresWhenADeadlineBeforeTheConfirmationPasses) {
  for (auto kind : kinds)
    for (auto step : way_forward(kind)) {
      const auto& row = row_of(step);
      if (row.no_return) break;
      const bool waits = row.taken == TakenBy::staff || step == Step::hold_seats || step == Step::take_payment;
      EXPECT_EQ(row.late, waits ? std::optional{TurnCause::expired} : std::nullopt) << to_text(step);
    }
}

// Behind the confirmation nothing expires: an order that is not started is cancelled, anything else is an
// operator's.
TEST(EveryWay, NeverExpiresBehindThePointOfNoReturn) {
  for (auto kind : kinds) {
    bool behind = false;
    for (auto step : way_forward(kind)) {
      behind = behind || row_of(step).no_return;
      if (!behind) continue;
      EXPECT_NE(row_of(step).late, TurnCause::expired) << to_text(step);
    }
  }
}

/// Steps that leave something behind outside the enrollment itself.
bool leaves_something(Step step) {
  constexpr std::array leaving{Step::hold_seats,       Step::take_payment,      Step::prepare_stock,
                               Step::request_delivery, Step::assign_instructor, Step::book_slot};
  return std::find(leaving.begin(), leaving.end(), step) != leaving.end();
}

TEST(EveryWayBack, UndoesOnceWhatTheWayForwardMayHaveDoneAndNothingElse) {
  for (auto cause : causes) {
    const auto way = way_back(cause);
    for (auto kind : kinds)
      for (auto step : way_forward(kind))
        EXPECT_EQ(std::count(way.begin(), way.end(), (Causation{step, Direction::undo})),
                  leaves_something(step) ? 1 : 0)
            << to_text(cause) << ", " << to_text(step);
    for (const auto& command : way) {
      if (command.direction == Direction::act) continue;
      EXPECT_TRUE(std::any_of(std::begin(kinds), std::end(kinds), [&](CourseKind kind) {
        return place_of(kind, command.step).has_value();
      })) << to_text(command.step);
    }
  }
}

TEST(EveryWayBack, ReturnsSeatsBeforeMoneyAndCoachingBeforeTheCalendar) {
  for (auto cause : causes) {
    const auto lines = back(cause);
    EXPECT_LT(place_in(lines, "cancel_delivery"), place_in(lines, "release_seats")) << to_text(cause);
    EXPECT_LT(place_in(lines, "release_seats"), place_in(lines, "refund_payment")) << to_text(cause);
    EXPECT_LT(place_in(lines, "release_coaching"), place_in(lines, "release_slot")) << to_text(cause);
  }
}

// The cursor is found again by the commands that the timeline shows as done: a repeated one would be skipped.
TEST(EveryWay, NamesEachCommandOnce) {
  for (auto kind : kinds)
    for (auto cause : causes) {
      std::multiset<std::pair<Step, Direction>> commands;
      for (auto step : way_forward(kind)) commands.emplace(step, Direction::act);
      for (const auto& command : way_back(cause)) commands.emplace(command.step, command.direction);
      for (const auto& command : commands) EXPECT_EQ(commands.count(command), 1u) << to_text(command.first);
    }
}

TEST(PlaceOf, IsTheStepsPlaceOnItsKindsWay) {
  EXPECT_EQ(place_of(CourseKind::lecture, Step::take_seats), 2u);
  EXPECT_EQ(place_of(CourseKind::lecture, Step::prepare_stock), std::nullopt);
  EXPECT_EQ(place_of(CourseKind::product, Step::book_slot), std::nullopt);
  EXPECT_EQ(place_of(CourseKind::training, Step::request_delivery), std::nullopt);
}

TEST(ConfirmsNext, WhereNothingButSeatsAndConfirmationFollowsThePayment) {
  EXPECT_TRUE(confirms_next(at(Step::take_payment, CourseKind::lecture)));
  EXPECT_TRUE(confirms_next(at(Step::take_payment, CourseKind::performance)));
  EXPECT_FALSE(confirms_next(at(Step::take_payment, CourseKind::product)));
  EXPECT_FALSE(confirms_next(at(Step::take_payment, CourseKind::training)));
  EXPECT_FALSE(confirms_next(at(Step::hold_seats)));
  EXPECT_FALSE(confirms_next(at(Step::confirm)));
  EXPECT_FALSE(confirms_next(turn_back(at(Step::take_payment), TurnCause::expired)));
}

TEST(TurnBack, UndoesAllThatTheKindMayHaveDone) {
  EXPECT_THAT(way_from(turn_back({.kind = CourseKind::lecture, .turned = {}, .index = 4}, TurnCause::cancelled)),
              ElementsAre("mark_cancel_requested", "release_seats", "refund_payment", "mark_cancelled"));
  EXPECT_THAT(way_from(turn_back(at(Step::start_delivery, CourseKind::product), TurnCause::cancelled)),
              ElementsAre("mark_cancel_requested", "cancel_delivery", "release_seats", "release_stock",
                          "refund_payment", "mark_cancelled"));
  EXPECT_THAT(way_from(turn_back(at(Step::record_result, CourseKind::training), TurnCause::cancelled)),
              ElementsAre("mark_cancel_requested", "release_seats", "release_coaching", "release_slot",
                          "refund_payment", "mark_cancelled"));
}

TEST(TurnBack, UndoesTheStepThatItStandsBeforeSinceThatMayHaveBeenBegun) {
  EXPECT_THAT(way_from(turn_back(at(Step::hold_seats), TurnCause::expired)),
              ElementsAre("release_seats", "mark_expired"));
  EXPECT_THAT(way_from(turn_back(at(Step::take_payment), TurnCause::declined)),
              ElementsAre("release_seats", "refund_payment", "mark_rejected"));
}

// For every kind, every cause and every place to turn at: each step that may have been begun and leaves something
// behind is undone, and nothing else is.
TEST(TurnBack, UndoesExactlyWhatMayHaveBeenBegun) {
  for (auto kind : kinds)
    for (auto cause : causes)
      for (std::size_t index = 0; index <= way_forward(kind).size(); ++index) {
        SCOPED_TRACE(testing::Message() << to_text(kind) << ", " << to_text(cause) << " at " << index);
        const auto labels = way_from(turn_back({.kind = kind, .turned = {}, .index = index}, cause));
        for (const auto& undo : way_back(cause)) {
          const auto place = place_of(kind, undo.step);
          const bool begun = place && *place <= index;
          EXPECT_EQ(std::count(labels.begin(), labels.end(), label(undo)),
                    begun || undo.direction == Direction::act ? 1 : 0)
              << label(undo);
        }
      }
}

TEST(CancelAt, IsTheRowsAndOnceItIsCompletedRefused) {
  for (auto kind : kinds)
    for (auto step : way_forward(kind)) EXPECT_EQ(cancel_at(at(step, kind)), row_of(step).cancel);
  const auto at_the_end = [](CourseKind kind) {
    return cancel_at({.kind = kind, .turned = {}, .index = way_forward(kind).size()});
  };
  EXPECT_EQ(at_the_end(CourseKind::lecture), Cancel::turns);
  EXPECT_EQ(at_the_end(CourseKind::product), Cancel::refused);
  EXPECT_EQ(at_the_end(CourseKind::training), Cancel::refused);
}

TEST(CancelAt, NeverTurnsASagaTwice) {
  for (auto kind : kinds)
    for (auto cause : causes)
      for (auto cursor = turn_back({.kind = kind, .turned = {}, .index = way_forward(kind).size()}, cause);
           command_at(cursor); cursor = next_step(cursor))
        EXPECT_EQ(cancel_at(cursor), Cancel::waits);
}

TEST(CursorOf, ATimelineThatGoesWellIsTheFirstStepNotDone) {
  const auto script = TimelineScript::happy();
  // request, saga.started, seats-held, payment.requested, payment.approved, seats-taken, confirmed, completed
  const std::vector<std::optional<Causation>> next{hold, hold, hold, pay, pay, take, confirm, {}, {}};
  ASSERT_EQ(next.size(), script.records().size() + 1);
  for (std::size_t count = 0; count < next.size(); ++count)
    EXPECT_EQ(command_at(cursor_of(script.fold(count))), next[count]) << "after " << count;
}

TEST(CursorOf, ADeclinedTimelineStaysWithThePaymentUntilItTurns) {
  auto script = TimelineScript{}.created().charge_requested().on_payment(PaymentDeclined{"no funds"});
  EXPECT_EQ(command_at(cursor_of(script.fold())), pay);
  EXPECT_EQ(command_at(cursor_of(script.turned(TurnCause::declined, "no funds").fold())), release);
  EXPECT_EQ(command_at(cursor_of(script.seats_back().fold())), refund);
}

TEST(CursorOf, ACancelledTimelineGoesOnOnTheWayBack) {
  const auto script = TimelineScript::cancelled();
  const auto turned = TimelineScript::happy().records().size();
  // saga.turned, cancel-requested, seats-released, refund-requested, refunded, cancelled
  const std::vector<std::optional<Causation>> next{
      Causation{Step::mark_cancel_requested, Direction::act}, release, refund, refund,
      Causation{Step::mark_cancelled, Direction::act},        {},      {}};
  for (std::size_t i = 0; i < next.size(); ++i)
    EXPECT_EQ(command_at(cursor_of(script.fold(turned + 1 + i))), next[i]) << "after " << turned + 1 + i;
}

TEST(CursorOf, AnExpiredTimelineWaitsForTheVoid) {
  const auto script = TimelineScript::expired();
  const auto end = script.records().size();
  EXPECT_EQ(command_at(cursor_of(script.fold(end - 3))), refund);
  EXPECT_EQ(command_at(cursor_of(script.fold(end - 2))), (Causation{Step::mark_expired, Direction::act}));
  EXPECT_EQ(command_at(cursor_of(script.fold(end - 1))), std::nullopt);
}

TEST(CursorOf, AStuckStepIsThatStep) {
  auto script = TimelineScript{}.created().charge_requested().charge_approved();
  script.on_saga(SagaStuck{Step::take_seats, Direction::act, "no claim"});
  EXPECT_EQ(command_at(cursor_of(script.fold())), take);
}

TEST(CursorOf, AnyPrefixPassesOverNothingThatIsNotDone) {
  for (const auto& script :
       {TimelineScript::happy(), TimelineScript::declined(), TimelineScript::cancelled(), TimelineScript::expired(),
        TimelineScript::delivered(), TimelineScript::order_cancelled(), TimelineScript::trained(),
        TimelineScript::training_cancelled()})
    for (std::size_t count = 0; count <= script.records().size(); ++count) {
      const auto summary = script.fold(count);
      const auto cursor = cursor_of(summary);
      EXPECT_EQ(cursor.turned, summary.turned);
      Cursor passed{.kind = summary.kind};
      if (summary.turned)
        passed = turn_back({.kind = cursor.kind, .turned = {}, .index = cursor.reached}, *summary.turned);
      for (; passed.index < cursor.index; passed = next_step(passed)) {
        const auto command = *command_at(passed);
        EXPECT_THAT(step_lines(summary), testing::Contains(label(command) + " done"));
      }
    }
}

}  // namespace
}  // namespace sugang
