#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "domain/payment.hpp"

namespace sugang {

/// How a call for a charge or a refund ended.
enum class GatewayOutcome : std::uint8_t {
  approved,
  declined,
  /// It may or may not have happened (a failure on the gateway's side, a lost answer): it is retried with the same
  /// key until the answer is definitive.
  unknown,
  /// As unknown, but only late: the answer may still come.
  unanswered,
  /// As unknown, but for this payment alone: the gateway is up and can't read what it has booked of it.
  unreadable,
};
constexpr auto names_of(GatewayOutcome) {
  return names("approved", "declined", "unknown", "unanswered", "unreadable");
}
constexpr bool is_definitive(GatewayOutcome outcome) {
  return outcome == GatewayOutcome::approved || outcome == GatewayOutcome::declined;
}

struct GatewayAnswer {
  GatewayOutcome outcome = GatewayOutcome::unknown;
  /// Why it was declined, or what went wrong.
  std::string reason;
};

/// The outside company that moves the money. Every call carries its own idempotency key, the payment's id: the
/// same key moves money at most once, however often it is sent. Calls come from any thread and never block;
/// `done` runs on a thread of the gateway's and only posts. It runs once; but for a call without an answer after
/// `call_timeout` it runs with `unanswered`, and once more should the answer come late.
class PaymentGateway {
 public:
  using Done = std::function<void(GatewayAnswer)>;

  virtual ~PaymentGateway() = default;
  virtual void charge(PaymentId key, Money amount, PaymentMethod method, Done done) = 0;
  /// Gives back the whole charge of `key`. `declined` means refused for good.
  virtual void refund(PaymentId key, Money amount, Done done) = 0;
};

}  // namespace sugang
