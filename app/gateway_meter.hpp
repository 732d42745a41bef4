#pragma once

#include <memory>

#include "app/metrics.hpp"
#include "gateway/payment_gateway.hpp"

namespace sugang {

/// Passes every call on, and measures how long the gateway takes to answer it.
class GatewayMeter final : public PaymentGateway {
 public:
  GatewayMeter(PaymentGateway& gateway, std::shared_ptr<Metrics> metrics)
      : gateway_(gateway), metrics_(std::move(metrics)) {}

  void charge(PaymentId key, Money amount, PaymentMethod method, Done done) override;
  void refund(PaymentId key, Money amount, Done done) override;

 private:
  Done measured(std::string_view call, Done done) const;

  PaymentGateway& gateway_;
  const std::shared_ptr<Metrics> metrics_;
};

}  // namespace sugang
