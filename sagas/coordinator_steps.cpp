#include "sagas/coordinator.hpp"

#include <algorithm>
#include <utility>

// The steps: taken one after another, taken again, waited for, turned round.

namespace sugang {
namespace {

constexpr Causation take_payment{Step::take_payment, Direction::act};
constexpr Causation mark_expired{Step::mark_expired, Direction::act};

/// Doubles from retry_min to retry_max, less up to a quarter, so that sagas that failed together do not come back
/// together.
Milliseconds backoff(const ActorLimits& limits, std::uint32_t attempt, std::uint64_t random) {
  auto wait = limits.retry_min;
  for (std::uint32_t i = 1; i < attempt && wait < limits.retry_max; ++i) wait *= 2;
  wait = std::min(wait, limits.retry_max);
  return wait -
         Milliseconds{static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(wait.count()) / 4 + 1))};
}

std::string decline_reason(const StepReply& reply) {
  for (const auto& record : reply.records)
    if (const auto* payment = std::get_if<PaymentEvent>(&record.event))
      if (const auto* declined = std::get_if<PaymentDeclined>(payment)) return declined->reason;
  return reply.error;
}

/// One after another, so that a fault in the turn leaves the others where they are.
template <class Postponed, class Serve>
void serve_each(std::vector<Postponed>& postponed, Serve serve) {
  for (auto count = postponed.size(); count > 0; --count) {
    auto each = std::move(postponed.front());
    postponed.erase(postponed.begin());
    serve(each);
  }
}

}  // namespace

void Coordinator::hear(const StepReply& reply) {
  if (starting_) return hear_birth(reply);
  fold(reply.records);
  if (person_ && reply.step == person_->sent &&
      (reply.outcome == StepOutcome::refused || reply.outcome == StepOutcome::unknown))
    return hear_person(reply);
  // The step that ends a person's is the saga's to retry.
  const bool fails = person_ && reply.step == person_->answered_by && reply.outcome == StepOutcome::unknown;
  if (fails && (reply.refusal || reply.step != command_at(cursor_)))
    answer_refused(std::exchange(person_, std::nullopt)->asker, reply.refusal.value_or(ServiceError::read_failed));
  if (!reply.records.empty()) go_on_with_move();
  const auto command = command_at(cursor_);
  if (reply.step == command) {
    switch (reply.outcome) {
      case StepOutcome::under_way:
        mark_expired_before_money_moves();
        if (has_ended_otherwise(summary_.state)) answer_waiting(true);
        if (command->step != Step::hold_seats) break;
        waitlist_position_ = reply.waitlist_position;
        running_ = false;
        arm_deadline();
        answer_waiting(true);
        break;
      case StepOutcome::done:
        move(StepEnd::done, reply);
        break;
      case StepOutcome::refused:
        move(StepEnd::refused, reply);
        break;
      case StepOutcome::unknown:
        move(StepEnd::unknown, reply);
        break;
      case StepOutcome::held_back:
        running_ = false;
        run();
        break;
    }
  } else if (reply.step == mark_expired) {
    answer_waiting(true);
  } else if (!running_ && !person_) {
    // A participant moved while this slept: what was waited for may be there.
    const auto pending = pending_move(summary_);
    if (!reply.records.empty())
      resume();
    else if (pending && reply.step == command_of(*pending))
      retry_move(reply);
  }
  if (person_ && reply.step == person_->answered_by && reply.outcome == StepOutcome::done)
    return hear_person(reply);
  serve_postponed(reply.refusal.value_or(ServiceError::read_failed));
}

void Coordinator::serve_postponed(const Refusal& why) {
  const bool must_wait = person_ || (!cursor_.turned && cancel_now() == Cancel::waits);
  if (must_wait && retry_armed_) {
    const auto refuse = [&](auto& each) { answer_refused(std::move(each.asker), why); };
    serve_each(cancels_, refuse);
    serve_each(persons_, refuse);
  }
  if (must_wait) return;
  serve_each(cancels_, [this](CancelRequest& each) { cancel(each); });
  serve_each(revocations_, [this](const RevokeEnrollment& each) { revoke(each); });
  serve_each(persons_, [this](TakePersonStep& each) { take_person_step(each); });
}

