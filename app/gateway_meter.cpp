#include "app/gateway_meter.hpp"

#include <utility>

namespace sugang {

void GatewayMeter::charge(PaymentId key, Money amount, PaymentMethod method, Done done) {
  gateway_.charge(key, amount, method, measured("charge", std::move(done)));
}

void GatewayMeter::refund(PaymentId key, Money amount, Done done) {
  gateway_.refund(key, amount, measured("refund", std::move(done)));
}

PaymentGateway::Done GatewayMeter::measured(std::string_view call, Done done) const {
  return [metrics = metrics_, call, begun = std::chrono::steady_clock::now(),
          done = std::move(done)](GatewayAnswer answer) {
    metrics->gateway_answered(call, to_text(answer.outcome), std::chrono::steady_clock::now() - begun);
    done(std::move(answer));
  };
}

}  // namespace sugang
