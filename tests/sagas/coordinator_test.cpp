#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

struct Sagas : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables);

  struct Answers {
    std::vector<Outcome> outcomes;
    EnrollmentState state() const { return std::get<EnrollmentSummary>(outcomes.back().subject).state; }
  };
  std::shared_ptr<Answers> answers = std::make_shared<Answers>();

  void SetUp() override {
    life->register_course("lecture-1", lecture(2));
    life->register_course("musical-1", performance(5));
    life->settle();
  }
  Caller listener() {
    return Life::caller([h = answers](const Outcome& outcome) { h->outcomes.push_back(outcome); });
  }
  EnrollmentId place(const std::string& course, Wait wait = std::nullopt) {
    auto id = life->place({.course = CourseId{course}, .student = StudentId{"s1"}}, listener(), wait);
    life->settle();
    return id;
  }
  void crash() {
    life.reset();
    durables.store = durables.store->crash();
    durables.head = durables.head->crash();
    life = std::make_unique<Life>(durables, 2);
  }
};

TEST_F(Sagas, ConfirmOnlyWhatIsPaid) {
  auto id = place("lecture-1");
  EXPECT_EQ(life->summary(id).state, EnrollmentState::payment_pending);
  EXPECT_TRUE(answers->outcomes.empty());
  life->settle_with_company();
  EXPECT_EQ(answers->state(), EnrollmentState::confirmed);
  EXPECT_EQ(life->describe("lecture-1")->taken, 1u);
}

// The charge is called for once it is durable, which can be before the course's reply is read.
TEST_F(Sagas, ReadTheCoursesReplyBeforeThatOfThePayment) {
  const auto id = life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s1"}}, listener());
  ASSERT_TRUE(life->run_one_turn());
  StepReply early{.step = {Step::take_payment, Direction::act}};
  life->node().directory.send(id, early);
  life->settle_with_company();
  ASSERT_FALSE(life->failure()) << *life->failure();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  EXPECT_EQ(answers->state(), EnrollmentState::confirmed);
}

TEST_F(Sagas, AnswerAPlacementThoughTheTurnOfItsReplyFailed) {
  auto definition = training(2);
  definition.price = {};
  life->register_course("free", definition);
  life->settle();
  const auto id = life->place({.course = CourseId{"free"}, .student = StudentId{"s1"}}, listener());
  // The saga places, the course wakes and appends; then the saga reads the reply, and appends that it waits for the
  // coaching.
  life->components.set(Component::coaching, false);
  while (life->run_one_turn()) {
  }
  life->commit();
  ASSERT_TRUE(life->run_one_turn());
  life->fail_next_mint();
  life->settle();
  ASSERT_EQ(life->reports.size(), 1u);
  EXPECT_TRUE(answers->outcomes.empty());
  durables.timers.advance(life->node().limits.retry_max);
  life->settle();
  ASSERT_EQ(answers->outcomes.size(), 1u);
  EXPECT_TRUE(answers->outcomes.back().under_way);
  life->components.set(Component::coaching, true);
  life->resume_pending();
  life->settle();
  life->take_step(id, AssignInstructor{InstructorId{"anna"}}, listener());
  life->settle();
  ASSERT_FALSE(life->failure()) << *life->failure();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::awaiting_schedule);
}

TEST_F(Sagas, GiveTheSeatBackWhenThePaymentIsDeclined) {
  auto id = place("lecture-1");
  durables.company.decline("no cover");
  life->settle();
  EXPECT_EQ(answers->outcomes.back().refusal, Refusal{PaymentError::declined});
  EXPECT_EQ(life->summary(id).state, EnrollmentState::rejected);
  EXPECT_EQ(life->summary(id).reason, "no cover");
  EXPECT_EQ(life->describe("lecture-1")->held, 0u);
}

