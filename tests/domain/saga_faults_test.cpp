#include <gmock/gmock.h>

#include "domain/saga_rules.hpp"
#include "tests/domain/saga_decisions.hpp"

// What a saga decides when a turn, a step or a move has failed.

namespace sugang {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(StaffStep, OfAnotherKindIsRefusedWhileAChargeIsCalled) {
  auto changing = given(
      TimelineScript{TimelineScript::booked()}.on_enrollment(SeatsChangeRequested{3, {36'000, {}}}, Step::none));
  changing.cursor = cursor_of(changing.summary);
  while (command_at(changing.cursor)->step != Step::replace_payment) changing.cursor = next_step(changing.cursor);
  changing.running = true;
  EXPECT_THAT(answers_of(decide(changing, CallSaga{StartDelivery{}, {}, 7}, world())),
              ElementsAre(Refusal{SagaError::not_awaited}));
}

TEST(StaffStep, InFlightIsNotOvertakenByItsDeadline) {
  const auto sent = decide(given(TimelineScript::ordered()), CallSaga{StartDelivery{}, {}, 7}, world());
  auto late = world();
  late.now = sent.saga.summary.deadline;
  const auto resumed = decide(sent.saga, ResumeSaga{}, late);
  EXPECT_THAT(events_of(resumed), IsEmpty());
  EXPECT_THAT(sent_by(resumed), IsEmpty());
  // Refused, it has not come: the order is cancelled.
  const auto refused = reply({Step::start_delivery, Direction::act}, StepOutcome::refused);
  EXPECT_THAT(events_of(decide(resumed.saga, refused, late)),
              ElementsAre("saga.turned", "enrollment.cancel-requested"));
}

/// A class that has moved from kim to bora, and is still in kim's calendar.
TimelineScript moving() {
  auto script = TimelineScript::scheduled();
  return script.on_saga(SagaWaits{Step::record_result, noon + std::chrono::hours{24 * 30}})
      .add(AggregateId::calendar_of({"bora"}), CalendarEvent{SlotBooked{script.id, TimelineScript::slot}},
           {Step::book_slot, Direction::act})
      .on_coaching(CoachingAssigned{{"bora"}}, Step::assign_instructor);
}
constexpr Causation book{Step::book_slot, Direction::act};

TEST(Move, ThatKeepsFailingIsStuckAndTheClassStaysScheduled) {
  auto script = moving();
  auto saga = given(script);
  ASSERT_TRUE(pending_move(saga.summary));
  saga.attempts = world().stuck_attempts - 1;
  const auto stuck = decide(saga, reply(book, StepOutcome::unknown), world());
  EXPECT_THAT(events_of(stuck), ElementsAre("saga.stuck"));
  const auto loaded = given(script.on_saga(SagaStuck{Step::book_slot, Direction::act, "why", 4}));
  EXPECT_EQ(loaded.summary.saga, SagaState::stuck);
  EXPECT_EQ(command_at(loaded.cursor), (Causation{Step::record_result, Direction::act}))
      << "a start must not book again what is booked";
}

TEST(Move, ThatEndsLeavesNoFailedAttemptsToTheNext) {
  auto saga = given(moving());
  saga.attempts = world().stuck_attempts - 1;
  auto freed = reply(book, StepOutcome::done);
  freed.records = {moving().on_calendar(SlotFreed{saga.id}).records().back()};
  const auto moved = decide(saga, freed, world());
  EXPECT_FALSE(pending_move(moved.saga.summary));
  EXPECT_EQ(moved.saga.attempts, 0u);
}

TEST(Revocation, DoesNotShortenThePauseBeforeARetry) {
  auto script = TimelineScript::booked().on_enrollment(SeatsChangeRequested{3, {36'000, {}}}, Step::none);
  script.turned(TurnCause::change_refused, "no funds");
  auto saga = given(script);
  saga.running = true;
  saga.postponed.emplace_back(RevokeSaga{script.course, "the hall burned down"});
  const auto failed = decide(saga, reply(*command_at(saga.cursor), StepOutcome::unknown), world());
  EXPECT_EQ(effects_of<ArmRetry>(failed).size(), 1u);
  EXPECT_THAT(sent_by(failed), IsEmpty());
  EXPECT_EQ(failed.saga.postponed.size(), 1u);
}

TEST(ChangeOfSeats, IsRefusedForItsStateBeforeItsCondition) {
  const CallSaga change{ChangeSeats{3, {99}}, {}, 7};
  EXPECT_THAT(answers_of(decide(given(charging()), change, world())),
              ElementsAre(Refusal{EnrollmentError::not_changeable}));
  EXPECT_THAT(answers_of(decide(given(TimelineScript::booked()), change, world())),
              ElementsAre(Refusal{EnrollmentError::version_changed}));
}

TEST(Placement, WhoseReplyWasLostWaitsForWhatTheTimelineShows) {
  Saga placing{.id = TimelineScript{}.id};
  placing.starting = Saga::Requester{7, {}};
  const auto found = decide(load(placing.id, charging().records(), placing), ResumeSaga{}, world());
  EXPECT_FALSE(found.saga.starting);
  ASSERT_EQ(found.saga.waiting.size(), 1u);
  EXPECT_EQ(found.saga.waiting.front().caller, CallerId{7});
  EXPECT_THAT(answers_of(decide(load(placing.id, {}, placing), ResumeSaga{}, world())),
              ElementsAre(Refusal{ServiceError::read_failed}));
}

TEST(Placement, WhoseReplyWasLostTakesTheNextReplyForWhatItIs) {
  Saga placing{.id = TimelineScript{}.id};
  placing.starting = Saga::Requester{7, {}};
  auto script = charging();
  auto saga = load(placing.id, script.records(), placing);
  saga.running = true;
  auto declined = reply(pay, StepOutcome::refused);
  declined.records = {script.on_payment(PaymentDeclined{"no funds"}).records().back()};
  EXPECT_THAT(events_of(decide(saga, declined, world())), ElementsAre("saga.turned"));
}

}  // namespace
}  // namespace sugang
