#include <gtest/gtest.h>

#include <algorithm>

#include "domain/timeline.hpp"
#include "tests/domain/timeline_script.hpp"

namespace sugang {
namespace {

using testing::ElementsAre;
using State = EnrollmentState;

std::vector<State> states_of(const TimelineScript& script) {
  std::vector<State> states;
  for (std::size_t count = 0; count <= script.records().size(); ++count) {
    const auto state = script.fold(count).state;
    if (states.empty() || states.back() != state) states.push_back(state);
  }
  return states;
}
std::string line_of(const EnrollmentSummary& summary, std::string_view step) {
  for (const auto& line : step_lines(summary))
    if (line.starts_with(step)) return line;
  return "";
}

TEST(TimelineOfAnOrder, EndsCompletedOnceItIsDelivered) {
  const auto script = TimelineScript::delivered();
  EXPECT_THAT(states_of(script), ElementsAre(State::none, State::requested, State::seats_held,
                                             State::payment_pending, State::confirmed, State::completed));
  const auto summary = script.fold();
  EXPECT_THAT(step_lines(summary),
              ElementsAre("request done", "hold_seats done", "take_payment done", "prepare_stock done",
                          "take_seats done", "confirm done", "request_delivery done", "start_delivery done",
                          "complete_delivery done", "complete done"));
  EXPECT_EQ(summary.stock, StockState::prepared);
  EXPECT_EQ(summary.delivery, DeliveryState::completed);
  EXPECT_EQ(summary.mileage, TimelineScript::points);
  EXPECT_EQ(summary.mileage_earned, TimelineScript::points);
  EXPECT_TRUE(summary.ended());
}

TEST(TimelineOfAnOrder, WaitsForTheCourier) {
  const auto summary = TimelineScript::ordered().fold();
  EXPECT_EQ(summary.saga, SagaState::waiting);
  EXPECT_EQ(summary.awaits, Step::start_delivery);
  EXPECT_EQ(summary.deadline, noon + std::chrono::hours{24});
  const auto started = TimelineScript::ordered().on_delivery(DeliveryStarted{}, Step::start_delivery).fold();
  EXPECT_EQ(started.saga, SagaState::running);
  EXPECT_EQ(started.awaits, Step::none);
}

TEST(TimelineOfAnOrder, CancelledUndoesDeliverySeatsStockAndMoneyInThisOrder) {
  const auto summary = TimelineScript::order_cancelled().fold();
  const auto lines = step_lines(summary);
  const auto marked = std::find(lines.begin(), lines.end(), "mark_cancel_requested done");
  EXPECT_THAT((std::vector<std::string>{marked, lines.end()}),
              ElementsAre("mark_cancel_requested done", "cancel_delivery done", "release_seats done",
                          "release_stock done", "refund_payment done", "mark_cancelled done"));
  EXPECT_EQ(summary.mileage_earned, 0);
  EXPECT_EQ(summary.stock, StockState::released);
  EXPECT_EQ(summary.delivery, DeliveryState::cancelled);
}

TEST(TimelineOfATraining, WaitsForAnInstructorThenForAScheduleAndEndsWithTheResult) {
  const auto script = TimelineScript::trained();
  EXPECT_THAT(states_of(script), ElementsAre(State::none, State::requested, State::seats_held,
                                             State::payment_pending, State::awaiting_instructor,
                                             State::awaiting_schedule, State::confirmed, State::completed));
  const auto summary = script.fold();
  ASSERT_TRUE(summary.coaching);
  EXPECT_EQ(summary.coaching->state, CoachingState::result_recorded);
  EXPECT_EQ(summary.coaching->instructor, InstructorId{"kim"});
  EXPECT_EQ(summary.coaching->slot, TimelineScript::slot);
  EXPECT_EQ(summary.coaching->result, "runs 5 km");
  EXPECT_EQ(summary.booked, TimelineScript::slot);
}

TEST(TimelineOfATraining, ShowsTheInstructorPendingUntilOneIsAssigned) {
  auto script = TimelineScript{}.created(CourseKind::training).charge_requested().charge_approved();
  script.on_coaching(CoachingRequested{}, Step::assign_instructor);
  script.on_saga(SagaWaits{Step::assign_instructor, noon + std::chrono::hours{48}});
  EXPECT_EQ(line_of(script.fold(), "assign_instructor"), "assign_instructor pending");
  EXPECT_EQ(script.fold().saga, SagaState::waiting);
  script.on_coaching(CoachingAssigned{{"kim"}}, Step::assign_instructor);
  EXPECT_EQ(line_of(script.fold(), "assign_instructor"), "assign_instructor done");
  EXPECT_EQ(script.fold().saga, SagaState::running);
}

TEST(TimelineOfATraining, WithoutAnInstructorShowsThatNoneWillCome) {
  auto script = TimelineScript{}.created(CourseKind::training).charge_requested().charge_approved();
  script.on_coaching(CoachingRequested{}, Step::assign_instructor).turned(TurnCause::expired, "late").seats_back();
  script.on_coaching(CoachingReleased{}, Step::assign_instructor, Direction::undo);
  EXPECT_EQ(line_of(script.fold(), "assign_instructor"), "assign_instructor failed");
  EXPECT_EQ(line_of(script.fold(), "release_coaching"), "release_coaching done");
}

TEST(TimelineOfATraining, CancelledHasNeitherCoachingNorSlotLeft) {
  const auto summary = TimelineScript::training_cancelled().fold();
  EXPECT_EQ(summary.coaching->state, CoachingState::released);
  EXPECT_EQ(summary.booked, std::nullopt);
  EXPECT_EQ(summary.mileage_earned, 0);
  EXPECT_EQ(line_of(summary, "assign_instructor"), "assign_instructor done") << "what was done stays shown as done";
  EXPECT_EQ(line_of(summary, "release_slot"), "release_slot done");
}

TimelineScript waiting() {
  TimelineScript script;
  return script.requested().on_course(SeatsWaitlisted{script.id, {"ann"}, 2, 7}, Step::hold_seats);
}

TEST(TimelineOnTheWaitlist, WaitsUntilItIsPromoted) {
  auto script = waiting();
  EXPECT_EQ(script.fold().state, State::waitlisted);
  EXPECT_EQ(script.fold().ticket, 7u);
  EXPECT_EQ(line_of(script.fold(), "hold_seats"), "hold_seats pending");
  script.on_course(WaiterPromoted{script.id, 2}, Step::hold_seats);
  EXPECT_EQ(script.fold().state, State::seats_held);
  EXPECT_EQ(script.fold().ticket, std::nullopt);
  EXPECT_TRUE(script.fold().promoted);
  EXPECT_EQ(line_of(script.fold(), "hold_seats"), "hold_seats done");
  script.charge_requested().charge_approved().confirmed();
  EXPECT_THAT(states_of(script), ElementsAre(State::none, State::requested, State::waitlisted, State::seats_held,
                                             State::payment_pending, State::confirmed));
}

TEST(TimelineOnTheWaitlist, ThatLeavesShowsThatTheSeatsWillNotCome) {
  auto script = waiting().turned(TurnCause::cancelled, "bored");
  script.on_course(WaiterLeft{script.id}, Step::hold_seats, Direction::undo);
  EXPECT_EQ(script.fold().ticket, std::nullopt);
  EXPECT_EQ(line_of(script.fold(), "hold_seats"), "hold_seats failed");
  EXPECT_EQ(line_of(script.fold(), "release_seats"), "release_seats done");
}

TEST(TimelineOnTheWaitlist, OfACourseThatClosedShowsThatTheSeatsWillNotCome) {
  auto script = waiting();
  script.on_course(WaiterDismissed{script.id}, Step::hold_seats);
  EXPECT_EQ(script.fold().ticket, std::nullopt);
  EXPECT_EQ(line_of(script.fold(), "hold_seats"), "hold_seats failed");
}

TEST(Summary, OfAStuckSagaGoesOnWhenItIsOperated) {
  auto script = TimelineScript::happy().turned(TurnCause::cancelled, "ill").seats_back();
  script.on_payment(RefundRequested{}, Direction::undo);
  script.on_saga(SagaStepFailed{Step::take_payment, Direction::undo, 9, "timeout"});
  script.on_saga(SagaStuck{Step::take_payment, Direction::undo, "timeout"});
  script.on_saga(SagaOperated{OperatorAction::retry, Step::take_payment, Direction::undo, "the bank is back"});
  EXPECT_EQ(script.fold().saga, SagaState::compensating);
  EXPECT_EQ(script.fold().attempts, 0u);
}

TEST(TimelineOfAnEnrollment, OfAnyKindMovesOnlyAsTheStatesAllow) {
  for (const auto& script : {TimelineScript::delivered(), TimelineScript::order_cancelled(),
                             TimelineScript::trained(), TimelineScript::training_cancelled()})
    for (std::size_t count = 0; count < script.records().size(); ++count) {
      const auto from = script.fold(count).state, to = script.fold(count + 1).state;
      EXPECT_TRUE(is_legal_move(from, to)) << to_text(from) << " → " << to_text(to) << " at " << count;
    }
}

TEST(Summary, HasTheMileageOfThePaymentFromItsApprovalUntilItsRefundIsRequested) {
  auto script = TimelineScript{}.created(CourseKind::training).charge_requested();
  EXPECT_EQ(script.fold().mileage_earned, 0);
  EXPECT_EQ(script.charge_approved().fold().mileage_earned, TimelineScript::points);
  EXPECT_EQ(script.fold().payment_so_far().mileage_earned, TimelineScript::points);
  script.turned(TurnCause::cancelled, "ill").on_payment(RefundRequested{TimelineScript::points}, Direction::undo);
  EXPECT_EQ(script.fold().mileage_earned, 0);
}

TEST(Summary, OfAChargeThatProvesApprovedAfterItWasGivenUpHasNoMileage) {
  auto script = TimelineScript{}.created().charge_requested().turned(TurnCause::expired, "late");
  script.on_payment(PaymentVoidRequested{}, Direction::undo).on_payment(PaymentApproved{}, Direction::undo);
  EXPECT_EQ(script.fold().mileage_earned, 0);
  EXPECT_EQ(script.fold().mileage, TimelineScript::points);
}

TEST(StepLabel, NamesEveryUndoOfItsOwn) {
  const std::pair<Step, std::string_view> undos[] = {
      {Step::prepare_stock, "release_stock"},
      {Step::request_delivery, "cancel_delivery"},
      {Step::assign_instructor, "release_coaching"},
      {Step::book_slot, "release_slot"},
  };
  for (const auto& [step, label] : undos) {
    EXPECT_EQ(step_label(step, Direction::undo), label);
    EXPECT_EQ(step_label(step, Direction::act), to_text(step));
  }
}

}  // namespace
}  // namespace sugang
