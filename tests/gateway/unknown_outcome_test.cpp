#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "asking.hpp"
#include "tests/simulation/memory_ledger.hpp"

namespace sugang {
namespace {

/// Asks until the word is definitive, as a saga does.
GatewayAnswer settle(EmbeddedGateway& gateway, bool is_refund, PaymentId key, Money amount) {
  for (;;) {
    auto answer = is_refund ? refund(gateway, key, amount) : charge(gateway, key, amount);
    if (is_definitive(answer.outcome)) return answer;
  }
}

RC_GTEST_PROP(UnknownOutcomes, RetriedWithTheSameKeyMoveMoneyOnceThroughFailuresAndCrashes, ()) {
  constexpr std::uint64_t payments = 20;
  MemoryCharges charges;
  std::map<PaymentId, GatewayOutcome> reported, refunded;
  for (int round = 0; round < 4; ++round) {
    {
      MemoryLedger durable{charges};
      EmbeddedGateway gateway{durable.ledger,
                              {.call_timeout_ms = std::chrono::milliseconds{1}},
                              [](const std::string& why) { ADD_FAILURE() << why; },
                              [] { return test_now; },
                              *rc::gen::arbitrary<std::uint64_t>()};
      gateway.start();
      gateway.set_settings({.latency_max_ms = *rc::gen::inRange(0u, 3u),
                            .fail_percent = *rc::gen::inRange(0u, 70u),
                            .decline_percent = *rc::gen::inRange(0u, 50u)});
      for (int call = 0; call < 10; ++call) {
        const auto key = payment_number(*rc::gen::inRange<std::uint64_t>(0, payments));
        // What was reported once is reported for ever.
        const auto outcome = settle(gateway, false, key, won(100)).outcome;
        RC_ASSERT(reported.try_emplace(key, outcome).first->second == outcome);
        if (*rc::gen::inRange(0, 3) > 0) continue;
        const auto back = settle(gateway, true, key, won(100)).outcome;
        RC_ASSERT(back == outcome);
        refunded.emplace(key, back);
      }
      const auto ledger = ledger_of(gateway);
      RC_ASSERT(ledger.size() == reported.size());
      for (const auto& [key, outcome] : reported) {
        const auto& state = ledger.at(key).state;
        if (outcome == GatewayOutcome::declined)
          RC_ASSERT(state == ChargeState::declined);
        else
          RC_ASSERT(state == (refunded.contains(key) ? ChargeState::refunded : ChargeState::approved));
      }
    }
    // Each key was written once when it was decided and once when it was given back, never again.
    RC_ASSERT(charges.segments.writes() <= reported.size() + refunded.size());
    charges.crash();
  }
}

}  // namespace
}  // namespace sugang
