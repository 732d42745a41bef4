#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "domain/audit.hpp"
#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

using Moved = ScriptedGateway::Moved;
using testing::IsEmpty;
using testing::SizeIs;

/// Charges and refunds whose call waits, hangs, comes late or is lost.
struct PaymentOutcomes : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables);

  void SetUp() override {
    life->register_course("lecture-1", lecture(1000));
    life->register_course("musical-1", performance(1000));
    life->settle();
  }
  EnrollmentId place(const std::string& course, const std::string& student = "s1") {
    auto id =
        life->place({.course = CourseId{course}, .student = StudentId{student}}, Life::silent(), Milliseconds{0});
    life->settle();
    return id;
  }
  EnrollmentId place_while_down(const std::string& course) {
    life->payments_available = false;
    auto id = place(course);
    EXPECT_EQ(life->summary(id).payment, PaymentState::requested);
    EXPECT_THAT(durables.company.calls(), IsEmpty());
    return id;
  }
  void cancel(EnrollmentId id) {
    life->cancel(id, Life::silent(), Milliseconds{0});
    life->settle();
  }
  std::optional<Refusal> operate(EnrollmentId id, OperatorAction action) {
    std::optional<Refusal> refusal;
    life->operate(id, action, Life::caller([&](const Outcome& outcome) { refusal = outcome.refusal; }));
    life->settle();
    return refusal;
  }
  /// Lets the time pass, an alarm at a time, and no call be answered.
  void pass(Milliseconds time) {
    const auto until = durables.timers.now() + time;
    while (durables.timers.has_alarm_within(until - durables.timers.now())) {
      durables.timers.sound_next();
      life->settle();
    }
    durables.timers.advance(std::max(Milliseconds{0}, until - durables.timers.now()));
  }
  /// As pass, and every call fails on its way.
  void pass_failing(Milliseconds time, Moved moved = Moved::no) {
    const auto until = durables.timers.now() + time;
    for (;;) {
      while (!durables.company.waiting().empty()) {
        durables.company.leave_unknown(moved);
        life->settle();
      }
      if (!durables.timers.has_alarm_within(until - durables.timers.now())) break;
      durables.timers.sound_next();
      life->settle();
    }
    durables.timers.advance(std::max(Milliseconds{0}, until - durables.timers.now()));
  }
  void fail_until_stuck(EnrollmentId id) {
    for (int round = 0; life->summary(id).saga != SagaState::stuck && round < 1000; ++round)
      pass_failing(Milliseconds{100});
    ASSERT_EQ(life->summary(id).saga, SagaState::stuck);
  }
  /// The gateway is well again: what waits is called again, and approved.
  void end_well(EnrollmentId id) {
    life->payments_available = true;
    for (int round = 0; !life->summary(id).ended() && round < 1000; ++round) {
      pass(Milliseconds{100});
      durables.company.approve_all();
      life->settle();
    }
    EXPECT_TRUE(life->summary(id).ended());
  }
  void crash() {
    life.reset();
    durables.store = durables.store->crash();
    durables.head = durables.head->crash();
    life = std::make_unique<Life>(durables, 2);
    life->resume_pending();
    life->settle();
  }
  std::size_t count(EnrollmentId id, std::string_view event) {
    const auto timeline = life->journal().timeline(id);
    return static_cast<std::size_t>(std::count_if(
        timeline.begin(), timeline.end(), [&](const Record& record) { return event_name(record.event) == event; }));
  }
};

TEST_F(PaymentOutcomes, AreNotResolvedWhileACallMayHaveMovedMoney) {
  const auto id = place("lecture-1");
  cancel(id);
  durables.company.leave_unknown(Moved::yes);
  life->settle();
  fail_until_stuck(id);
  EXPECT_EQ(operate(id, OperatorAction::resolve), Refusal{SagaError::outcome_unknown});
  EXPECT_EQ(life->summary(id).payment, PaymentState::void_requested);
  end_well(id);
  EXPECT_EQ(life->summary(id).payment, PaymentState::refunded);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 0);
}

TEST_F(PaymentOutcomes, OfARefundAreResolvedOnlyOnceItIsRefusedForGood) {
  const auto id = place("lecture-1");
  life->settle_with_company();
  cancel(id);
  fail_until_stuck(id);
  EXPECT_EQ(operate(id, OperatorAction::resolve), Refusal{SagaError::outcome_unknown});
  EXPECT_EQ(operate(id, OperatorAction::retry), std::nullopt);
  durables.company.decline("account closed");
  life->settle();
  EXPECT_EQ(life->summary(id).last_error, "account closed");
  EXPECT_EQ(operate(id, OperatorAction::resolve), std::nullopt);
  EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
}