TEST_F(Sagas, RetryWithTheSameKeyWhenTheOutcomeIsUnknown) {
  auto id = place("lecture-1");
  for (int i = 0; i < 3; ++i) {
    durables.company.leave_unknown(ScriptedGateway::Moved::yes);
    life->settle();
    durables.timers.advance(Milliseconds{2'000});
    life->settle();
  }
  life->settle_with_company();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  EXPECT_EQ(durables.company.accounts().size(), 1u);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 12'000);
  EXPECT_EQ(durables.company.calls().size(), 4u);
}

TEST_F(Sagas, AnswerThatTheyGoOnWhenTheWaitIsOver) {
  place("lecture-1", Milliseconds{1'000});
  durables.timers.advance(Milliseconds{1'000});
  life->settle();
  ASSERT_EQ(answers->outcomes.size(), 1u);
  EXPECT_TRUE(answers->outcomes.back().under_way);
  life->settle_with_company();
  EXPECT_EQ(answers->outcomes.size(), 1u);
}

TEST_F(Sagas, AnswerAPerformanceOnceItsSeatIsHeld) {
  place("musical-1");
  ASSERT_EQ(answers->outcomes.size(), 1u);
  EXPECT_TRUE(answers->outcomes.back().under_way);
}

TEST_F(Sagas, RefundAndReleaseWhenCancelled) {
  auto id = place("lecture-1");
  life->settle_with_company();
  life->cancel(id, listener());
  life->settle_with_company();
  EXPECT_EQ(answers->state(), EnrollmentState::cancelled);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 0);
  EXPECT_EQ(life->describe("lecture-1")->taken, 0u);
}

TEST_F(Sagas, ReturnTheSeatBeforeASlowRefund) {
  auto id = place("lecture-1");
  life->settle_with_company();
  life->cancel(id, listener());
  life->settle();
  EXPECT_EQ(life->summary(id).payment, PaymentState::refund_requested);
  EXPECT_EQ(life->describe("lecture-1")->taken, 0u);
}

TEST_F(Sagas, GiveTheSameAnswerToASecondCancel) {
  auto id = place("lecture-1");
  life->settle_with_company();
  life->cancel(id, listener());
  life->settle_with_company();
  life->cancel(id, listener());
  life->settle_with_company();
  ASSERT_EQ(answers->outcomes.size(), 3u);
  EXPECT_EQ(std::get<EnrollmentSummary>(answers->outcomes[1].subject),
            std::get<EnrollmentSummary>(answers->outcomes[2].subject));
}

TEST_F(Sagas, RefundAChargeThatProvesApprovedAfterTheCancel) {
  auto id = place("lecture-1");
  life->cancel(id, listener(), Milliseconds{0});
  life->settle();
  EXPECT_EQ(life->summary(id).payment, PaymentState::void_requested);
  EXPECT_EQ(life->describe("lecture-1")->held, 0u);
  life->settle_with_company();
  EXPECT_EQ(life->summary(id).payment, PaymentState::refunded);
  EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 0);
}

TEST_F(Sagas, ExpireWithoutAnOutcomeByTheDeadline) {
  auto id = place("lecture-1", Milliseconds{0});
  while (!life->summary(id).turned) {
    if (!durables.company.waiting().empty()) durables.company.leave_unknown(ScriptedGateway::Moved::yes);
    life->settle();
    ASSERT_TRUE(durables.timers.has_alarm());
    durables.timers.sound_next();
    life->settle();
  }
  EXPECT_EQ(life->describe("lecture-1")->held, 0u);
  // The next call is the one that probes whether the gateway is back.
  while (!life->summary(id).ended()) {
    ASSERT_TRUE(durables.timers.has_alarm());
    durables.timers.sound_next();
    life->settle_with_company();
  }
  EXPECT_EQ(life->summary(id).state, EnrollmentState::expired);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 0);
}

TEST_F(Sagas, AreStuckAndListedWhenARefundIsRefusedForGood) {
  auto id = place("lecture-1");
  life->settle_with_company();
  life->cancel(id, listener());
  life->settle();
  durables.company.decline("account closed");
  life->settle();
  EXPECT_EQ(life->summary(id).saga, SagaState::stuck);
  EXPECT_EQ(life->summary(id).last_error, "account closed");
  EXPECT_TRUE(answers->outcomes.back().under_way);
  EXPECT_EQ(life->journal().pending().size(), 1u);
}

// A promotion loads the saga of the student who waited, which then reads what the reply to it says again.
TEST_F(Sagas, FoldWhatTheyHaveReadOnce) {
  life->register_course("lecture-line", with_waitlist(lecture(1)));
  life->settle();
  const auto holder = place("lecture-line");
  life->settle_with_company();
  const auto waiter = life->place(
      {.course = CourseId{"lecture-line"}, .student = StudentId{"s2"}, .may_wait = true}, Life::silent());
  life->settle();
  life->sweep();
  life->cancel(holder);
  life->settle();
  life->join(waiter, listener(), Milliseconds{0});
  life->settle();
  auto shown = std::get<EnrollmentSummary>(answers->outcomes.back().subject);
  EXPECT_EQ(shown.state, EnrollmentState::payment_pending);
  auto expected = life->summary(waiter);
  // What a participant reports has no position yet.
  expected.position = shown.position;
  EXPECT_EQ(shown, expected);
}

// Claimed and not turned, a repeat after a crash would join a saga without a cancel.
TEST_F(Sagas, ClaimTheRequestOfACancelWithItsFirstEvent) {
  const auto id = place("lecture-1");
  life->settle_with_company();
  life.reset();
  Journal::Limits one_append_a_batch;
  one_append_a_batch.append_batch_bytes_max = 1;
  life = std::make_unique<Life>(durables, 2, ActorLimits{}, one_append_a_batch);
  life->cancel(id, life->with_key({RequestId{{1, 2}}, Uid{3, 4}}, listener()));
  bool claimed = false;
  for (bool moved = true; moved && !claimed;) {
    moved = false;
    while (life->run_one_turn()) moved = true;
    if (life->commit()) moved = true;
    claimed = !life->journal().history(RequestId{{1, 2}}).empty();
    ASSERT_EQ(claimed, life->summary(id).turned.has_value());
  }
  EXPECT_TRUE(claimed);
}

TEST_F(Sagas, GoOnAfterACrashAndChargeOnce) {
  auto id = place("lecture-1");
  durables.company.leave_unknown(ScriptedGateway::Moved::yes);
  crash();
  life->resume_pending();
  life->settle_with_company();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  EXPECT_EQ(durables.company.accounts().at(payment_of(id)).charges, 1u);
}

TEST_F(Sagas, KeepTheReasonOfACancelThroughACrash) {
  auto id = place("lecture-1");
  life->settle_with_company();
  life->cancel(id);
  life->settle();
  durables.company.leave_unknown(ScriptedGateway::Moved::no);
  crash();
  life->resume_pending();
  life->settle_with_company();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
  EXPECT_EQ(life->summary(id).reason, "changed my mind");
}

TEST_F(Sagas, RefuseACourseThatWillNotWaitWhilePaymentsAreDown) {
  life->payments_available = false;
  place("lecture-1");
  EXPECT_EQ(answers->outcomes.back().refusal, Refusal{CourseError::payment_unavailable});
  place("musical-1");
  EXPECT_TRUE(answers->outcomes.back().under_way);
}

TEST_F(Sagas, RefuseToCancelWhatNeverWas) {
  life->cancel(EnrollmentId{make_uid(durables.timers.now(), Partition{3}, 7, 0)}, listener());
  life->settle();
  EXPECT_EQ(answers->outcomes.back().refusal, Refusal{EnrollmentError::not_found});
}

TEST_F(Sagas, RefuseToCancelWhatWasRejected) {
  auto id = place("lecture-1");
  durables.company.decline("no cover");
  life->settle();
  life->cancel(id, listener());
  life->settle();
  EXPECT_EQ(answers->outcomes.back().refusal, Refusal{EnrollmentError::not_cancellable});
}

}  // namespace
}  // namespace sugang