void Coordinator::run() {
  retry_armed_ = false;
  go_on_with_move();
  cursor_ = first_undone(cursor_, summary_);
  const auto command = command_at(cursor_);
  if (!command) return finish();
  if (waits_for_component(*command)) return wait_for_component(*command);
  const auto* step = forward_step(cursor_);
  if (step && step->step == Step::take_payment && summary_.promoted && summary_.amount.amount > 0)
    append(SagaWaits{Step::take_payment, node_.timers.now() + node_.limits.deferred_payment_deadline});
  const bool asks_first = command->step == Step::assign_instructor && !summary_.coaching;
  if (step && step->taken == Taken::by_person && !asks_first) return wait_for_person(*step);
  running_ = true;
  const Participants::Calls calls{.may_leave = may_call(), .again = std::exchange(operator_retries_, false)};
  participants_.command(*command, summary_, calls, trace_);
}

void Coordinator::move(StepEnd end, const StepReply& reply) {
  running_ = false;
  const auto command = *command_at(cursor_);
  if (end == StepEnd::done) {
    attempts_ = 0;
    deferred_.reset();
    // A person was asked, and has not answered yet.
    const auto* step = forward_step(cursor_);
    if (step && step->taken == Taken::by_person && !is_done(summary_, command)) return wait_for_person(*step);
  }
  auto [cursor, next] = advance(cursor_, end);
  if (std::holds_alternative<TurnRound>(next))
    return turn_back(std::get<TurnRound>(next).cause, decline_reason(reply));
  // What the timeline shows as done is not to be turned round again.
  cursor_ = end == StepEnd::done ? first_undone(cursor, summary_) : cursor;
  if (!cursor_.turned && !person_ && !(cancels_.empty() && revocations_.empty()) &&
      cancel_at(cursor_) == Cancel::turns)
    return;  // serve_postponed() turns it round.
  std::visit(Overloaded{
                 [&](Run) { run(); },
                 [&](RunAgainLater) { retry_later(command, reply.error); },
                 [&](TurnRound) {},
                 [&](Finish) { finish(); },
                 [&](GetStuck) { get_stuck(command, reply.error); },
             },
             next);
}

void Coordinator::retry_later(const Causation& command, const std::string& error) {
  ++attempts_;
  const bool charges = command == take_payment;
  if (charges && node_.timers.now() >= summary_.deadline)
    return turn_back(TurnCause::expired, "no answer by the deadline");
  const bool may_take_its_time = summary_.defers && charges;
  if (may_take_its_time && !deferred_) deferred_.emplace(node_.deferred_payments);
  // What has changed is journaled, not each attempt: the first, and that it is stuck.
  if (summary_.failing != command) append(SagaStepFailed{command.step, command.direction, attempts_, error});
  if (attempts_ >= node_.limits.stuck_attempts && !may_take_its_time) get_stuck(command, error);
  if (may_take_its_time) answer_waiting(true);
  if (waits_for_component(command)) return wait_for_component(command);
  arm_retry(command);
}

void Coordinator::retry_move(const StepReply& reply) {
  if (retry_armed_) return;
  if (++attempts_ >= node_.limits.stuck_attempts) get_stuck(reply.step, reply.error);
  arm_retry(*command_at(cursor_));
}

void Coordinator::arm_retry(const Causation& command) {
  const auto now = node_.timers.now();
  const auto random = node_.ids.mint(now, enrollment_.uid.partition()).low;
  auto delay = backoff(node_.limits, attempts_, random);
  if (command == take_payment) delay = std::min(delay, summary_.deadline - now);
  node_.timers.after(delay,
                     [&directory = node_.directory, id = saga_of(enrollment_), command, attempt = attempts_] {
                       directory.send(id, RetryStep{command, attempt});
                     });
  retry_armed_ = true;
}

void Coordinator::turn_back(TurnCause cause, std::string reason, Asker* claimant) {
  append(SagaTurned{cause, std::move(reason)}, true, claimant);
  cursor_ = turn_round(cursor_, cause);
  attempts_ = 0;
  deferred_.reset();
  node_.payment_backlog.remove(enrollment_);
  run();
}

void Coordinator::finish() {
  running_ = false;
  append(cursor_.turned ? SagaEvent{SagaCompensated{}} : SagaEvent{SagaCompleted{}}, false);
  answer_waiting(false);
}

void Coordinator::get_stuck(const Causation& command, const std::string& error) {
  if (summary_.saga != SagaState::stuck) append(SagaStuck{command.step, command.direction, error, attempts_});
  answer_waiting(true);
}

// --- waiting
// -------------------------------------------------------------------------------------------------------

bool Coordinator::may_call() const {
  if (!node_.components.runs(Component::payments)) return false;
  return operator_retries_ || node_.payments_available();
}