TEST_F(PaymentOutcomes, OfARefusedRefundAreUnknownAgainOnceAnOperatorRetriesIt) {
  const auto id = place("lecture-1");
  life->settle_with_company();
  cancel(id);
  durables.company.decline("account closed");
  life->settle();
  const auto calls = durables.company.calls().size();
  crash();
  pass(std::chrono::minutes{5});
  EXPECT_THAT(durables.company.calls(), SizeIs(calls)) << "what is refused for good is not retried by itself";
  EXPECT_EQ(operate(id, OperatorAction::retry), std::nullopt);
  EXPECT_EQ(operate(id, OperatorAction::resolve), Refusal{SagaError::outcome_unknown});
  durables.company.approve();
  life->settle();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
}

TEST_F(PaymentOutcomes, OfAChargeThatNeverLeftAreVoidWithoutACallWhenItIsCancelled) {
  const auto id = place_while_down("musical-1");
  cancel(id);
  EXPECT_EQ(life->summary(id).payment, PaymentState::voided);
  EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
  life->payments_available = true;
  life->resume_pending();
  pass(std::chrono::minutes{5});
  EXPECT_THAT(durables.company.calls(), IsEmpty());
}

TEST_F(PaymentOutcomes, OfAChargeThatNeverLeftAreVoidAfterACrashAndAtTheDeadlineToo) {
  const auto id = place_while_down("musical-1");
  life.reset();
  durables.store = durables.store->crash();
  durables.head = durables.head->crash();
  life = std::make_unique<Life>(durables, 2);
  life->payments_available = false;
  life->resume_pending();
  life->settle();
  pass(std::chrono::hours{25});
  EXPECT_EQ(life->summary(id).payment, PaymentState::voided);
  EXPECT_EQ(life->summary(id).state, EnrollmentState::expired);
  EXPECT_TRUE(life->summary(id).ended());
  EXPECT_THAT(durables.company.calls(), IsEmpty());
}

TEST_F(PaymentOutcomes, AreUnknownBeforeTheFirstCallLeavesAndDurablySo) {
  const auto id = place_while_down("musical-1");
  life->payments_available = true;
  life->resume_pending();
  do {
    while (life->run_one_turn()) {
    }
    if (count(id, "payment.charge-started") > 0) continue;
    EXPECT_THAT(durables.company.calls(), IsEmpty()) << "a call left before the journal had its start";
  } while (life->commit());
  EXPECT_EQ(count(id, "payment.charge-started"), 1u);
  EXPECT_THAT(durables.company.calls(), SizeIs(1));
  // It arrives, and its answer is lost in a crash.
  durables.company.leave_unknown(Moved::yes);
  crash();
  cancel(id);
  EXPECT_EQ(life->summary(id).payment, PaymentState::void_requested);
  end_well(id);
  EXPECT_EQ(life->summary(id).payment, PaymentState::refunded);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 0);
}

std::size_t sagas_in_outage() {
  const char* text = std::getenv("SUGANG_OUTAGE_SAGAS");
  return text ? std::strtoull(text, nullptr, 10) : 300;
}

TEST_F(PaymentOutcomes, OfManySagasInALongOutageWriteABoundedNumberOfRecordsEach) {
  const auto sagas = sagas_in_outage();
  std::vector<EnrollmentId> ids;
  for (std::size_t i = 0; i < sagas; ++i)
    ids.push_back(place(i % 2 == 0 ? "lecture-1" : "musical-1", "s" + std::to_string(i)));
  // A third are cancelled while their charge is out; all calls fail from now on.
  for (std::size_t i = 0; i < sagas; i += 3) cancel(ids[i]);
  pass_failing(std::chrono::minutes{2});
  const auto begun = life->journal().durable_position();
  const auto calls = durables.company.calls().size();
  pass_failing(std::chrono::minutes{10});
  EXPECT_EQ(life->journal().durable_position(), begun) << "an outage writes no more the longer it lasts";
  // Only probes leave, one in two seconds.
  EXPECT_LE(durables.company.calls().size() - calls, 302u);
  for (auto id : ids) {
    EXPECT_LE(count(id, "saga.step-failed") + count(id, "saga.stuck"), 2u);
    if (life->summary(id).turned) {
      EXPECT_EQ(life->summary(id).saga, SagaState::stuck);
    }
  }
  // The gateway is back: the next probe closes the breaker, and all come to their end at a pace.
  for (int round = 0; round < 3000 && !life->journal().pending().empty(); ++round) {
    durables.company.approve_all();
    life->settle();
    pass(Milliseconds{100});
  }
  EXPECT_THAT(life->journal().pending(), IsEmpty());
  EXPECT_THAT(durables.company.mistakes(), IsEmpty());
}

