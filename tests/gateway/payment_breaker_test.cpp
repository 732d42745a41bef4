#include "gateway/payment_breaker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "asking.hpp"
#include "scripted_gateway.hpp"

namespace sugang {
namespace {

using Moved = ScriptedGateway::Moved;
using std::chrono::milliseconds;

class Breaker : public ::testing::Test {
 protected:
  static constexpr BreakerSettings settings{
      .unknowns_max = 3, .open_min_ms = milliseconds{100}, .open_max_ms = milliseconds{350}, .slow_calls_min = 4};

  Pending start() { return start_charge(breaker_, payment_number(++calls_), won(5)); }
  void fail_a_call() {
    auto call = start();
    gateway_.leave_unknown(Moved::no, payment_number(calls_));
    EXPECT_EQ(call.get().outcome, GatewayOutcome::unknown);
  }
  void leave_a_call_unanswered() {
    auto call = start();
    gateway_.leave_unanswered(payment_number(calls_));
    EXPECT_EQ(call.get().outcome, GatewayOutcome::unanswered);
  }
  void succeed_a_call() {
    auto call = start();
    gateway_.approve(payment_number(calls_));
    EXPECT_EQ(call.get().outcome, GatewayOutcome::approved);
  }
  void fall() {
    for (std::uint32_t i = 0; i < settings.unknowns_max; ++i) fail_a_call();
    ASSERT_FALSE(breaker_.available());
  }
  void pass(milliseconds time) { now_ += time; }