/// A payment's intent is journaled all the same, and a charge that never left is void without any call.
bool Coordinator::waits_for_component(const Causation& command) const {
  const auto component = component_of(command.step);
  if (!component) return false;
  if (*component != Component::payments) return !node_.components.runs(*component);
  const auto payment = summary_.payment_so_far();
  const bool intent_is_durable = command.direction == Direction::act
                                     ? payment.state == PaymentState::requested
                                     : payment.state != PaymentState::requested && payment.outcome_unknown();
  return intent_is_durable && !may_call();
}

/// It stays pending, and is resumed when the component runs again.
void Coordinator::wait_for_component(const Causation& command) {
  running_ = false;
  retry_armed_ = false;
  if (command.step == Step::take_payment)
    wait_for_payments(command);
  else if (summary_.awaits != command.step)
    append(SagaWaits{command.step, {}});
  mark_expired_before_money_moves();
  // Half of the person's step is done, and will be found done when it is taken again.
  if (person_ && component_of(person_->answered_by.step) == component_of(command.step))
    answer_refused(std::exchange(person_, std::nullopt)->asker, ServiceError::component_paused);
  if (command.step == Step::take_payment && command.direction == Direction::act) {
    if (node_.timers.now() >= summary_.deadline) return turn_back(TurnCause::expired, "no answer by the deadline");
    if (summary_.defers && !deferred_) deferred_.emplace(node_.deferred_payments);
    arm_deadline();
  }
  answer_waiting(true);
}

void Coordinator::wait_for_payments(const Causation& command) {
  node_.payment_backlog.add(enrollment_);
  // On its way forward it is listed as waiting, with its deadline; on its way back it has none.
  if (!cursor_.turned) return;
  if (node_.components.runs(Component::payments))
    get_stuck(command, "the payment gateway gives no answer");
  else if (summary_.saga == SagaState::compensating)
    append(SagaWaits{command.step, {}});
}

void Coordinator::wait_for_person(const TableStep& step) {
  running_ = false;
  // The class may have moved behind the deadline that was counted from its end.
  const bool later = step.step == Step::record_result && summary_.coaching && summary_.coaching->slot &&
                     summary_.coaching->slot->ends_at + node_.limits.person_deadline > summary_.deadline;
  const bool has_none = summary_.deadline == TimePoint{};
  if (summary_.awaits != step.step || later || has_none) append(SagaWaits{step.step, deadline_of(step.step)});
  answer_waiting(true);
  if (node_.timers.now() >= summary_.deadline)
    let_deadline_pass(step);
  else
    arm_deadline();
}

void Coordinator::go_on_with_move() {
  if (const auto move = pending_move(summary_)) participants_.go_on_with(*move, summary_, trace_);
}

void Coordinator::mark_expired_before_money_moves() {
  if (cursor_.turned != TurnCause::expired || is_done(summary_, mark_expired)) return;
  const auto payment = summary_.payment_so_far().state;
  if (payment == PaymentState::void_requested || payment == PaymentState::refund_requested)
    participants_.command(mark_expired, summary_, {}, trace_);
}

TimePoint Coordinator::deadline_of(Step step) const {
  const auto now = node_.timers.now();
  const bool has_slot = step == Step::record_result && summary_.coaching && summary_.coaching->slot;
  return (has_slot ? std::max(now, summary_.coaching->slot->ends_at) : now) + node_.limits.person_deadline;
}

void Coordinator::arm_deadline() {
  if (deadline_armed_ == summary_.deadline) return;
  deadline_armed_ = summary_.deadline;
  node_.timers.at(summary_.deadline, [&directory = node_.directory, id = saga_of(enrollment_)] {
    directory.send(id, DeadlineOver{});
  });
}

void Coordinator::let_deadline_pass(const TableStep& step) {
  const std::string what = "not done by the deadline: " + std::string{to_text(step.step)};
  if (step.late) return turn_back(*step.late, what);
  if (step.taken == Taken::by_person) get_stuck({step.step, Direction::act}, what);
}

void Coordinator::deadline_over() {
  deadline_armed_.reset();
  const auto* step = forward_step(cursor_);
  if (!step || summary_.ended() || summary_.deadline == TimePoint{}) return;
  // The deadline of the step before, which was done in time.
  if (step->taken == Taken::by_person && summary_.awaits != step->step) return;
  if (node_.timers.now() < summary_.deadline) return arm_deadline();
  // A person who came in time is heard first.
  if (!person_) let_deadline_pass(*step);
}

}  // namespace sugang