TEST_F(PaymentOutcomes, AreTriedAtOnceWhenAnOperatorRetriesInAnOutage) {
  const auto id = place("lecture-1");
  life->settle_with_company();
  cancel(id);
  fail_until_stuck(id);
  life->payments_available = false;
  pass(std::chrono::minutes{2});
  EXPECT_EQ(operate(id, OperatorAction::retry), std::nullopt);
  EXPECT_THAT(durables.company.waiting(), SizeIs(1));
  durables.company.approve();
  life->settle();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
}

TEST_F(PaymentOutcomes, ThatComeLateAreTakenAndTheRetryUnderTheSameKeyChangesNothing) {
  const auto id = place("lecture-1");
  durables.company.leave_unanswered();
  life->settle();
  pass(Milliseconds{500});
  EXPECT_THAT(durables.company.waiting(), SizeIs(2)) << "it is retried meanwhile";
  durables.company.approve();
  life->settle();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  durables.company.approve();
  life->settle();
  EXPECT_EQ(count(id, "payment.approved"), 1u);
  EXPECT_EQ(count(id, "saga.stuck"), 0u);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 12'000);
}

TEST_F(PaymentOutcomes, ThatComeLateReachAPaymentThatHasLeftMemory) {
  const auto id = place("lecture-1");
  durables.company.leave_unanswered();
  life->settle();
  life->sweep();
  life->settle();
  durables.company.approve();
  life->settle();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
}

TEST_F(PaymentOutcomes, ThatComeLateAfterACancelAreRefunded) {
  const auto id = place("lecture-1");
  durables.company.leave_unanswered();
  life->settle();
  cancel(id);
  ASSERT_EQ(life->summary(id).payment, PaymentState::void_requested);
  durables.company.approve();
  life->settle();
  EXPECT_EQ(life->summary(id).payment, PaymentState::refund_requested);
  end_well(id);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 0);
}

TEST_F(PaymentOutcomes, OfRefundsThatComeLateAreTakenToo) {
  const auto id = place("lecture-1");
  life->settle_with_company();
  cancel(id);
  durables.company.leave_unanswered();
  life->settle();
  durables.company.approve();
  life->settle();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
}

TEST_F(PaymentOutcomes, ThatComeAfterTheDeadlineKeepTheSagaListedAndTheEnrollmentExpiredAtOnce) {
  const auto id = place("lecture-1");
  pass_failing(std::chrono::minutes{16}, Moved::yes);
  auto summary = life->summary(id);
  EXPECT_EQ(summary.state, EnrollmentState::expired);
  EXPECT_EQ(summary.payment, PaymentState::void_requested);
  EXPECT_EQ(count(id, "enrollment.expired"), 1u);
  EXPECT_EQ(life->describe("lecture-1")->held, 0u);
  EXPECT_THAT(life->journal().pending(), SizeIs(1));
  end_well(id);
  EXPECT_EQ(life->summary(id).state, EnrollmentState::expired);
  EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 0);
}

TEST_F(PaymentOutcomes, ThatComeAfterTheDeadlineLeaveNoCallerWithoutTheExpiry) {
  std::optional<Outcome> reported;
  const auto id =
      life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s1"}},
                  Life::caller([&](const Outcome& outcome) { reported = outcome; }), std::chrono::hours{1});
  life->settle();
  // The call is never answered; a retry would be, but none is sent before the deadline.
  durables.timers.advance(std::chrono::minutes{15});
  durables.company.leave_unknown(Moved::no);
  life->settle();
  ASSERT_TRUE(reported);
  EXPECT_EQ(std::get<EnrollmentSummary>(reported->subject).state, EnrollmentState::expired);
  EXPECT_FALSE(life->summary(id).ended());
}

TEST_F(PaymentOutcomes, AreStillSoughtAfterAFaultInAnyTurnOfTheWay) {
  for (std::size_t after = 0; after < 14; ++after) {
    SCOPED_TRACE(after);
    const auto id =
        life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"f" + std::to_string(after)}},
                    Life::silent(), Milliseconds{0});
    // The enrollment is there, its payment is next.
    while (count(id, "enrollment.requested") == 0) {
      ASSERT_TRUE(life->run_one_turn() || life->commit());
      life->commit();
    }
    life->ids().fault_after(after);
    for (int round = 0; round < 400 && !life->summary(id).ended(); ++round) {
      life->settle();
      durables.company.approve_all();
      life->settle();
      pass(Milliseconds{100});
    }
    EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
    EXPECT_EQ(durables.company.balance(payment_of(id)).amount, 12'000);
    life->ids().fault_never();
  }
  EXPECT_THAT(life->reports, testing::Contains("lecture-1: no more ids")) << "no settlement has failed";
}

}  // namespace
}  // namespace sugang
