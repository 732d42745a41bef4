#include "actors/payment_actor.hpp"

namespace sugang {

caf::message_handler PaymentActor::handlers() {
  return {
      [this](PaymentOpened& message) {
        // An actor that a command of the saga has loaded makes the call for that.
        const bool is_new = created();
        if (is_new) {
          state_ = message.payment;
          sequence_ = message.sequence;
          check_sequences(resident_->id, sequence_);
        }
        turn([this, is_new, message = std::move(message)] {
          if (is_new) open(message);
        });
      },
      [this](GatewayAnswered& answered) {
        turn([this, answered = std::move(answered)] {
          replied_if_faulted(cause_of_call(), [&] { take_answer(answered); });
        });
      },
      [this](Settled& settled) {
        release([this, settled = std::move(settled)] {
          replied_if_faulted(cause_of_call(), [&] { end_settlement(settled); });
        });
      },
  };
}

EntityHost<Payment>::Cause PaymentActor::cause_of_call() const {
  return {waiting_.step, enrollment_of(PaymentId{resident_->id.uid}), waiting_.trace};
}

void PaymentActor::handle(const Task<Payment>& task) {
  waiting_ = {task.step, task.enrollment, task.trace};
  auto decision = decide(state_, task.command, node_.timers.now());
  if (decision.error) return refuse(task.enrollment, task.step, *decision.error);
  proceed(std::move(decision.events), lets_calls_leave(task.command));
}

void PaymentActor::take_answer(const GatewayAnswered& answered) {
  const auto& [outcome, reason] = answered.answer;
  const bool definitive = is_definitive(outcome);
  const bool is_awaited = calling_ && calling_->number == answered.call;
  // A definitive answer to any call is the outcome of all of the same kind: they carry one key.
  const bool same_kind = calling_ && calling_->refund == answered.refund && calling_->charge == answered.charge;
  if (is_awaited || (definitive && same_kind)) calling_.reset();
  // The outcome is known already.
  const bool is_open =
      answered.refund ? state_.state == PaymentState::refund_requested || state_.former : state_.charge_pending();
  if (!is_open || answered.charge != state_.called().number) return;
  // It comes after its saga's command was forgotten: the actor was unloaded, or faulted.
  if (!waiting_.enrollment) waiting_ = {pending_step(), enrollment_of(PaymentId{resident_->id.uid}), {}};
  if (definitive) {
    const bool approved = outcome == GatewayOutcome::approved;
    const auto command = answered.refund ? PaymentCommand{ResolveRefund{approved, reason}}
                                         : PaymentCommand{ResolveCharge{approved, reason}};
    auto events = decide(state_, command, node_.timers.now()).events;
    const bool settles = approved && (state_.state == PaymentState::requested || state_.next);
    return settles ? settle(std::move(events)) : proceed(std::move(events), true);
  }
  if (is_awaited)
    reply_to(*waiting_.enrollment, {.step = waiting_.step, .outcome = StepOutcome::unknown, .error = reason});
}

void PaymentActor::proceed(std::vector<PaymentEvent> events, bool may_call) {
  // Whether a call is pending is known once the events are applied, and it must wait for just this append.
  Payment next = state_;
  for (const auto& event : events) sugang::apply(next, event);
  Append append;
  const bool calls = next.outcome_unknown() && may_call && !calling_;
  const Call call{last_call_ + 1, next.refund_pending(), next.called().number};
  if (calls) append.then = [leave = call_of(call, next)](Position) { leave(); };
  StepReply reply{.step = waiting_.step};
  bool replacement_declined = false;
  for (const auto& event : events) {
    if (const auto* declined = std::get_if<RefundDeclined>(&event)) reply.error = declined->reason;
    replacement_declined |= std::holds_alternative<ReplacementDeclined>(event);
  }
  reply.records = commit(std::move(events), waiting_, std::move(append));
  if (calls) {
    last_call_ = call.number;
    calling_ = call;
  }
  reply.outcome = replacement_declined ? StepOutcome::refused : outcome_of_step();
  if (reply.outcome == StepOutcome::refused) {
    if (state_.state == PaymentState::declined || replacement_declined) reply.refusal = PaymentError::declined;
    if (state_.refund_declined && reply.error.empty()) reply.error = "the gateway has refused the refund";
  }
  reply_to(*waiting_.enrollment, std::move(reply));
}

std::function<void()> PaymentActor::call_of(const Call& call, const Payment& payment) {
  const PaymentId id{resident_->id.uid};
  auto answered = [&directory = node_.directory, id, call](GatewayAnswer answer) {
    directory.send(id, GatewayAnswered{call.refund, call.charge, call.number, std::move(answer)});
  };
  return [&gateway = node_.gateway, key = key_of(id, call.charge), amount = payment.called().amount,
          method = payment.method, refunds = call.refund, answered = std::move(answered)] {
    refunds ? gateway.refund(key, amount, answered) : gateway.charge(key, amount, method, answered);
  };
}

/// The request is durable, so the call leaves at once.
void PaymentActor::open(const PaymentOpened& opened) {
  waiting_ = {{Step::take_payment, Direction::act}, opened.enrollment, opened.trace};
  calling_ = Call{++last_call_, false, state_.number};
  call_of(*calling_, state_)();
}

void PaymentActor::settle(std::vector<PaymentEvent> approval) {
  std::vector<Record> records;
  records.reserve(approval.size());
  auto sequence = sequence_;
  for (const auto& event : approval)
    records.push_back({.aggregate = resident_->id,
                       .sequence = ++sequence,
                       .enrollment = waiting_.enrollment,
                       .causation = waiting_.step,
                       .event = event});
  settling_ = std::move(approval);
  node_.directory.send(*waiting_.enrollment, SettlePayment{std::move(records)});
  hold();
}

void PaymentActor::end_settlement(const Settled& settled) {
  auto approval = std::exchange(settling_, {});
  switch (settled.outcome) {
    case SettlementOutcome::appended:
      for (const auto& event : approval) sugang::apply(state_, event);
      sequence_ += approval.size();
      return;
    // A replaced charge is refunded at a step of its own.
    case SettlementOutcome::undone: return proceed(std::move(approval), !state_.next);
    case SettlementOutcome::unknown: return reload();
  }
}

Causation PaymentActor::pending_step() const {
  if (state_.next) return {Step::replace_payment, Direction::act};
  if (state_.former) return {Step::refund_former, Direction::act};
  return {Step::take_payment, state_.state == PaymentState::requested ? Direction::act : Direction::undo};
}

StepOutcome PaymentActor::outcome_of_step() const {
  if (calling_) return StepOutcome::under_way;
  if (state_.state == PaymentState::requested || state_.outcome_unknown()) return StepOutcome::held_back;
  const bool declined = state_.state == PaymentState::declined && waiting_.step.direction == Direction::act;
  return declined || state_.refund_declined ? StepOutcome::refused : StepOutcome::done;
}

void PaymentActor::forget_state() {
  EntityHost::forget_state();
  // A turn that faulted may have been the one whose append the call waited for: then no answer will come.
  calling_.reset();
  waiting_ = {};
  settling_.clear();
}

}  // namespace sugang
