#include <gmock/gmock.h>

#include <algorithm>

#include "domain/saga_rules.hpp"
#include "tests/domain/saga_decisions.hpp"

// What a saga decides where it stands: given a timeline, when a command, then records and effects.

namespace sugang {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Cancel, TurnsASagaBackAndUndoesSeatsFirst) {
  const auto decision = decide(given(TimelineScript::happy()), CallSaga{CancelSaga{"ill"}, {}, 7}, world());
  EXPECT_THAT(events_of(decision), ElementsAre("saga.turned", "enrollment.cancel-requested"));
  EXPECT_THAT(sent_by(decision), ElementsAre("release_seats"));
  EXPECT_EQ(decision.pending, true);
  EXPECT_EQ(decision.claimant, CallerId{7});
  EXPECT_THAT(answers_of(decision), IsEmpty());
  ASSERT_EQ(decision.saga.waiting.size(), 1u);
}

TEST(Cancel, ThatDoesNotWaitIsAnsweredAtOnce) {
  const auto decision =
      decide(given(TimelineScript::happy()), CallSaga{CancelSaga{"ill"}, Milliseconds{0}, 7}, world());
  ASSERT_EQ(effects_of<AnswerCaller>(decision).size(), 1u);
  EXPECT_TRUE(effects_of<AnswerCaller>(decision).front().outcome.under_way);
}

TEST(Cancel, OfACancelledSagaJoinsIt) {
  auto saga = decide(given(TimelineScript::happy()), CallSaga{CancelSaga{"ill"}, {}, 7}, world()).saga;
  const auto again = decide(saga, CallSaga{CancelSaga{"still ill"}, {}, 8}, world());
  EXPECT_THAT(events_of(again), IsEmpty());
  EXPECT_THAT(sent_by(again), IsEmpty());
  EXPECT_EQ(again.saga.waiting.size(), 2u);
}

TEST(Cancel, WaitsForTheConfirmationThatIsOnItsWay) {
  auto script = charging(CourseKind::product).charge_approved();
  script.on_stock(StockRequested{script.course, 2}).on_stock(StockPrepared{});
  const auto decision = decide(running(script), CallSaga{CancelSaga{"ill"}, {}, 7}, world());
  EXPECT_THAT(events_of(decision), IsEmpty());
  ASSERT_EQ(decision.saga.postponed.size(), 1u);
  // The seats are taken: the enrollment is confirmed, and turned back before anything is delivered.
  auto taken = reply({Step::take_seats, Direction::act}, StepOutcome::done);
  taken.records = {script.on_course(SeatsTaken{script.id}, Step::take_seats).records().back()};
  const auto turned = decide(decision.saga, taken, world());
  EXPECT_THAT(events_of(turned), ElementsAre("enrollment.confirmed", "saga.turned", "enrollment.cancel-requested"));
  EXPECT_THAT(sent_by(turned), ElementsAre("cancel_delivery"));
  EXPECT_EQ(turned.claimant, CallerId{7});
}

TEST(Cancel, IsRefusedOnceTheDeliveryHasStarted) {
  auto script = TimelineScript::ordered().on_delivery(DeliveryStarted{}, Step::start_delivery);
  const auto decision = decide(given(script), CallSaga{CancelSaga{"ill"}, {}, 7}, world());
  EXPECT_THAT(events_of(decision), IsEmpty());
  EXPECT_THAT(answers_of(decision), ElementsAre(Refusal{EnrollmentError::not_cancellable}));
}

TEST(Cancel, OfWhatExpiredIsRefusedAndOfTheUnknownNotFound) {
  EXPECT_THAT(answers_of(decide(given(TimelineScript::expired()), CallSaga{CancelSaga{"ill"}, {}, 7}, world())),
              ElementsAre(Refusal{EnrollmentError::not_cancellable}));
  EXPECT_THAT(answers_of(decide(Saga{}, CallSaga{CancelSaga{"ill"}, {}, 7}, world())),
              ElementsAre(Refusal{EnrollmentError::not_found}));
}

TEST(Reply, RefusedBeforeThePointOfNoReturnTurnsBack) {
  auto script = charging();
  auto declined = reply(pay, StepOutcome::refused);
  declined.records = {script.on_payment(PaymentDeclined{"no funds"}).records().back()};
  const auto decision = decide(running(charging()), declined, world());
  EXPECT_THAT(events_of(decision), ElementsAre("saga.turned"));
  EXPECT_EQ(decision.saga.summary.reason, "no funds");
  EXPECT_THAT(sent_by(decision), ElementsAre("release_seats"));
}