  ScriptedGateway gateway_;
  std::chrono::steady_clock::time_point now_{};
  PaymentBreaker breaker_{gateway_, settings, [this] { return now_; }};
  std::uint64_t calls_ = 0;
};

TEST_F(Breaker, ClosesWhenAnOperatorResetsIt) {
  fall();
  breaker_.reset();
  EXPECT_TRUE(breaker_.available());
  for (std::uint32_t i = 1; i < settings.unknowns_max; ++i) fail_a_call();
  EXPECT_TRUE(breaker_.available());
  fail_a_call();
  EXPECT_FALSE(breaker_.available());
}

TEST_F(Breaker, PassesCallsAndAnswersOnAsTheyAre) {
  auto charge = start_charge(breaker_, payment_number(7), won(9), PaymentMethod::test_decline);
  EXPECT_EQ(gateway_.calls().back(), (ScriptedGateway::Call{ScriptedGateway::CallKind::charge, payment_number(7),
                                                            won(9), PaymentMethod::test_decline}));
  gateway_.decline("no funds");
  const auto answer = charge.get();
  EXPECT_EQ(answer.outcome, GatewayOutcome::declined);
  EXPECT_EQ(answer.reason, "no funds");

  auto paid = start_charge(breaker_, payment_number(8), won(9));
  auto refund = start_refund(breaker_, payment_number(8), won(9));
  EXPECT_EQ(gateway_.calls().back().kind, ScriptedGateway::CallKind::refund);
  gateway_.approve_all();
  EXPECT_EQ(paid.get().outcome, GatewayOutcome::approved);
  EXPECT_EQ(refund.get().outcome, GatewayOutcome::approved);
  EXPECT_EQ(gateway_.balance(payment_number(8)), won(0));
}

TEST_F(Breaker, OpensAfterSoManyUnknownsInARow) {
  fail_a_call();
  fail_a_call();
  EXPECT_TRUE(breaker_.available());
  fail_a_call();
  EXPECT_FALSE(breaker_.available());
}

TEST_F(Breaker, CountsUnknownsInARowOnly) {
  for (int i = 0; i < 5; ++i) {
    fail_a_call();
    fail_a_call();
    succeed_a_call();
  }
  EXPECT_TRUE(breaker_.available());
}

TEST_F(Breaker, TakesADeclineForTheAnswerItIs) {
  for (int i = 0; i < 5; ++i) {
    auto call = start();
    gateway_.decline("no funds");
    call.get();
  }
  fail_a_call();
  fail_a_call();
  auto call = start();
  gateway_.decline("no funds");
  fail_a_call();
  EXPECT_TRUE(breaker_.available());
}

TEST_F(Breaker, CountsRefundsAsCalls) {
  for (std::uint64_t i = 1; i <= settings.unknowns_max; ++i) {
    auto call = start_refund(breaker_, payment_number(i), won(5));
    gateway_.leave_unknown(Moved::no);
  }
  EXPECT_FALSE(breaker_.available());
}

TEST_F(Breaker, SwallowsNoCallWhileItIsOpen) {
  succeed_a_call();
  fall();
  auto refund = start_refund(breaker_, payment_number(1), won(5));
  ASSERT_EQ(gateway_.waiting().size(), 1u);
  gateway_.approve();
  EXPECT_EQ(refund.get().outcome, GatewayOutcome::approved);
  EXPECT_EQ(gateway_.balance(payment_number(1)), won(0));
}

TEST_F(Breaker, IsClosedAtOnceByAnyDefinitiveOutcome) {
  auto slow = start();
  for (std::uint32_t i = 0; i < settings.unknowns_max; ++i) {
    auto call = start();
    gateway_.leave_unknown(Moved::no, payment_number(calls_));
  }
  EXPECT_FALSE(breaker_.available());
  gateway_.approve(payment_number(1));
  EXPECT_TRUE(breaker_.available());
  fail_a_call();
  fail_a_call();
  EXPECT_TRUE(breaker_.available()) << "it counts from the beginning again";
}

TEST_F(Breaker, LetsOneProbePassWhenItsTimeIsOver) {
  fall();
  pass(milliseconds{99});
  EXPECT_FALSE(breaker_.available());
  pass(milliseconds{1});
  EXPECT_TRUE(breaker_.available());
  auto probe = start();
  EXPECT_FALSE(breaker_.available()) << "while the probe is under way";
  gateway_.approve();
  EXPECT_TRUE(breaker_.available());
  fail_a_call();
  EXPECT_TRUE(breaker_.available());
}

TEST_F(Breaker, ProbesAGatewayThatAnswersWithErrorsAtASteadyPace) {
  fall();
  for (int i = 0; i < 5; ++i) {
    pass(milliseconds{100});
    EXPECT_TRUE(breaker_.available()) << i;
    fail_a_call();
  }
}

TEST_F(Breaker, DoublesItsTimeWithEachProbeThatIsUnansweredUpToTheMost) {
  fall();
  for (auto duration : {100, 200, 350, 350}) {
    pass(milliseconds{duration - 1});
    EXPECT_FALSE(breaker_.available()) << duration;
    pass(milliseconds{1});
    EXPECT_TRUE(breaker_.available()) << duration;
    leave_a_call_unanswered();
    EXPECT_FALSE(breaker_.available()) << duration;
  }
}

TEST_F(Breaker, BeginsWithTheShortestTimeAgainAfterItWasClosed) {
  fall();
  pass(milliseconds{100});
  leave_a_call_unanswered();
  pass(milliseconds{200});
  succeed_a_call();
  fall();
  pass(milliseconds{100});
  EXPECT_TRUE(breaker_.available());
}

TEST_F(Breaker, DoesNotDoubleForCallsThatAreNoProbe) {
  auto under_way = start();
  fall();
  fail_a_call();
  fail_a_call();
  gateway_.leave_unknown(Moved::no);
  pass(milliseconds{100});
  EXPECT_TRUE(breaker_.available());
  auto probe = start();
  auto beside = start();
  gateway_.leave_unknown(Moved::no, payment_number(calls_));
  EXPECT_FALSE(breaker_.available()) << "the probe is still under way";
  gateway_.leave_unanswered();
  pass(milliseconds{199});
  EXPECT_FALSE(breaker_.available());
  pass(milliseconds{1});
  EXPECT_TRUE(breaker_.available());
}

TEST_F(Breaker, TakesNoEarlierProbeForTheNewOne) {
  fall();
  pass(milliseconds{100});
  auto slow_probe = start();
  const auto slow = payment_number(calls_);
  succeed_a_call();
  fall();
  pass(milliseconds{100});
  auto probe = start();
  const auto newer = payment_number(calls_);
  gateway_.leave_unknown(Moved::no, slow);
  EXPECT_FALSE(breaker_.available()) << "the newer probe is under way";
  gateway_.approve(newer);
  EXPECT_TRUE(breaker_.available());
}

TEST_F(Breaker, TakesLateAnswersForNoFailureWhileTheGatewayGivesSome) {
  for (int i = 0; i < 50; ++i) {
    auto call = start_charge(breaker_, payment_number(++calls_), won(5));
    pass(milliseconds{2'000});
    gateway_.leave_unanswered(payment_number(calls_));
    EXPECT_TRUE(breaker_.available());
    pass(milliseconds{500});
    gateway_.approve(payment_number(calls_));
  }
  EXPECT_TRUE(breaker_.available());
}

TEST_F(Breaker, OpensWhenTheGatewayIsSilent) {
  std::vector<Pending> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(start());
  pass(milliseconds{2'000});
  for (std::uint64_t i = 1; i <= 9; ++i) gateway_.leave_unanswered(payment_number(i));
  EXPECT_TRUE(breaker_.available()) << "they may still be answered";
  pass(settings.slow_call_ms - milliseconds{2'000});
  gateway_.leave_unanswered(payment_number(10));
  EXPECT_FALSE(breaker_.available());
  gateway_.approve(payment_number(10));
  EXPECT_FALSE(breaker_.available()) << "as slow as that, the answer says little";
}

TEST_F(Breaker, OpensByARuleOfItsOwnWhenHalfOfTheAnswersAreSlow) {
  const auto answer_after = [&](milliseconds time) {
    auto call = start();
    pass(time);
    gateway_.approve(payment_number(calls_));
  };
  // Every other answer is slow, and all of them fall into the window.
  std::vector<Pending> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(start());
  pass(settings.slow_call_ms);
  gateway_.approve(payment_number(1));
  answer_after(milliseconds{1});
  answer_after(milliseconds{1});
  EXPECT_TRUE(breaker_.available()) << "one of three";
  gateway_.approve(payment_number(2));
  EXPECT_FALSE(breaker_.available()) << "two of four";
  gateway_.approve(payment_number(3));
  EXPECT_FALSE(breaker_.available()) << "a slow answer closes nothing";
  pass(settings.open_min_ms);
  EXPECT_TRUE(breaker_.available());
  answer_after(settings.slow_call_ms);
  EXPECT_FALSE(breaker_.available()) << "a slow probe has failed";
  pass(settings.open_max_ms);
  answer_after(milliseconds{1});
  EXPECT_TRUE(breaker_.closed());
}

TEST_F(Breaker, ForgetsSlowAnswersOfLongAgo) {
  for (int i = 0; i < 10; ++i) {
    auto call = start();
    pass(std::chrono::seconds{6});
    gateway_.approve(payment_number(calls_));
  }
  EXPECT_TRUE(breaker_.available()) << "two within ten seconds are too few to judge by";
}

TEST(BreakerOfManyThreads, EndsClosedWhenTheLastOutcomesAreDefinitive) {
  ScriptedGateway gateway;
  PaymentBreaker breaker{gateway,
                         {.unknowns_max = 2, .open_min_ms = milliseconds{0}, .open_max_ms = milliseconds{0}},
                         [] { return std::chrono::steady_clock::now(); }};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 1; t <= 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 500; ++i) {
        const auto key = payment_number(t * 1'000 + i);
        auto call = start_charge(breaker, key, won(5));
        gateway.leave_unknown(Moved::no, key);
        breaker.available();
        auto again = start_charge(breaker, key, won(5));
        gateway.approve(key);
        EXPECT_EQ(again.get().outcome, GatewayOutcome::approved);
      }
    });
  for (auto& thread : threads) thread.join();
  auto last = start_charge(breaker, payment_number(1), won(5));
  gateway.approve();
  EXPECT_TRUE(breaker.available());
  EXPECT_TRUE(gateway.mistakes().empty());
}

}  // namespace
}  // namespace sugang
