#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>

#include "gateway/embedded_gateway.hpp"

namespace sugang {

inline constexpr TimePoint test_now{Milliseconds{1'700'000'000'000}};
inline constexpr std::chrono::seconds answer_deadline{20};

inline PaymentId payment_number(std::uint64_t number) {
  return {make_uid(test_now, Partition{7}, number, static_cast<std::uint8_t>(number))};
}
inline Money won(std::int64_t amount) { return {amount, {}}; }

/// The answer to come of one call.
class Pending {
 public:
  /// Only the first answer counts; what comes late is for `PaymentGateway::Done`s of the test's own.
  PaymentGateway::Done done() {
    return [promise = promise_, answered = std::make_shared<std::atomic<bool>>(false)](GatewayAnswer answer) {
      if (!answered->exchange(true)) promise->set_value(std::move(answer));
    };
  }
  GatewayAnswer get() {
    if (answer_.wait_for(answer_deadline) != std::future_status::ready) {
      ADD_FAILURE() << "no answer within the deadline";
      return {GatewayOutcome::unknown, "no answer within the deadline"};
    }
    return answer_.get();
  }
  bool is_answered() const { return answer_.wait_for(std::chrono::seconds{0}) == std::future_status::ready; }

 private:
  std::shared_ptr<std::promise<GatewayAnswer>> promise_ = std::make_shared<std::promise<GatewayAnswer>>();
  std::future<GatewayAnswer> answer_ = promise_->get_future();
};

inline Pending start_charge(PaymentGateway& gateway, PaymentId key, Money amount,
                            PaymentMethod method = PaymentMethod::test_approve) {
  Pending pending;
  gateway.charge(key, amount, method, pending.done());
  return pending;
}
inline Pending start_refund(PaymentGateway& gateway, PaymentId key, Money amount) {
  Pending pending;
  gateway.refund(key, amount, pending.done());
  return pending;
}
inline GatewayAnswer charge(PaymentGateway& gateway, PaymentId key, Money amount,
                            PaymentMethod method = PaymentMethod::test_approve) {
  return start_charge(gateway, key, amount, method).get();
}
inline GatewayAnswer refund(PaymentGateway& gateway, PaymentId key, Money amount) {
  return start_refund(gateway, key, amount).get();
}

/// The ledger' lines by key.
inline std::map<PaymentId, ChargeEntry> ledger_of(const EmbeddedGateway& gateway, std::size_t limit = 200) {
  std::map<PaymentId, ChargeEntry> ledger;
  Page page{.limit = limit, .cursor = {}};
  for (;;) {
    auto result = gateway.charges(page);
    EXPECT_FALSE(result.cursor_invalid);
    for (const auto& entry : result.listing.items)
      EXPECT_TRUE(ledger.emplace(entry.key, entry).second) << "listed twice: " << to_text(entry.key);
    if (!result.listing.next || result.cursor_invalid) return ledger;
    page.cursor = *result.listing.next;
  }
}
inline std::string state_in_ledger(const EmbeddedGateway& gateway, PaymentId key) {
  const auto ledger = ledger_of(gateway);
  auto it = ledger.find(key);
  return it == ledger.end() ? "" : std::string{to_text(it->second.state)};
}

}  // namespace sugang
