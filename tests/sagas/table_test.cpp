#include "sagas/table.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace sugang {
namespace {

using testing::ElementsAre;

constexpr CourseKind kinds[] = {CourseKind::lecture, CourseKind::performance};
constexpr TurnCause causes[] = {TurnCause::declined, TurnCause::expired, TurnCause::cancelled};

/// A way forward as the design writes it: `step (undo)`, and ‖ before the point of no return.
std::vector<std::string> forward(CourseKind kind) {
  std::vector<std::string> lines;
  for (const auto& step : way_forward(kind)) {
    if (step.after) lines.push_back("‖");
    auto line = std::string{step_label(step.step, Direction::act)};
    if (step.undoable) line += " (" + std::string{step_label(step.step, Direction::undo)} + ")";
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> back(TurnCause cause) {
  std::vector<std::string> lines;
  for (const auto& step : way_back(cause)) lines.emplace_back(step_label(step.step, step.direction));
  return lines;
}

TEST(LectureTable, HoldsSeatsTakesPaymentTakesSeatsAndConfirms) {
  EXPECT_THAT(
      forward(CourseKind::lecture),
      ElementsAre("hold_seats (release_seats)", "take_payment (refund_payment)", "‖", "take_seats", "confirm"));
}

TEST(PerformanceTable, IsTheLecturesOne) {
  EXPECT_EQ(forward(CourseKind::performance), forward(CourseKind::lecture));
}

TEST(CancelTable, MarksThenReturnsSeatsThenMoneyThenMarks) {
  EXPECT_THAT(back(TurnCause::cancelled),
              ElementsAre("mark_cancel_requested", "release_seats", "refund_payment", "mark_cancelled"));
}

TEST(DeclineAndExpiryTables, EndWithTheirOwnMark) {
  EXPECT_THAT(back(TurnCause::declined), ElementsAre("release_seats", "refund_payment", "mark_rejected"));
  EXPECT_THAT(back(TurnCause::expired), ElementsAre("release_seats", "refund_payment", "mark_expired"));
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

TEST(EveryTable, HasNothingUndoableBehindThePointOfNoReturn) {
  for (auto kind : kinds) {
    bool behind = false;
    for (const auto& step : way_forward(kind)) {
      behind = behind || step.after.has_value();
      EXPECT_EQ(step.undoable, !behind) << to_text(step.step);
    }
  }
}

TEST(EveryWayBack, UndoesEveryUndoableStepOnce) {
  for (auto kind : kinds)
    for (const auto& step : way_forward(kind))
      for (auto cause : causes) {
        auto way = way_back(cause);
        const auto undone = std::count_if(way.begin(), way.end(), [&](const UndoStep& undo) {
          return undo.step == step.step && undo.direction == Direction::undo;
        });
        EXPECT_EQ(undone, step.undoable ? 1 : 0) << to_text(cause) << ", " << to_text(step.step);
      }
}

TEST(EveryWayBack, ReturnsSeatsBeforeMoney) {
  for (auto cause : causes) {
    const auto lines = back(cause);
    EXPECT_LT(std::find(lines.begin(), lines.end(), "release_seats"),
              std::find(lines.begin(), lines.end(), "refund_payment"))
        << to_text(cause);
  }
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

}  // namespace
}  // namespace sugang
