#include "domain/timeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/domain/timeline_script.hpp"

namespace sugang {
namespace {

using testing::ElementsAre;
using State = EnrollmentState;

/// The states a reader passes through, each once.
std::vector<State> states_of(const TimelineScript& script) {
  std::vector<State> states;
  for (std::size_t count = 0; count <= script.records().size(); ++count) {
    const auto state = script.fold(count).state;
    if (states.empty() || states.back() != state) states.push_back(state);
  }
  return states;
}

TEST(TimelineOfAnEnrollment, OfOneThatWentWellEndsConfirmed) {
  const auto script = TimelineScript::happy();
  EXPECT_THAT(states_of(script), ElementsAre(State::none, State::requested, State::seats_held,
                                             State::payment_pending, State::confirmed));
  const auto summary = script.fold();
  EXPECT_THAT(step_lines(summary), ElementsAre("request done", "hold_seats done", "take_payment done",
                                               "take_seats done", "confirm done"));
  EXPECT_EQ(summary.payment, PaymentState::approved);
  EXPECT_EQ(summary.saga, SagaState::completed);
  EXPECT_EQ(summary.turned, std::nullopt);
  EXPECT_TRUE(summary.ended());
}

TEST(TimelineOfAnEnrollment, OfADeclinedChargeEndsRejectedWithTheReason) {
  const auto script = TimelineScript::declined();
  EXPECT_THAT(states_of(script), ElementsAre(State::none, State::requested, State::seats_held,
                                             State::payment_pending, State::rejected));
  const auto summary = script.fold();
  EXPECT_THAT(step_lines(summary), ElementsAre("request done", "hold_seats done", "take_payment failed",
                                               "release_seats done", "mark_rejected done"));
  EXPECT_EQ(summary.reason, "no funds");
  EXPECT_EQ(summary.payment, PaymentState::declined);
  EXPECT_EQ(summary.saga, SagaState::compensated);
  EXPECT_EQ(summary.turned, TurnCause::declined);
}

TEST(TimelineOfAnEnrollment, OfACancelledOneShowsSeatsGoingBackBeforeTheMoney) {
  const auto script = TimelineScript::cancelled();
  EXPECT_THAT(states_of(script),
              ElementsAre(State::none, State::requested, State::seats_held, State::payment_pending,
                          State::confirmed, State::cancel_requested, State::cancelled));
  const auto summary = script.fold();
  EXPECT_THAT(step_lines(summary), ElementsAre("request done", "hold_seats done", "take_payment done",
                                               "take_seats done", "confirm done", "mark_cancel_requested done",
                                               "release_seats done", "refund_payment done", "mark_cancelled done"));
  EXPECT_EQ(summary.reason, "ill");
  EXPECT_EQ(summary.payment, PaymentState::refunded);
  EXPECT_EQ(summary.saga, SagaState::compensated);
}

TEST(TimelineOfAnEnrollment, OfOneWithoutAnAnswerEndsExpired) {
  const auto script = TimelineScript::expired();
  EXPECT_THAT(states_of(script), ElementsAre(State::none, State::requested, State::seats_held,
                                             State::payment_pending, State::expired));
  const auto summary = script.fold();
  EXPECT_THAT(step_lines(summary), ElementsAre("request done", "hold_seats done", "take_payment failed",
                                               "release_seats done", "refund_payment done", "mark_expired done"));
  EXPECT_EQ(summary.payment, PaymentState::voided);
  EXPECT_EQ(summary.turned, TurnCause::expired);
}

TEST(TimelineOfAnEnrollment, OfAFreeCourseNeverWaitsForMoney) {
  auto script = TimelineScript{}.created();
  script.on_payment(PaymentRequested{}).on_payment(PaymentApproved{}).confirmed();
  EXPECT_EQ(script.fold().state, State::confirmed);
  EXPECT_EQ(script.fold().payment, PaymentState::approved);
}

TEST(TimelineOfAnEnrollment, OfAVoidedChargeThatProvesApprovedShowsTheRefund) {
  auto script = TimelineScript{}.created().charge_requested().turned(TurnCause::cancelled, "ill");
  script.on_enrollment(CancelRequested{"ill"}, Step::mark_cancel_requested).seats_back();
  script.on_payment(PaymentVoidRequested{}, Direction::undo);
  EXPECT_EQ(script.fold().payment, PaymentState::void_requested);
  script.on_payment(PaymentApproved{}, Direction::undo).on_payment(RefundRequested{}, Direction::undo);
  EXPECT_EQ(script.fold().payment, PaymentState::refund_requested);
  EXPECT_EQ(step_lines(script.fold()).back(), "refund_payment pending");
  script.on_payment(PaymentRefunded{}, Direction::undo);
  EXPECT_EQ(step_lines(script.fold()).back(), "refund_payment done");
}

TEST(TimelineOfAnEnrollment, MovesOnlyAsTheStatesAllow) {
  for (const auto& script : {TimelineScript::happy(), TimelineScript::declined(), TimelineScript::cancelled(),
                             TimelineScript::expired()})
    for (std::size_t count = 0; count < script.records().size(); ++count) {
      const auto from = script.fold(count).state, to = script.fold(count + 1).state;
      EXPECT_TRUE(is_legal_move(from, to)) << to_text(from) << " → " << to_text(to) << " at " << count;
    }
}

TEST(Summary, KeepsWhatWasAsked) {
  const auto script = TimelineScript::happy();
  const auto summary = script.fold();
  EXPECT_EQ(summary.id, script.id);
  EXPECT_EQ(summary.course, script.course);
  EXPECT_EQ(summary.student, StudentId{"ann"});
  EXPECT_EQ(summary.seats, 2u);
  EXPECT_EQ(summary.amount.amount, 24'000);
  EXPECT_EQ(summary.kind, CourseKind::lecture);
  EXPECT_EQ(summary.deadline, noon + std::chrono::minutes{10});
}

TEST(Summary, VersionCountsEventsAndPositionIsTheLastOnes) {
  const auto script = TimelineScript::cancelled();
  EXPECT_EQ(script.fold(0).version, 0u);
  for (std::size_t count = 1; count <= script.records().size(); ++count) {
    const auto summary = script.fold(count);
    EXPECT_EQ(summary.version, count);
    EXPECT_EQ(summary.position, script.records()[count - 1].position);
    EXPECT_EQ(summary.updated_at, script.records()[count - 1].time);
    EXPECT_EQ(summary.requested_at, script.records()[0].time);
  }
}

TEST(Summary, IsUpdatedAtItsNewestEventInWhateverOrderItIsFolded) {
  auto records = TimelineScript::happy().records();
  const auto in_order = TimelineScript::happy().fold();
  const auto payment = std::find_if(records.begin(), records.end(), [](const Record& record) {
    return record.aggregate.kind == AggregateKind::payment;
  });
  std::rotate(payment, std::next(payment), records.end());
  EnrollmentSummary summary;
  for (const auto& record : records) apply(summary, record);
  EXPECT_EQ(summary.updated_at, in_order.updated_at);
  EXPECT_EQ(summary.position, in_order.position);
}

TEST(Summary, FoldsWhatHasNoPositionYetAndKeepsTheOneThatWasRead) {
  const auto in_order = TimelineScript::happy().fold();
  auto records = TimelineScript::happy().records();
  const auto last_read = records[2].position;
  EnrollmentSummary summary;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i > 2) records[i].position = 0;
    apply(summary, records[i]);
  }
  EXPECT_EQ(summary.position, last_read);
  summary.position = in_order.position;
  EXPECT_EQ(summary, in_order);
}

TEST(Summary, TakesNoNoticeOfTheRequestThatCausedIt) {
  auto script = TimelineScript::happy();
  const auto before = script.fold();
  const RequestId request{Uid{5, 6}};
  script.add(request, RequestEvent{RequestClaimed{Uid{1, 2}, script.id}}, {});
  script.add(request, RequestEvent{RequestAnswered{.status = 201}}, {});
  EXPECT_EQ(script.fold(), before);
}

TEST(Summary, CountsAttemptsAndForgetsThemWhenItTurnsBack) {
  auto script = TimelineScript{}.created().charge_requested();
  script.on_saga(SagaStepFailed{Step::take_payment, Direction::act, 3, "timeout"});
  EXPECT_EQ(script.fold().attempts, 3u);
  EXPECT_EQ(script.fold().last_error, "timeout");
  EXPECT_EQ(script.fold().saga, SagaState::waiting);
  script.turned(TurnCause::expired, "late");
  EXPECT_EQ(script.fold().attempts, 0u);
  EXPECT_EQ(script.fold().last_error, "");
  EXPECT_EQ(script.fold().saga, SagaState::compensating);
}

TEST(Summary, StaysExpiredWhateverTheChargeProvesToBe) {
  auto script = TimelineScript{}.created().charge_requested().turned(TurnCause::expired, "late");
  EXPECT_EQ(script.fold().state, State::payment_pending) << "its seats are still held";
  script.seats_back().on_payment(PaymentVoidRequested{}, Direction::undo);
  script.on_enrollment(EnrollmentExpired{}, Step::mark_expired);
  EXPECT_EQ(script.fold().state, State::expired);
  EXPECT_EQ(script.fold().payment, PaymentState::void_requested);
  EXPECT_FALSE(script.fold().ended());
  script.on_payment(PaymentApproved{}, Direction::undo).on_payment(RefundRequested{}, Direction::undo);
  EXPECT_EQ(script.fold().state, State::expired);
}

TEST(Summary, IsTheSameWhetherAWaitOrTheEndOfItsStepStandsFirst) {
  auto before = TimelineScript::happy().turned(TurnCause::cancelled, "ill");
  before.on_payment(RefundRequested{}, Direction::undo);
  auto after = before;
  before.on_saga(SagaWaits{Step::take_payment, {}}).on_payment(PaymentRefunded{}, Direction::undo);
  after.on_payment(PaymentRefunded{}, Direction::undo).on_saga(SagaWaits{Step::take_payment, {}});
  EXPECT_EQ(before.fold().awaits, Step::none);
  EXPECT_EQ(after.fold().awaits, Step::none);
  EXPECT_EQ(before.fold().saga, SagaState::compensating);
  EXPECT_EQ(after.fold().saga, SagaState::compensating);
}

TEST(Summary, OfAStuckSagaHasTheReasonAndHasNotEnded) {
  auto script = TimelineScript::happy().turned(TurnCause::cancelled, "ill");
  script.on_enrollment(CancelRequested{"ill"}, Step::mark_cancel_requested).seats_back();
  script.on_payment(RefundRequested{}, Direction::undo);
  script.on_saga(SagaStuck{Step::take_payment, Direction::undo, "account closed"});
  const auto summary = script.fold();
  EXPECT_EQ(summary.saga, SagaState::stuck);
  EXPECT_EQ(summary.last_error, "account closed");
  EXPECT_EQ(summary.state, State::cancel_requested);
  EXPECT_FALSE(summary.ended());
}

TEST(Summary, OfASagaThatIsOperatedWhileItsChargeIsUnderWayIsTheSameInEitherOrder) {
  const SagaOperated operated{OperatorAction::retry, Step::take_payment, Direction::act, "the bank is back"};
  const auto operated_last = TimelineScript{}.created().charge_requested().on_saga(operated).fold();
  const auto operated_first = TimelineScript{}.created().on_saga(operated).charge_requested().fold();
  EXPECT_EQ(operated_last.saga, SagaState::waiting);
  EXPECT_EQ(operated_first.saga, SagaState::waiting);
}

TEST(Summary, OfASagaThatWaitsWhileALateApprovalComesIsTheSameInEitherOrder) {
  auto script = TimelineScript{}.created().charge_requested().turned(TurnCause::cancelled, "ill");
  script.on_payment(PaymentVoidRequested{}, Direction::undo);
  const SagaWaits waits{Step::take_payment, {}};
  auto waits_last = script, waits_first = script;
  waits_last.on_payment(PaymentApproved{}, Direction::undo).on_payment(RefundRequested{}, Direction::undo);
  waits_last.on_saga(waits);
  waits_first.on_saga(waits).on_payment(PaymentApproved{}, Direction::undo);
  waits_first.on_payment(RefundRequested{}, Direction::undo);
  for (const auto& each : {waits_last, waits_first}) {
    EXPECT_EQ(each.fold().saga, SagaState::waiting);
    EXPECT_EQ(each.fold().awaits, Step::take_payment);
  }
}

TEST(Summary, OfASagaThatIsStuckAtAStepThatEndsIsTheSameInEitherOrder) {
  auto script = TimelineScript::happy().turned(TurnCause::cancelled, "ill");
  script.on_enrollment(CancelRequested{"ill"}, Step::mark_cancel_requested).seats_back();
  script.on_payment(RefundRequested{}, Direction::undo);
  const SagaStuck stuck{Step::take_payment, Direction::undo, "no answer", 8};
  auto stuck_last = script, stuck_first = script;
  stuck_last.on_payment(PaymentRefunded{}, Direction::undo).on_saga(stuck);
  stuck_first.on_saga(stuck).on_payment(PaymentRefunded{}, Direction::undo);
  for (const auto& each : {stuck_last, stuck_first}) {
    EXPECT_EQ(each.fold().saga, SagaState::compensating);
    EXPECT_EQ(each.fold().attempts, 8u);
    EXPECT_EQ(step_lines(each.fold()).back(), "refund_payment done");
  }
}

TEST(Summary, OfASagaThatIsStuckWhileALateApprovalComesIsTheSameInEitherOrder) {
  auto script = TimelineScript{}.created().charge_requested().turned(TurnCause::cancelled, "ill");
  script.on_payment(PaymentVoidRequested{}, Direction::undo);
  const SagaStuck stuck{Step::take_payment, Direction::undo, "no answer", 8};
  auto stuck_last = script, stuck_first = script;
  stuck_last.on_payment(PaymentApproved{}, Direction::undo).on_payment(RefundRequested{}, Direction::undo);
  stuck_last.on_saga(stuck);
  stuck_first.on_saga(stuck).on_payment(PaymentApproved{}, Direction::undo);
  stuck_first.on_payment(RefundRequested{}, Direction::undo);
  for (const auto& each : {stuck_last, stuck_first}) {
    EXPECT_EQ(each.fold().saga, SagaState::stuck);
    EXPECT_EQ(step_lines(each.fold()).back(), "refund_payment failed");
  }
}

// The mark that ends the way back has the reason for the student; after a crash only the journal knows it.
TEST(Summary, OfASagaThatHasTurnedKnowsTheReasonBeforeTheEnrollmentIsMarked) {
  auto declined = TimelineScript{}.created().charge_requested().on_payment(PaymentDeclined{"no funds"});
  EXPECT_EQ(declined.turned(TurnCause::declined, "no funds").fold().reason, "no funds");
  EXPECT_EQ(TimelineScript::happy().turned(TurnCause::cancelled, "ill").fold().reason, "ill");
}

TEST(Invariant13, AStuckSagaNamesTheStepBehindThePointOfNoReturn) {
  auto script = TimelineScript{}.created().charge_requested().charge_approved();
  script.on_saga(SagaStuck{Step::take_seats, Direction::act, "no claim"});
  EXPECT_EQ(step_lines(script.fold()).back(), "take_seats failed");
}

TEST(Invariant13, AStuckRefundIsNoLongerPending) {
  auto script = TimelineScript::happy().turned(TurnCause::cancelled, "ill");
  script.seats_back().on_payment(RefundRequested{}, Direction::undo);
  script.on_saga(SagaStuck{Step::take_payment, Direction::undo, "account closed"});
  EXPECT_EQ(step_lines(script.fold()).back(), "refund_payment failed");
}

TEST(Summary, OfATombstoneAloneIsNoEnrollment) {
  auto script = TimelineScript{};
  script.on_course(SeatsReleased{script.id, 0}, Step::hold_seats, Direction::undo);
  EXPECT_EQ(script.fold().state, State::none);
}

TEST(Summary, OfARepeatedStepKeepsOneEntryForIt) {
  auto script = TimelineScript{}.created().charge_requested().charge_approved();
  const auto steps = script.fold().steps;
  EXPECT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps.back().at, script.records().back().time);
}

