#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "actors/entity_host.hpp"

namespace sugang {

/// A payment: its intent is durable before a call leaves, and every call carries one key, its own id, until the
/// gateway's answer is definitive. The saga decides when to retry; an answer that comes late is taken all the same.
class PaymentActor final : public EntityHost<Payment> {
 public:
  using EntityHost::EntityHost;

 private:
  struct Call {
    std::uint64_t number = 0;
    bool refund = false;
    /// Which of the payment's charges it is about.
    std::uint32_t charge = 0;
  };

  caf::message_handler handlers() override;
  void handle(const Task<Payment>& task) override;
  /// Of the command that waits for the gateway, if there is one; its saga is notified of a fault.
  Cause cause_of_call() const;
  void open(const PaymentOpened& opened);
  void take_answer(const GatewayAnswered& answered);
  /// Hands an approval to the enrollment, which knows what is appended with it.
  void settle(std::vector<PaymentEvent> approval);
  void end_settlement(const Settled& settled);
  /// Makes the call when it is run.
  std::function<void()> call_of(const Call& call, const Payment& payment);
  /// Commits, calls the gateway for what is pending then, and replies to the saga where the step stands.
  void proceed(std::vector<PaymentEvent> events, bool may_call);
  /// The saga's step that the call is for.
  Causation pending_step() const;
  StepOutcome outcome_of_step() const;
  void forget_state() override;
  bool ready_to_unload() const override { return !calling_; }

  /// The command that waits for the gateway's answer.
  Cause waiting_;
  /// The call that the saga waits for; those before it may still be answered.
  std::optional<Call> calling_;
  std::uint64_t last_call_ = 0;
  /// Decided, and handed to the enrollment.
  std::vector<PaymentEvent> settling_;
};

}  // namespace sugang
