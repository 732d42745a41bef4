#include "sagas/advance.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sagas/table.hpp"
#include "tests/domain/timeline_script.hpp"

namespace sugang {
namespace {

constexpr CourseKind kinds[] = {CourseKind::lecture, CourseKind::performance, CourseKind::product,
                                CourseKind::training};
constexpr TurnCause causes[] = {TurnCause::declined, TurnCause::expired, TurnCause::cancelled};
constexpr StepEnd ends[] = {StepEnd::done, StepEnd::refused, StepEnd::unknown};

constexpr Causation hold{Step::hold_seats, Direction::act}, pay{Step::take_payment, Direction::act},
    take{Step::take_seats, Direction::act}, confirm{Step::confirm, Direction::act},
    release{Step::hold_seats, Direction::undo}, refund{Step::take_payment, Direction::undo};

using testing::ElementsAre;

// By these names, since a test has a Run of its own.
const Next run{sugang::Run{}}, finish{Finish{}};

Cursor at(Step step, CourseKind kind = CourseKind::lecture) {
  Cursor cursor{.kind = kind};
  while (command_at(cursor)->step != step) ++cursor.index;
  return cursor;
}

/// The way back from the end of the way forward, where everything has been done.
Cursor all_the_way_back(CourseKind kind, TurnCause cause, std::size_t index = 0) {
  return {.kind = kind, .turned = cause, .index = index, .reached = way_forward(kind).size()};
}

/// The labels of the commands from the cursor to its end, each done.
std::vector<std::string> way_from(Cursor cursor) {
  std::vector<std::string> labels;
  for (; command_at(cursor); cursor = advance(cursor, StepEnd::done).cursor)
    labels.emplace_back(step_label(command_at(cursor)->step, command_at(cursor)->direction));
  return labels;
}

bool is_behind_no_return(const Cursor& cursor) {
  const auto way = way_forward(cursor.kind);
  for (std::size_t i = 0; i <= cursor.index && i < way.size(); ++i)
    if (way[i].after) return true;
  return false;
}

Cursor any_cursor() {
  Cursor cursor{.kind = *rc::gen::elementOf(std::vector(std::begin(kinds), std::end(kinds)))};
  for (auto steps = *rc::gen::inRange<std::size_t>(0, 12); steps > 0 && command_at(cursor); --steps)
    cursor = advance(cursor, StepEnd::done).cursor;
  if (*rc::gen::arbitrary<bool>()) return cursor;
  cursor = turn_round(cursor, *rc::gen::elementOf(std::vector(std::begin(causes), std::end(causes))));
  for (auto steps = *rc::gen::inRange<std::size_t>(0, 9); steps > 0 && command_at(cursor); --steps)
    cursor = advance(cursor, StepEnd::done).cursor;
  return cursor;
}

StepEnd any_end() { return *rc::gen::elementOf(std::vector(std::begin(ends), std::end(ends))); }

TEST(Advance, GoesForwardThroughTheKindsTable) {
  for (auto kind : kinds) {
    std::vector<std::string> labels;
    for (const auto& step : way_forward(kind)) labels.emplace_back(to_text(step.step));
    EXPECT_EQ(way_from({.kind = kind}), labels) << to_text(kind);
  }
}

TEST(TurnRound, UndoesAllThatTheKindMayHaveDone) {
  EXPECT_THAT(way_from(all_the_way_back(CourseKind::lecture, TurnCause::cancelled)),
              ElementsAre("mark_cancel_requested", "release_seats", "refund_payment", "mark_cancelled"));
  EXPECT_THAT(way_from(turn_round(at(Step::start_delivery, CourseKind::product), TurnCause::cancelled)),
              ElementsAre("mark_cancel_requested", "cancel_delivery", "release_seats", "release_stock",
                          "refund_payment", "mark_cancelled"));
  EXPECT_THAT(way_from(turn_round(at(Step::record_result, CourseKind::training), TurnCause::cancelled)),
              ElementsAre("mark_cancel_requested", "release_seats", "release_coaching", "release_slot",
                          "refund_payment", "mark_cancelled"));
}

TEST(TurnRound, UndoesTheStepThatItStandsBeforeSinceThatMayHaveBeenBegun) {
  EXPECT_THAT(way_from(turn_round(at(Step::hold_seats), TurnCause::expired)),
              ElementsAre("release_seats", "mark_expired"));
  EXPECT_THAT(way_from(turn_round(at(Step::take_payment), TurnCause::declined)),
              ElementsAre("release_seats", "refund_payment", "mark_rejected"));
  EXPECT_THAT(way_from(turn_round(at(Step::book_slot, CourseKind::training), TurnCause::expired)),
              ElementsAre("release_seats", "release_coaching", "release_slot", "refund_payment", "mark_expired"));
}

// For every kind, every cause and every place to turn at: each step that may have been begun and leaves something
// behind is undone, and nothing else is.
TEST(TurnRound, UndoesExactlyWhatMayHaveBeenBegun) {
  for (auto kind : kinds)
    for (auto cause : causes)
      for (std::size_t index = 0; index <= way_forward(kind).size(); ++index) {
        SCOPED_TRACE(testing::Message() << to_text(kind) << ", " << to_text(cause) << " at " << index);
        const auto labels = way_from(turn_round({.kind = kind, .index = index}, cause));
        for (const auto& undo : way_back(cause)) {
          const auto place = place_of(kind, undo.step);
          const bool begun = place && *place <= index;
          const auto label = std::string{step_label(undo.step, undo.direction)};
          EXPECT_EQ(std::count(labels.begin(), labels.end(), label),
                    begun || undo.direction == Direction::act ? 1 : 0)
              << label;
        }
      }
}

TEST(Advance, TurnsRoundWhenRefusedBeforeThePointOfNoReturn) {
  for (auto step : {Step::hold_seats, Step::take_payment}) {
    const auto [moved, next] = advance(at(step), StepEnd::refused);
    EXPECT_EQ(next, Next{TurnRound{TurnCause::declined}});
    EXPECT_EQ(moved, turn_round(at(step), TurnCause::declined));
  }
}

TEST(Advance, GetsStuckWhenRefusedBehindThePointOfNoReturn) {
  for (auto step : {Step::take_seats, Step::confirm}) {
    const auto [moved, next] = advance(at(step), StepEnd::refused);
    EXPECT_EQ(next, Next{GetStuck{}});
    EXPECT_EQ(moved, at(step));
  }
}

TEST(Advance, GetsStuckWhenRefusedOnTheWayBack) {
  for (auto kind : kinds)
    for (auto cause : causes)
      for (std::size_t index = 0; index < way_back(cause).size(); ++index) {
        const auto cursor = all_the_way_back(kind, cause, index);
        const auto [moved, next] = advance(cursor, StepEnd::refused);
        EXPECT_EQ(next, Next{GetStuck{}});
        EXPECT_EQ(moved, cursor);
      }
}

RC_GTEST_PROP(Advance, AsksAgainWhereNobodyKnows, ()) {
  const auto cursor = any_cursor();
  const auto [moved, next] = advance(cursor, StepEnd::unknown);
  RC_ASSERT(moved == cursor);
  RC_ASSERT(next == Next{RunAgainLater{}});
}

RC_GTEST_PROP(Advance, AlwaysSaysSomethingThatCanBeDone, ()) {
  const auto cursor = any_cursor();
  const auto [moved, next] = advance(cursor, any_end());
  if (next == run) RC_ASSERT(command_at(moved).has_value());
  if (next == finish) RC_ASSERT(!command_at(moved));
  if (std::holds_alternative<TurnRound>(next)) {
    RC_ASSERT(!cursor.turned);
    RC_ASSERT(moved == turn_round(cursor, TurnCause::declined));
  }
}

RC_GTEST_PROP(Invariant13, AnySequenceOfRepliesEndsOrWaits, ()) {
  auto cursor = any_cursor();
  RC_PRE(command_at(cursor).has_value());
  const auto room = way_forward(cursor.kind).size() + way_back(TurnCause::cancelled).size();
  std::size_t steps_done = 0;
  bool ended = false;
  for (int reply = 0; reply < 200 && !ended; ++reply) {
    const auto end = any_end();
    const auto before = cursor;
    const auto [moved, next] = advance(cursor, end);
    cursor = moved;
    steps_done += end == StepEnd::done;
    RC_ASSERT(steps_done <= room);
    // Only unknown answers leave it where it was without an end.
    if (std::holds_alternative<RunAgainLater>(next)) RC_ASSERT(moved == before && end == StepEnd::unknown);
    ended = next == finish || std::holds_alternative<GetStuck>(next);
  }
  if (!ended) RC_ASSERT(command_at(cursor).has_value());
}

RC_GTEST_PROP(Advance, NeverUndoesBehindThePointOfNoReturn, ()) {
  Cursor cursor{.kind = *rc::gen::elementOf(std::vector(std::begin(kinds), std::end(kinds)))};
  bool passed = false;
  for (int reply = 0; reply < 30 && command_at(cursor); ++reply) {
    passed = passed || (!cursor.turned && is_behind_no_return(cursor));
    if (passed) RC_ASSERT(!cursor.turned && command_at(cursor)->direction == Direction::act);
    cursor = advance(cursor, any_end()).cursor;
  }
}

TEST(CancelAt, IsTheStepsWordAndOnceItIsCompletedANo) {
  for (auto kind : kinds)
    for (std::size_t index = 0; index < way_forward(kind).size(); ++index)
      EXPECT_EQ(cancel_at({.kind = kind, .index = index}), way_forward(kind)[index].cancel);
  const auto at_the_end = [](CourseKind kind) {
    return cancel_at({.kind = kind, .index = way_forward(kind).size()});
  };
  EXPECT_EQ(at_the_end(CourseKind::lecture), Cancel::turns);
  EXPECT_EQ(at_the_end(CourseKind::performance), Cancel::turns);
  EXPECT_EQ(at_the_end(CourseKind::product), Cancel::refused);
  EXPECT_EQ(at_the_end(CourseKind::training), Cancel::refused);
}

TEST(CancelAt, NeverTurnsASagaTwice) {
  for (auto kind : kinds)
    for (auto cause : causes)
      for (std::size_t index = 0; index <= way_back(cause).size(); ++index)
        EXPECT_EQ(cancel_at(all_the_way_back(kind, cause, index)), Cancel::waits);
}

// --- after a crash
// ------------------------------------------------------------------------------------------------

TEST(CursorOf, ATimelineThatGoesWellIsTheFirstStepNotDone) {
  const auto script = TimelineScript::happy();
  // request, saga.started, seats-held, payment.requested, payment.approved, seats-taken, confirmed, completed
  const std::vector<std::optional<Causation>> next{hold, hold, hold, pay, pay, take, confirm, {}, {}};
  ASSERT_EQ(next.size(), script.records().size() + 1);
  for (std::size_t count = 0; count < next.size(); ++count)
    EXPECT_EQ(command_at(cursor_of(script.fold(count))), next[count]) << "after " << count;
}

TEST(CursorOf, ADeclinedTimelineStaysWithThePaymentUntilItTurns) {
  auto script = TimelineScript{}.born().charge_requested().on_payment(PaymentDeclined{"no funds"});
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
  auto script = TimelineScript{}.born().charge_requested().charge_approved();
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
      auto passed = first_step(summary);
      if (summary.turned) passed = turn_round({.kind = cursor.kind, .index = cursor.reached}, *summary.turned);
      for (; passed.index < cursor.index; passed = advance(passed, StepEnd::done).cursor) {
        const auto command = *command_at(passed);
        const auto label = std::string{step_label(command.step, command.direction)};
        EXPECT_THAT(step_lines(summary), testing::Contains(label + " done"));
      }
    }
}

}  // namespace
}  // namespace sugang
