#include "domain/saga_walk.hpp"

#include <algorithm>
#include <utility>

#include "domain/saga_rules.hpp"

namespace sugang {
namespace {

constexpr Causation take_payment{Step::take_payment, Direction::act};
constexpr Causation mark_expired{Step::mark_expired, Direction::act};

std::string decline_reason(const StepReply& reply) {
  for (const auto& record : reply.records)
    if (const auto* payment = std::get_if<PaymentEvent>(&record.event)) {
      if (const auto* declined = std::get_if<PaymentDeclined>(payment)) return declined->reason;
      if (const auto* declined = std::get_if<ReplacementDeclined>(payment)) return declined->reason;
    }
  return reply.error;
}

}  // namespace

void SagaWalk::resume() {
  if (saga_.running || !saga_.exists() || summary_.ended()) return;
  run();
}

void SagaWalk::run() {
  saga_.retry_armed = false;
  continue_move();
  for (;;) {
    cursor_ = first_undone(cursor_, summary_);
    if (cancel_is_next(saga_)) return;
    const auto command = command_at(cursor_);
    if (!command) return finish();
    if (waits_for_component(saga_, *command, world_)) return wait_for_component(*command);
    const auto* step = forward_step(cursor_);
    if (step && step->step == Step::take_payment && summary_.promoted && summary_.amount.amount > 0)
      append(SagaWaits{Step::take_payment, world_.now + world_.deferred_payment_deadline});
    const bool requests_coaching = command->step == Step::assign_instructor && !summary_.coaching;
    if (step && step->taken == TakenBy::staff && !requests_coaching) return wait_for_staff(*step);
    if (!take(*command)) return;
    cursor_ = next_step(cursor_);
  }
}

/// Takes a step of the enrollment itself at once, and sends the command of any other to its participant. Returns
/// whether the step is taken.
bool SagaWalk::take(const Causation& step) {
  const auto& row = row_of(step.step);
  auto command = (step.direction == Direction::act ? row.act : row.undo)(
      {.enrollment = summary_, .calls_may_leave = may_call(world_), .operator_retries = operator_retries_});
  command.step = step;
  const auto* own = std::get_if<EnrollmentCommand>(&command.command);
  if (own == nullptr) {
    saga_.running = true;
    send(std::move(command));
    return false;
  }
  const auto decided = sugang::decide(saga_.enrollment, *own, world_.now);
  if (decided.error) {
    get_stuck(step, "the enrollment has ended as " + std::string{to_text(summary_.state)});
    return false;
  }
  for (const auto& event : decided.events) append(saga_.id, step, event);
  return true;
}

void SagaWalk::on_step_reply(const StepReply& reply) {
  saga_.running = false;
  switch (reply.outcome) {
    case StepOutcome::done: {
      saga_.attempts = 0;
      saga_.deferred = false;
      begin_wait_for_change();
      // The coaching is requested; the staff has not acted yet.
      const auto* step = forward_step(cursor_);
      if (step && step->taken == TakenBy::staff && !is_done(summary_, reply.step)) return wait_for_staff(*step);
      cursor_ = next_step(cursor_);
      return run();
    }
    case StepOutcome::refused:
      if (cursor_.changing && before_no_return(cursor_)) return refuse_change(reply);
      if (before_no_return(cursor_)) return turn_back(TurnCause::declined, decline_reason(reply));
      return get_stuck(reply.step, reply.error);
    case StepOutcome::unknown: return retry_later(reply.step, reply.error);
    case StepOutcome::held_back: return run();
    case StepOutcome::under_way: return;
  }
}

void SagaWalk::on_under_way(const StepReply& reply) {
  mark_expired_before_refund();
  if (has_ended_otherwise(summary_.state)) answer_waiting(true);
  if (reply.step.step != Step::hold_seats) return;
  saga_.waitlist_position = reply.waitlist_position;
  saga_.running = false;
  arm_deadline();
  answer_waiting(true);
}

void SagaWalk::retry_later(const Causation& command, const std::string& error) {
  ++saga_.attempts;
  begin_wait_for_change();
  const bool is_charge = command == take_payment;
  if (is_charge && world_.now >= summary_.deadline)
    return turn_back(TurnCause::expired, "no answer by the deadline");
  const bool may_defer = summary_.defers && is_charge;
  if (may_defer) saga_.deferred = true;
  // Only changes are journaled, not each attempt: the first failure, and that the saga is stuck.
  if (summary_.failing != command) append(SagaStepFailed{command.step, command.direction, saga_.attempts, error});
  if (saga_.attempts >= world_.stuck_attempts && !may_defer) get_stuck(command, error);
  if (may_defer) answer_waiting(true);
  if (waits_for_component(saga_, command, world_)) return wait_for_component(command);
  arm_retry(command);
}

/// The command of a move has failed, or has changed nothing.
void SagaWalk::retry_move(const StepReply& reply) {
  if (saga_.retry_armed) return;
  if (++saga_.attempts >= world_.stuck_attempts) get_stuck(reply.step, reply.error);
  if (const auto command = command_at(cursor_)) arm_retry(*command);
}

void SagaWalk::arm_retry(const Causation& command) {
  saga_.retry_armed = true;
  ArmRetry armed{.retry = {command, saga_.attempts}, .within = {}};
  if (command == take_payment) armed.within = summary_.deadline - world_.now;
  add_effect(std::move(armed));
}

void SagaWalk::continue_move() {
  if (auto move = pending_move(summary_)) send(std::move(*move));
}

void SagaWalk::turn_back(TurnCause cause, std::string reason) {
  append(SagaTurned{cause, std::move(reason)});
  decision_.pending = true;
  cursor_ = sugang::turn_back(cursor_, cause);
  saga_.attempts = 0;
  saga_.deferred = false;
  add_effect(AwaitPayments{false});
  run();
}

/// The change's seats are held, or their hold is to be retried: its caller waits for the end, if it gave a wait.
void SagaWalk::begin_wait_for_change() {
  if (const auto requester = std::exchange(saga_.changing, std::nullopt))
    add_waiting(requester->caller, false, requester->wait.value_or(Milliseconds{0}));
}

/// The enrollment stays as it was, and the callers of the change get the reason.
void SagaWalk::refuse_change(const StepReply& reply) {
  const auto refusal = reply.refusal.value_or(PaymentError::declined);
  if (const auto requester = std::exchange(saga_.changing, std::nullopt))
    answer_refused(requester->caller, refusal);
  for (const auto& each : std::exchange(saga_.waiting, {})) answer_refused(each.caller, refusal);
  const bool by_payment = reply.step.step == Step::replace_payment;
  turn_back(TurnCause::change_refused, by_payment ? decline_reason(reply) : "the course refused the seats");
}

void SagaWalk::finish() {
  saga_.running = false;
  const bool compensated = cursor_.turned && !cursor_.changing;
  append(compensated ? SagaEvent{SagaCompensated{}} : SagaEvent{SagaCompleted{}});
  if (cursor_.changing) cursor_ = cursor_of(summary_);
  decision_.pending = false;
  answer_waiting(false);
}

void SagaWalk::get_stuck(const Causation& command, const std::string& error) {
  if (summary_.saga != SagaState::stuck) append(SagaStuck{command.step, command.direction, error, saga_.attempts});
  answer_waiting(true);
}

/// Once the void or the refund is requested, no money can stay: the mark need not wait for the gateway.
void SagaWalk::mark_expired_before_refund() {
  if (cursor_.turned != TurnCause::expired || is_done(summary_, mark_expired)) return;
  const auto payment = summary_.payment;
  if (payment == PaymentState::void_requested || payment == PaymentState::refund_requested) take(mark_expired);
}

/// The saga stays pending, and is resumed when the component runs again.
void SagaWalk::wait_for_component(const Causation& command) {
  saga_.running = false;
  saga_.retry_armed = false;
  if (row_of(command.step).component == Component::payments) wait_for_payments(command);
  if (command.step != Step::take_payment && summary_.awaits != command.step) append(SagaWaits{command.step, {}});
  mark_expired_before_refund();
  // The staff member's step is half done; a repeat of it finds that half done.
  if (saga_.staff && row_of(saga_.staff->answered_by.step).component == row_of(command.step).component)
    answer_refused(std::exchange(saga_.staff, std::nullopt)->caller, ServiceError::component_paused);
  if (command == take_payment) {
    if (world_.now >= summary_.deadline) return turn_back(TurnCause::expired, "no answer by the deadline");
    if (summary_.defers) saga_.deferred = true;
    arm_deadline();
  }
  answer_waiting(true);
}

void SagaWalk::wait_for_payments(const Causation& command) {
  add_effect(AwaitPayments{});
  // On the way forward the pending charge lists the saga as waiting, until its deadline; a refund has none.
  if (!cursor_.turned) return;
  if (!world_.paused.contains(Component::payments))
    get_stuck(command, "the payment gateway gives no answer");
  else if (summary_.saga == SagaState::compensating)
    append(SagaWaits{command.step, {}});
}

void SagaWalk::wait_for_staff(const StepRow& step) {
  saga_.running = false;
  // The deadline for the result counts from the class's end, which may have moved.
  const bool moved_later = step.step == Step::record_result && summary_.coaching && summary_.coaching->slot &&
                           summary_.coaching->slot->ends_at + world_.staff_deadline > summary_.deadline;
  const bool has_no_deadline = summary_.deadline == TimePoint{};
  if (summary_.awaits != step.step || moved_later || has_no_deadline)
    append(SagaWaits{step.step, deadline_of(saga_, step.step, world_)});
  answer_waiting(true);
  if (world_.now < summary_.deadline) return arm_deadline();
  // A step in flight came in time: at its end the deadline is checked again.
  if (!saga_.staff) pass_deadline(step);
}

void SagaWalk::arm_deadline() {
  if (saga_.deadline_armed == summary_.deadline) return;
  saga_.deadline_armed = summary_.deadline;
  add_effect(ArmDeadline{summary_.deadline});
}

void SagaWalk::pass_deadline(const StepRow& step) {
  const std::string reason = "not done by the deadline: " + std::string{to_text(step.step)};
  if (step.late) return turn_back(*step.late, reason);
  if (step.taken == TakenBy::staff) get_stuck({step.step, Direction::act}, reason);
}

}  // namespace sugang
