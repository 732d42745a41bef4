#pragma once

#include "actors/entity_host.hpp"

namespace sugang {

/// A payment: its intent is durable before the gateway hears of it, and it asks under one key, its own id, until
/// the gateway's word is definitive. When to ask again is the saga's to say.
class PaymentActor final : public EntityHost<Payment> {
 public:
  using EntityHost::EntityHost;

 private:
  caf::message_handler handlers() override;
  void handle(const Task<Payment>& task) override;
  void hear(const GatewayAnswered& answered);
  /// Commits, asks for what is owed then, and tells the saga where the step stands.
  void proceed(std::vector<PaymentEvent> events);
  bool ready_to_leave() const override { return !asking_; }

  /// The command that waits for the gateway's word.
  Cause waiting_;
  bool asking_ = false;
};

}  // namespace sugang
