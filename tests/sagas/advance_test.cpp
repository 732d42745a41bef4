#include "sagas/advance.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "sagas/table.hpp"
#include "tests/domain/timeline_script.hpp"

namespace sugang {
namespace {

constexpr CourseKind kinds[] = {CourseKind::lecture, CourseKind::performance};
constexpr TurnCause causes[] = {TurnCause::declined, TurnCause::expired, TurnCause::cancelled};
constexpr StepEnd ends[] = {StepEnd::done, StepEnd::refused, StepEnd::unknown};

constexpr Causation hold{Step::hold_seats, Direction::act}, pay{Step::take_payment, Direction::act},
    take{Step::take_seats, Direction::act}, confirm{Step::confirm, Direction::act},
    release{Step::hold_seats, Direction::undo}, refund{Step::take_payment, Direction::undo};

// By these names, since a test has a Run of its own.
const Next run{sugang::Run{}}, finish{Finish{}};

Cursor at(Step step) {
  Cursor cursor;
  while (command_at(cursor)->step != step) ++cursor.index;
  return cursor;
}

Cursor back(TurnCause cause, std::size_t index = 0) { return {CourseKind::lecture, cause, index}; }

bool is_behind_no_return(const Cursor& cursor) {
  const auto way = way_forward(cursor.kind);
  for (std::size_t i = 0; i <= cursor.index && i < way.size(); ++i)
    if (way[i].after) return true;
  return false;
}

Cursor any_cursor() {
  Cursor cursor{.kind = *rc::gen::elementOf(std::vector(std::begin(kinds), std::end(kinds)))};
  if (*rc::gen::arbitrary<bool>())
    cursor.turned = *rc::gen::elementOf(std::vector(std::begin(causes), std::end(causes)));
  cursor.index = *rc::gen::inRange<std::size_t>(0, 6);
  return cursor;
}

StepEnd any_end() { return *rc::gen::elementOf(std::vector(std::begin(ends), std::end(ends))); }

TEST(CommandAt, IsTheTablesStepByStep) {
  EXPECT_EQ(command_at({CourseKind::lecture, {}, 0}), hold);
  EXPECT_EQ(command_at({CourseKind::lecture, {}, 1}), pay);
  EXPECT_EQ(command_at({CourseKind::lecture, {}, 2}), take);
  EXPECT_EQ(command_at({CourseKind::lecture, {}, 3}), confirm);
  EXPECT_EQ(command_at({CourseKind::lecture, {}, 4}), std::nullopt);
  EXPECT_EQ(command_at(back(TurnCause::cancelled, 1)), release);
  EXPECT_EQ(command_at(back(TurnCause::cancelled, 2)), refund);
  EXPECT_EQ(command_at(back(TurnCause::cancelled, 4)), std::nullopt);
}

TEST(Advance, GoesOnToTheEndWhenEveryStepIsDone) {
  Cursor cursor;
  for (auto expected : {hold, pay, take, confirm}) {
    ASSERT_EQ(command_at(cursor), expected);
    const auto [moved, next] = advance(cursor, StepEnd::done);
    EXPECT_EQ(next, expected == confirm ? finish : run);
    cursor = moved;
  }
  EXPECT_EQ(command_at(cursor), std::nullopt);
}

TEST(Advance, TurnsRoundWhenRefusedBeforeThePointOfNoReturn) {
  for (auto step : {Step::hold_seats, Step::take_payment}) {
    const auto [moved, next] = advance(at(step), StepEnd::refused);
    EXPECT_EQ(next, Next{TurnRound{TurnCause::declined}});
    EXPECT_EQ(moved, back(TurnCause::declined));
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
  for (auto cause : causes)
    for (std::size_t index = 0; index < way_back(cause).size(); ++index) {
      const auto [moved, next] = advance(back(cause, index), StepEnd::refused);
      EXPECT_EQ(next, Next{GetStuck{}});
      EXPECT_EQ(moved, back(cause, index));
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

TEST(MayTurn, IsBeforeThePointOfNoReturnOrAtTheEnd) {
  EXPECT_TRUE(may_turn(at(Step::hold_seats)));
  EXPECT_TRUE(may_turn(at(Step::take_payment)));
  EXPECT_FALSE(may_turn(at(Step::take_seats)));
  EXPECT_FALSE(may_turn(at(Step::confirm)));
  EXPECT_TRUE(may_turn(advance(at(Step::confirm), StepEnd::done).cursor));
}

TEST(MayTurn, IsNeverTwice) {
  for (auto cause : causes)
    for (std::size_t index = 0; index <= way_back(cause).size(); ++index)
      EXPECT_FALSE(may_turn(back(cause, index)));
}

TEST(TurnRound, BeginsTheWayBackOfItsCause) {
  EXPECT_EQ(command_at(turn_round(at(Step::take_payment), TurnCause::expired)), release);
  EXPECT_EQ(command_at(turn_round({CourseKind::lecture, {}, 4}, TurnCause::cancelled)),
            (Causation{Step::mark_cancel_requested, Direction::act}));
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
  for (const auto& script : {TimelineScript::happy(), TimelineScript::declined(), TimelineScript::cancelled(),
                             TimelineScript::expired()})
    for (std::size_t count = 0; count <= script.records().size(); ++count) {
      const auto summary = script.fold(count);
      const auto cursor = cursor_of(summary);
      EXPECT_EQ(cursor.turned, summary.turned);
      for (Cursor passed{summary.kind, summary.turned, 0}; passed.index < cursor.index; ++passed.index) {
        const auto command = *command_at(passed);
        const auto label = std::string{step_label(command.step, command.direction)};
        EXPECT_THAT(step_lines(summary), testing::Contains(label + " done"));
      }
    }
}

}  // namespace
}  // namespace sugang