TEST(Reply, RefusedBehindThePointOfNoReturnLeavesTheSagaStuck) {
  const auto script = charging(CourseKind::lecture).charge_approved();
  const auto decision =
      decide(running(script), reply({Step::take_seats, Direction::act}, StepOutcome::refused), world());
  EXPECT_THAT(events_of(decision), ElementsAre("saga.stuck"));
  EXPECT_THAT(sent_by(decision), IsEmpty());
}

TEST(Reply, UnknownIsRetriedJournaledOnceAndStuckInTheEnd) {
  auto saga = running(charging());
  auto conditions = world();
  std::vector<std::string> journaled;
  for (std::uint32_t attempt = 1; attempt <= conditions.stuck_attempts + 2; ++attempt) {
    const auto failed = decide(saga, reply(pay, StepOutcome::unknown), conditions);
    for (const auto& name : events_of(failed)) journaled.push_back(name);
    ASSERT_EQ(effects_of<ArmRetry>(failed).size(), 1u);
    const auto retry = effects_of<ArmRetry>(failed).front().retry;
    EXPECT_EQ(retry.attempt, attempt);
    const auto again = decide(failed.saga, retry, conditions);
    EXPECT_THAT(sent_by(again), ElementsAre("take_payment"));
    saga = again.saga;
  }
  EXPECT_THAT(journaled, ElementsAre("saga.step-failed", "saga.stuck"));
}

TEST(Reply, OfAnEarlierStepChangesNothing) {
  const auto saga = running(charging());
  const auto decision = decide(saga, reply({Step::hold_seats, Direction::act}, StepOutcome::refused), world());
  EXPECT_THAT(decision.records, IsEmpty());
  EXPECT_THAT(decision.effects, IsEmpty());
}

TEST(Reply, WhoseRecordsAreFoldedAlreadyFoldsThemOnce) {
  const auto script = charging();
  auto saga = running(script);
  auto twice = reply(pay, StepOutcome::under_way);
  twice.records = {script.records().back()};
  EXPECT_EQ(decide(saga, twice, world()).saga.summary, saga.summary);
}

SettlePayment approval(const TimelineScript& script) {
  auto approved = script;
  return {{approved.charge_approved().records().back()}};
}

TEST(Settlement, HandsTheConfirmationToTheCourseAndAppendsNothing) {
  const auto script = charging();
  const auto decision = decide(running(script), approval(script), world());
  EXPECT_THAT(decision.records, IsEmpty());
  const auto joint = effects_of<SettleJointly>(decision);
  ASSERT_EQ(joint.size(), 1u);
  EXPECT_EQ(joint.front().payment, approval(script).payment);
  ASSERT_EQ(joint.front().enrollment.size(), 2u);
  EXPECT_EQ(event_name(joint.front().enrollment[0].event), "enrollment.confirmed");
  EXPECT_EQ(joint.front().enrollment[0].sequence, 2u);
  EXPECT_EQ(event_name(joint.front().enrollment[1].event), "saga.completed");
  EXPECT_EQ(joint.front().enrollment[1].sequence, 2u);
}

TEST(Settlement, ThatWasAppendedEndsTheSagaAndAnswersItsCallers) {
  auto saga = running(charging());
  saga.waiting.push_back({7, false});
  const auto decision = decide(saga, SettlementEnded{true, TimelineScript::happy().records()}, world());
  EXPECT_EQ(decision.saga.summary.state, EnrollmentState::confirmed);
  EXPECT_TRUE(decision.saga.idle());
  EXPECT_THAT(answers_of(decision), ElementsAre(std::nullopt));
}

TEST(Settlement, ThatWasNotAppendedWaitsForThePaymentsOwnReply) {
  const auto script = charging();
  const auto saga = running(script);
  const auto decision = decide(saga, SettlementEnded{}, world());
  EXPECT_EQ(decision.saga.summary, saga.summary);
  EXPECT_TRUE(decision.saga.running);
}

TEST(Settlement, IsApartWhereAStepStandsBetweenPaymentAndConfirmation) {
  for (auto kind : {CourseKind::product, CourseKind::training}) {
    const auto script = charging(kind);
    const auto decision = decide(running(script), approval(script), world());
    EXPECT_EQ(effects_of<SettleApart>(decision).size(), 1u) << to_text(kind);
    EXPECT_THAT(effects_of<SettleJointly>(decision), IsEmpty());
  }
}

TEST(Settlement, IsApartOnTheWayBack) {
  auto script = charging().turned(TurnCause::cancelled, "ill");
  EXPECT_EQ(effects_of<SettleApart>(decide(running(script), approval(script), world())).size(), 1u);
}

