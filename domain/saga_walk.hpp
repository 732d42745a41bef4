#pragma once

#include <string>

#include "domain/saga_draft.hpp"

namespace sugang {

/// Moves a saga along its way: the next step, its retry, wait and deadline, turning back, and the end.
class SagaWalk : public SagaDraft {
 public:
  using SagaDraft::SagaDraft;

 protected:
  /// Runs, unless a command is in flight or the saga has ended.
  void resume();
  /// Takes steps from the cursor on, until one has to wait. Returns early when a postponed cancel comes first.
  void run();
  void turn_back(TurnCause cause, std::string reason);
  // Replies to the command under the cursor.
  void on_step_reply(const StepReply& reply);
  void on_under_way(const StepReply& reply);
  void send(ParticipantCommand command) { add_effect(SendCommand{std::move(command)}); }

  /// A move is a change of a scheduled class's instructor or time: `pending_move`.
  void continue_move();
  void retry_move(const StepReply& reply);

  void wait_for_staff(const StepRow& step);
  void arm_deadline();
  void pass_deadline(const StepRow& step);

  /// StepContext::operator_retries of the commands that are sent.
  bool operator_retries_ = false;

 private:
  bool take(const Causation& step);
  void retry_later(const Causation& command, const std::string& error);
  void arm_retry(const Causation& command);
  void begin_wait_for_change();
  void refuse_change(const StepReply& reply);
  void finish();
  void get_stuck(const Causation& command, const std::string& error);
  void mark_expired_before_refund();
  void wait_for_component(const Causation& command);
  void wait_for_payments(const Causation& command);
};

}  // namespace sugang
