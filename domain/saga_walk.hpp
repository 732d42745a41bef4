#pragma once

#include <string>

#include "domain/saga_draft.hpp"

namespace sugang {

/// Takes a saga along its way: the next step, its retry, its wait and its deadline, the turn back, and the end.
class SagaWalk : public SagaDraft {
 public:
  using SagaDraft::SagaDraft;

 protected:
  /// Continues from the cursor, unless a step is out.
  void resume();
  void run();
  void turn(TurnCause cause, std::string reason);
  /// The step under the cursor.
  void step_ended(const StepReply& reply);
  void under_way(const StepReply& reply);
  void send(ParticipantCommand command) { effect(SendCommand{std::move(command)}); }

  void continue_move();
  void retry_move(const StepReply& reply);

  void wait_for_staff(const StepRow& step);
  void arm_deadline();
  void pass_deadline(const StepRow& step);

  /// An operator's retry calls the gateway even while that counts as down.
  bool operator_retries_ = false;

 private:
  bool take_own(const Causation& step);
  void retry_later(const Causation& command, const std::string& error);
  void arm_retry(const Causation& command);
  void take_up_change();
  void refuse_change(const StepReply& reply);
  void finish();
  void get_stuck(const Causation& command, const std::string& error);
  void mark_expired_before_money_moves();
  void wait_for_component(const Causation& command);
  void wait_for_payments(const Causation& command);
};

}  // namespace sugang