TEST(Deadline, OfAChargeExpiresTheEnrollment) {
  auto conditions = world();
  conditions.now = given(charging()).summary.deadline;
  const auto decision = decide(running(charging()), DeadlineOver{}, conditions);
  EXPECT_THAT(events_of(decision), ElementsAre("saga.turned"));
  EXPECT_EQ(decision.saga.summary.turned, TurnCause::expired);
}

TEST(Deadline, ThatHasNotComeIsArmedAgain) {
  const auto decision = decide(running(charging()), DeadlineOver{}, world());
  EXPECT_THAT(events_of(decision), IsEmpty());
  EXPECT_EQ(effects_of<ArmDeadline>(decision).size(), 1u);
}

TEST(Deadline, OfTheStaffCancelsAnOrderThatIsNotStarted) {
  auto conditions = world();
  conditions.now = noon + std::chrono::hours{24};
  const auto decision = decide(given(TimelineScript::ordered()), DeadlineOver{}, conditions);
  EXPECT_EQ(decision.saga.summary.turned, TurnCause::cancelled);
}

TEST(Deadline, BehindThePointOfNoReturnLeavesTheSagaStuck) {
  auto script = TimelineScript::ordered()
                    .on_delivery(DeliveryStarted{}, Step::start_delivery)
                    .on_saga(SagaWaits{Step::complete_delivery, noon + std::chrono::hours{2}});
  auto conditions = world();
  conditions.now = noon + std::chrono::hours{2};
  EXPECT_THAT(events_of(decide(given(script), DeadlineOver{}, conditions)), ElementsAre("saga.stuck"));
}

SagaConditions paused(Component component) {
  auto conditions = world();
  conditions.paused = ComponentSet{ComponentSet::bit(component)};
  return conditions;
}

TEST(PausedComponent, HoldsTheSagaBeforeItsStepAndIsListed) {
  auto script = TimelineScript{}.created(CourseKind::product).charge_requested().charge_approved();
  script.on_stock(StockRequested{script.course, 2}).on_stock(StockPrepared{});
  script.on_course(SeatsTaken{script.id}, Step::take_seats);
  const auto held = decide(given(script), ResumeSaga{}, paused(Component::delivery));
  EXPECT_THAT(events_of(held), ElementsAre("enrollment.confirmed", "saga.waits"));
  EXPECT_THAT(sent_by(held), IsEmpty());
  EXPECT_EQ(held.saga.summary.awaits, Step::request_delivery);
  const auto resumed = decide(held.saga, ResumeSaga{}, world());
  EXPECT_THAT(sent_by(resumed), ElementsAre("request_delivery"));
}

TEST(PausedComponent, RefusesTheStaffsStep) {
  const auto decision =
      decide(given(TimelineScript::ordered()), CallSaga{StartDelivery{}, {}, 7}, paused(Component::delivery));
  EXPECT_THAT(answers_of(decision), ElementsAre(Refusal{ServiceError::component_paused}));
}

TEST(PausedPayments, KeepADurableChargeAndNoCallLeaves) {
  const auto decision = decide(given(charging()), ResumeSaga{}, paused(Component::payments));
  EXPECT_THAT(sent_by(decision), IsEmpty());
  ASSERT_EQ(effects_of<AwaitPayments>(decision).size(), 1u);
  EXPECT_TRUE(effects_of<AwaitPayments>(decision).front().waits);
}

TEST(StaffStep, IsSentAndAnsweredByItsEnd) {
  const auto script = TimelineScript::ordered();
  const auto sent = decide(given(script), CallSaga{StartDelivery{}, {}, 7}, world());
  EXPECT_THAT(sent_by(sent), ElementsAre("start_delivery"));
  EXPECT_THAT(answers_of(sent), IsEmpty());
  auto done = reply({Step::start_delivery, Direction::act}, StepOutcome::done);
  auto started = script;
  done.records = {started.on_delivery(DeliveryStarted{}, Step::start_delivery).records().back()};
  const auto ended = decide(sent.saga, done, world());
  EXPECT_THAT(answers_of(ended), ElementsAre(std::nullopt));
  EXPECT_EQ(ended.saga.summary.awaits, Step::complete_delivery);
}

TEST(StaffStep, ThatComesTooEarlyOrTooLateIsRefused) {
  EXPECT_THAT(answers_of(decide(given(TimelineScript::ordered()), CallSaga{CompleteDelivery{}, {}, 7}, world())),
              ElementsAre(Refusal{DeliveryError::not_started}));
  EXPECT_THAT(
      answers_of(decide(given(TimelineScript::order_cancelled()), CallSaga{StartDelivery{}, {}, 7}, world())),
      ElementsAre(Refusal{DeliveryError::cancelled}));
  EXPECT_THAT(answers_of(decide(given(TimelineScript::happy()), CallSaga{StartDelivery{}, {}, 7}, world())),
              ElementsAre(Refusal{SagaError::not_awaited}));
}

