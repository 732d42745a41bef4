#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "domain/payment.hpp"

namespace sugang {

/// What the company says of a charge or a refund. `unknown`: it may or may not have happened (a timeout, a failure
/// on its side, a lost answer); asked again with the same key until the word is definitive.
enum class GatewayWord : std::uint8_t { approved, declined, unknown };

struct GatewayAnswer {
  GatewayWord word = GatewayWord::unknown;
  /// Why it was declined, or what went wrong.
  std::string reason;
};

/// The outside company that moves the money. Every call carries its own idempotency key, the payment's id: the
/// same key moves money at most once, however often it is sent. Calls come from any thread and never block;
/// `done` runs exactly once, on a thread of the gateway's, and only posts. A call without an answer after
/// `call_timeout` ends as `unknown`.
class PaymentGateway {
 public:
  using Done = std::function<void(GatewayAnswer)>;

  virtual ~PaymentGateway() = default;
  virtual void charge(PaymentId key, Money amount, PaymentMethod method, Done done) = 0;
  /// Gives back the whole charge of `key`. `declined` means refused for good.
  virtual void refund(PaymentId key, Money amount, Done done) = 0;
};

}  // namespace sugang