TEST(StepLabel, NamesTheUndoAfterWhatItDoes) {
  EXPECT_EQ(step_label(Step::hold_seats, Direction::act), "hold_seats");
  EXPECT_EQ(step_label(Step::hold_seats, Direction::undo), "release_seats");
  EXPECT_EQ(step_label(Step::take_payment, Direction::act), "take_payment");
  EXPECT_EQ(step_label(Step::take_payment, Direction::undo), "refund_payment");
  EXPECT_EQ(step_label(Step::take_seats, Direction::act), "take_seats");
  EXPECT_EQ(step_label(Step::confirm, Direction::act), "confirm");
  EXPECT_EQ(step_label(Step::mark_cancelled, Direction::act), "mark_cancelled");
}

TEST(EnumNames, ReadBackAndRefuseOthers) {
  for (std::size_t i = 0; i < EnumNames<EnrollmentState>::values.size(); ++i) {
    const auto state = static_cast<EnrollmentState>(i);
    EXPECT_EQ(parse_enum<EnrollmentState>(to_text(state)), state);
  }
  EXPECT_EQ(parse_enum<EnrollmentState>("Confirmed"), std::nullopt);
  EXPECT_EQ(parse_enum<EnrollmentState>(""), std::nullopt);
  EXPECT_EQ(parse_enum<CourseKind>("lecture "), std::nullopt);
}

}  // namespace
}  // namespace sugang
