#include "gateway/embedded_gateway.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "asking.hpp"
#include "gateway/charge_ledger_folder.hpp"
#include "gateway/payment_breaker.hpp"
#include "storage/bytes.hpp"
#include "tests/simulation/memory_ledger.hpp"

namespace sugang {
namespace {

void fail_the_test(const std::string& why) { ADD_FAILURE() << why; }

/// A started gateway.
struct Company {
  explicit Company(MemoryCharges& charges, EmbeddedGateway::Limits limits = {},
                   EmbeddedGateway::OnFailure on_failure = fail_the_test)
      : ledger(charges),
        gateway(
            ledger.ledger, limits, std::move(on_failure), [] { return test_now; }, 1) {
    gateway.start();
  }
  MemoryLedger ledger;
  EmbeddedGateway gateway;
};

class Gateway : public ::testing::Test {
 protected:
  /// An entry of the ledger that can't be read from then on.
  void charge_unreadably() {
    {
      Company company{charges_};
      charge(company.gateway, key_, won(500));
    }
    std::string key;
    put_uid(key, key_.uid);
    charges_.index->spoil(ChargeLedger::space, key);
  }

  MemoryCharges charges_;
  const PaymentId key_ = payment_number(1);
};

constexpr EmbeddedGateway::Limits impatient{.call_timeout_ms = std::chrono::milliseconds{15}};

TEST_F(Gateway, EntersAChargeAndApprovesIt) {
  Company company{charges_};
  EXPECT_EQ(charge(company.gateway, key_, won(500)).outcome, GatewayOutcome::approved);
  const auto ledger = ledger_of(company.gateway);
  ASSERT_EQ(ledger.size(), 1u);
  const auto& entry = ledger.at(key_);
  EXPECT_EQ(entry.amount, won(500));
  EXPECT_EQ(entry.state, ChargeState::approved);
  EXPECT_EQ(entry.at, test_now);
}

TEST_F(Gateway, GivesNoOutcomeForAnEntryThatCannotBeReadAndServesTheOthers) {
  charge_unreadably();
  Company company{charges_};
  EXPECT_EQ(refund(company.gateway, key_, won(500)).outcome, GatewayOutcome::unreadable);
  EXPECT_EQ(charge(company.gateway, payment_number(2), won(500)).outcome, GatewayOutcome::approved);
}

TEST_F(Gateway, KeepsNoOtherPaymentWaitingForAnEntryThatCannotBeRead) {
  charge_unreadably();
  Company company{charges_};
  const BreakerSettings settings;
  PaymentBreaker breaker{company.gateway, settings, [] { return std::chrono::steady_clock::now(); }};
  for (std::uint32_t i = 0; i < 2 * settings.unknowns_max; ++i) refund(breaker, key_, won(500));
  EXPECT_TRUE(breaker.closed());
}

TEST_F(Gateway, DeclinesTheTestMethodThatAsksForIt) {
  Company company{charges_};
  const auto answer = charge(company.gateway, key_, won(500), PaymentMethod::test_decline);
  EXPECT_EQ(answer.outcome, GatewayOutcome::declined);
  EXPECT_EQ(answer.reason, "declined by test method");
  EXPECT_EQ(state_in_ledger(company.gateway, key_), "declined");
}

TEST_F(Gateway, AnswersAKnownKeyAsBefore) {
  Company company{charges_};
  const auto declined_key = payment_number(2);
  charge(company.gateway, key_, won(500));
  charge(company.gateway, declined_key, won(500), PaymentMethod::test_decline);
  company.gateway.set_settings({.decline_percent = 100});
  EXPECT_EQ(charge(company.gateway, key_, won(500)).outcome, GatewayOutcome::approved);
  EXPECT_EQ(charge(company.gateway, key_, won(500), PaymentMethod::test_decline).outcome, GatewayOutcome::approved);
  company.gateway.set_settings({});
  EXPECT_EQ(charge(company.gateway, declined_key, won(500)).outcome, GatewayOutcome::declined);
  EXPECT_EQ(charges_.segments.writes(), 2u);
}

TEST_F(Gateway, DeclinesAKnownKeyWithAnotherAmountAndEntersNothing) {
  Company company{charges_};
  charge(company.gateway, key_, won(500));
  const auto answer = charge(company.gateway, key_, won(501));
  EXPECT_EQ(answer.outcome, GatewayOutcome::declined);
  EXPECT_THAT(answer.reason, ::testing::HasSubstr("another amount"));
  EXPECT_EQ(ledger_of(company.gateway).at(key_).amount, won(500));
  EXPECT_EQ(charge(company.gateway, key_, won(500)).outcome, GatewayOutcome::approved);
}

TEST_F(Gateway, DecidesTheSameKeyOnceWithinABatch) {
  MemoryLedger ledger{charges_};
  EmbeddedGateway gateway{ledger.ledger, {}, fail_the_test, [] { return test_now; }, 1};
  auto first = start_charge(gateway, key_, won(500));
  auto again = start_charge(gateway, key_, won(500), PaymentMethod::test_decline);
  auto back = start_refund(gateway, key_, won(500));
  gateway.start();
  EXPECT_EQ(first.get().outcome, GatewayOutcome::approved);
  EXPECT_EQ(again.get().outcome, GatewayOutcome::approved);
  EXPECT_EQ(back.get().outcome, GatewayOutcome::approved);
  EXPECT_EQ(charges_.segments.writes(), 1u);
  EXPECT_EQ(state_in_ledger(gateway, key_), "refunded");
}

TEST_F(Gateway, KeepsItsLedgerThroughACrash) {
  for (std::uint64_t i = 0; i < 20; ++i) {
    Company company{charges_};
    charge(company.gateway, payment_number(i), won(100));
    if (i % 2) refund(company.gateway, payment_number(i), won(100));
  }
  charges_.crash();
  const auto written = charges_.segments.writes();
  Company company{charges_};
  const auto ledger = ledger_of(company.gateway);
  ASSERT_EQ(ledger.size(), 20u);
  for (std::uint64_t i = 0; i < 20; ++i)
    EXPECT_EQ(ledger.at(payment_number(i)).state, i % 2 ? ChargeState::refunded : ChargeState::approved);
  EXPECT_EQ(charge(company.gateway, payment_number(3), won(100)).outcome, GatewayOutcome::approved);
  EXPECT_EQ(charges_.segments.writes(), written);
}

TEST_F(Gateway, KeepsItsLedgerInAFolder) {
  const auto folder =
      std::filesystem::path{::testing::TempDir()} / ("gateway-ledger-" + std::to_string(std::random_device{}()));
  for (int round = 0; round < 2; ++round) {
    ChargeLedgerFolder charges{folder.string(), {}, fail_the_test};
    EmbeddedGateway gateway{charges.ledger(), {}, fail_the_test, [] { return test_now; }, 1};
    gateway.start();
    EXPECT_EQ(state_in_ledger(gateway, key_), round == 0 ? "" : "approved");
    EXPECT_EQ(charge(gateway, key_, won(500)).outcome, GatewayOutcome::approved);
  }
  std::filesystem::remove_all(folder);
}

TEST_F(Gateway, RefundsAnApprovedChargeOnce) {
  Company company{charges_};
  charge(company.gateway, key_, won(500));
  EXPECT_EQ(refund(company.gateway, key_, won(500)).outcome, GatewayOutcome::approved);
  EXPECT_EQ(refund(company.gateway, key_, won(500)).outcome, GatewayOutcome::approved);
  EXPECT_EQ(charges_.segments.writes(), 2u);
  EXPECT_EQ(state_in_ledger(company.gateway, key_), "refunded");
  // A charge that comes late, or twice, finds the money given back and takes none.
  EXPECT_EQ(charge(company.gateway, key_, won(500)).outcome, GatewayOutcome::approved);
  EXPECT_EQ(state_in_ledger(company.gateway, key_), "refunded");
}

TEST_F(Gateway, RefusesForGoodARefundOfWhatItDidNotTake) {
  Company company{charges_};
  EXPECT_EQ(refund(company.gateway, key_, won(500)).outcome, GatewayOutcome::declined);
  charge(company.gateway, key_, won(500), PaymentMethod::test_decline);
  const auto answer = refund(company.gateway, key_, won(500));
  EXPECT_EQ(answer.outcome, GatewayOutcome::declined);
  EXPECT_FALSE(answer.reason.empty());
  charge(company.gateway, payment_number(2), won(500));
  EXPECT_EQ(refund(company.gateway, payment_number(2), won(499)).outcome, GatewayOutcome::declined);
  EXPECT_EQ(state_in_ledger(company.gateway, payment_number(2)), "approved");
}

TEST_F(Gateway, DeclinesAsManyAsItsSettings) {
  Company company{charges_};
  company.gateway.set_settings({.decline_percent = 30});
  std::vector<Pending> calls;
  for (std::uint64_t i = 0; i < 1'000; ++i)
    calls.push_back(start_charge(company.gateway, payment_number(i), won(1)));
  int declined = 0;
  for (auto& call : calls) declined += call.get().outcome == GatewayOutcome::declined ? 1 : 0;
  EXPECT_GT(declined, 220);
  EXPECT_LT(declined, 380);
}

TEST_F(Gateway, ThatFailsAnswersUnknownAndHasBookedOnlySome) {
  Company company{charges_};
  company.gateway.set_settings({.fail_percent = 100});
  for (std::uint64_t i = 0; i < 100; ++i)
    EXPECT_EQ(charge(company.gateway, payment_number(i), won(1)).outcome, GatewayOutcome::unknown);
  const auto booked = ledger_of(company.gateway).size();
  EXPECT_GT(booked, 20u);
  EXPECT_LT(booked, 80u);
}

TEST_F(Gateway, ThatHangsLeavesTheCallUnansweredAfterTheTimeout) {
  Company company{charges_, impatient};
  company.gateway.set_settings({.hang = true});
  const auto start = std::chrono::steady_clock::now();
  std::vector<Pending> calls;
  for (std::uint64_t i = 0; i < 100; ++i) calls.push_back(start_charge(company.gateway, payment_number(i), won(1)));
  for (auto& call : calls) EXPECT_EQ(call.get().outcome, GatewayOutcome::unanswered);
  EXPECT_GE(std::chrono::steady_clock::now() - start, impatient.call_timeout_ms);
  const auto booked = ledger_of(company.gateway).size();
  EXPECT_GT(booked, 20u);
  EXPECT_LT(booked, 80u);
  company.gateway.set_settings({});
  EXPECT_EQ(charge(company.gateway, payment_number(1), won(1)).outcome, GatewayOutcome::approved);
}

TEST_F(Gateway, AnswersNoSoonerThanItsLatency) {
  Company company{charges_};
  company.gateway.set_settings({.latency_min_ms = 10, .latency_max_ms = 20});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(charge(company.gateway, key_, won(1)).outcome, GatewayOutcome::approved);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{10});
}

TEST_F(Gateway, DelaysNoCallByTheLatencyOfAnother) {
  Company company{charges_, {.call_timeout_ms = std::chrono::seconds{60}}};
  company.gateway.set_settings({.latency_min_ms = 30'000, .latency_max_ms = 30'000});
  auto slow = start_charge(company.gateway, key_, won(1));
  const auto deadline = std::chrono::steady_clock::now() + answer_deadline;
  while (state_in_ledger(company.gateway, key_).empty() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  company.gateway.set_settings({});
  EXPECT_EQ(charge(company.gateway, payment_number(2), won(1)).outcome, GatewayOutcome::approved);
  EXPECT_FALSE(slow.is_answered());
}

TEST_F(Gateway, SlowerThanTheTimeoutLeavesTheCallUnansweredAndHasBooked) {
  Company company{charges_, impatient};
  company.gateway.set_settings({.latency_min_ms = 60'000, .latency_max_ms = 60'000});
  EXPECT_EQ(charge(company.gateway, key_, won(1)).outcome, GatewayOutcome::unanswered);
  EXPECT_EQ(state_in_ledger(company.gateway, key_), "approved");
}

TEST_F(Gateway, SlowerThanTheTimeoutAnswersLate) {
  Company company{charges_, impatient};
  company.gateway.set_settings({.latency_min_ms = 30, .latency_max_ms = 30});
  auto words = std::make_shared<std::vector<GatewayOutcome>>();
  std::promise<void> last;
  company.gateway.charge(key_, won(1), PaymentMethod::test_approve, [&, words](const GatewayAnswer& answer) {
    words->push_back(answer.outcome);
    if (is_definitive(answer.outcome)) last.set_value();
  });
  ASSERT_EQ(last.get_future().wait_for(answer_deadline), std::future_status::ready);
  EXPECT_EQ(*words, (std::vector{GatewayOutcome::unanswered, GatewayOutcome::approved}));
}

TEST_F(Gateway, PausedAnswersUnknownAtOnceAndEntersNothing) {
  Company company{charges_};
  company.gateway.pause(true);
  const auto answer = charge(company.gateway, key_, won(1));
  EXPECT_EQ(answer.outcome, GatewayOutcome::unknown);
  EXPECT_EQ(answer.reason, "payments are paused");
  EXPECT_TRUE(ledger_of(company.gateway).empty());
  company.gateway.pause(false);
  EXPECT_EQ(charge(company.gateway, key_, won(1)).outcome, GatewayOutcome::approved);
}

TEST_F(Gateway, ThatStopsAnswersEveryCallOnce) {
  Company company{charges_};
  company.gateway.set_settings({.hang = true});
  std::atomic<int> answers{0};
  for (std::uint64_t i = 0; i < 50; ++i)
    company.gateway.charge(payment_number(i), won(1), PaymentMethod::test_approve, [&](GatewayAnswer answer) {
      answers += answer.outcome == GatewayOutcome::unknown ? 1 : 100;
    });
  company.gateway.stop();
  EXPECT_EQ(answers, 50);
  EXPECT_EQ(charge(company.gateway, key_, won(1)).outcome, GatewayOutcome::unknown);
}

TEST_F(Gateway, TakesNoMoreCallsThanItsBound) {
  Company company{charges_, {.call_timeout_ms = std::chrono::seconds{60}, .calls_waiting_max = 3}};
  company.gateway.set_settings({.hang = true});
  std::vector<Pending> calls;
  for (std::uint64_t i = 0; i < 3; ++i) calls.push_back(start_charge(company.gateway, payment_number(i), won(1)));
  const auto answer = charge(company.gateway, payment_number(4), won(1));
  EXPECT_EQ(answer.outcome, GatewayOutcome::unknown);
  EXPECT_THAT(answer.reason, ::testing::HasSubstr("too many"));
}

TEST_F(Gateway, WhoseLedgerFailsReportsItOnceAndAnswersUnknown) {
  charges_.segments.break_write_after(1);
  std::atomic<int> failures{0};
  Company company{charges_, {}, [&](const std::string&) { ++failures; }};
  EXPECT_EQ(charge(company.gateway, payment_number(1), won(1)).outcome, GatewayOutcome::approved);
  for (std::uint64_t i = 2; i < 5; ++i)
    EXPECT_EQ(charge(company.gateway, payment_number(i), won(1)).outcome, GatewayOutcome::unknown);
  EXPECT_EQ(failures, 1);
}

TEST_F(Gateway, ListsItsLedgerPageByPage) {
  Company company{charges_};
  std::vector<Pending> calls;
  for (std::uint64_t i = 0; i < 25; ++i) calls.push_back(start_charge(company.gateway, payment_number(i), won(1)));
  for (auto& call : calls) call.get();
  for (std::size_t limit : {1, 4, 24, 25, 26}) EXPECT_EQ(ledger_of(company.gateway, limit).size(), 25u);
  EXPECT_TRUE(company.gateway.charges({.limit = 5, .cursor = "nonsense"}).cursor_invalid);
}

}  // namespace
}  // namespace sugang