TEST(StaffStep, IsPostponedBehindAnotherOne) {
  const auto first = decide(given(TimelineScript::ordered()), CallSaga{StartDelivery{}, {}, 7}, world());
  const auto second = decide(first.saga, CallSaga{CompleteDelivery{}, {}, 8}, world());
  EXPECT_THAT(second.effects, IsEmpty());
  EXPECT_EQ(second.saga.postponed.size(), 1u);
}

TEST(Operator, ResolvesNothingWhoseOutcomeIsUnknown) {
  const CallSaga resolve{Operation{OperatorAction::resolve, "settled by phone"}, {}, 7};
  EXPECT_THAT(answers_of(decide(given(charging()), resolve, world())),
              ElementsAre(Refusal{SagaError::outcome_unknown}));
}

TEST(Operator, RetriesEvenWhileTheGatewayCountsAsDown) {
  auto conditions = world();
  conditions.payments = PaymentSide::unavailable;
  const auto waits = decide(given(charging()), ResumeSaga{}, conditions);
  EXPECT_THAT(sent_by(waits), IsEmpty());
  const auto retried =
      decide(waits.saga, CallSaga{Operation{OperatorAction::retry, "they are back"}, {}, 7}, conditions);
  EXPECT_THAT(events_of(retried), ElementsAre("saga.operated"));
  EXPECT_THAT(sent_by(retried), ElementsAre("take_payment"));
  EXPECT_EQ(retried.claimant, CallerId{7});
}

TEST(Operator, CompensatesWhatACancelWouldTurn) {
  const CallSaga compensate{Operation{OperatorAction::compensate, "the hall burned down"}, {}, 7};
  EXPECT_THAT(events_of(decide(given(TimelineScript::happy()), compensate, world())),
              ElementsAre("saga.operated", "saga.turned", "enrollment.cancel-requested"));
  EXPECT_THAT(answers_of(decide(given(TimelineScript::delivered()), compensate, world())),
              ElementsAre(Refusal{SagaError::not_compensatable}));
}

TEST(Bounds, KeepWhatCouldBeRepeatedWithoutEndFromALongTimeline) {
  const CallSaga retry{Operation{OperatorAction::retry, "again"}, {}, 7};
  auto charged = given(charging());
  charged.summary.version = repeated_records_max - 1;
  EXPECT_THAT(events_of(decide(charged, retry, world())), ElementsAre("saga.operated"));
  charged.summary.version = repeated_records_max;
  EXPECT_THAT(answers_of(decide(charged, retry, world())), ElementsAre(Refusal{SagaError::too_many_changes}));

  auto trained = given(TimelineScript::scheduled());
  trained.summary.version = repeated_records_max;
  const auto moved = CallSaga{AssignInstructor{InstructorId{"bora"}}, {}, 7};
  EXPECT_THAT(answers_of(decide(trained, moved, world())), ElementsAre(Refusal{SagaError::too_many_changes}));
  // What leads to its end goes on.
  auto ordered = given(TimelineScript::ordered());
  ordered.summary.version = repeated_records_max;
  EXPECT_THAT(sent_by(decide(ordered, CallSaga{StartDelivery{}, {}, 7}, world())), ElementsAre("start_delivery"));
}

TEST(Callers, WaitOnWhenTheStateIsLoadedAgain) {
  auto saga = running(charging());
  saga.waiting.push_back({7, false});
  saga.postponed.emplace_back(CallSaga{CancelSaga{"ill"}, {}, 8});
  const auto loaded = load(saga.id, charging().records(), saga);
  EXPECT_EQ(loaded.waiting.size(), 1u);
  EXPECT_EQ(loaded.postponed.size(), 1u);
  EXPECT_FALSE(loaded.running);
}

TEST(Callers, AreAnsweredWhenTheirWaitIsOver) {
  auto saga = running(charging());
  saga.waiting.push_back({7, false});
  const auto decision = decide(saga, WaitOver{7}, world());
  ASSERT_EQ(effects_of<AnswerCaller>(decision).size(), 1u);
  EXPECT_TRUE(effects_of<AnswerCaller>(decision).front().outcome.under_way);
  EXPECT_THAT(decide(decision.saga, WaitOver{7}, world()).effects, IsEmpty());
}

}  // namespace
}  // namespace sugang
