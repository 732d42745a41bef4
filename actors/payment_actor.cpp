#include "actors/payment_actor.hpp"

namespace sugang {

caf::message_handler PaymentActor::handlers() {
  return {[this](GatewayAnswered& answered) { turn([this, answered = std::move(answered)] { hear(answered); }); }};
}

void PaymentActor::handle(const Task<Payment>& task) {
  waiting_ = {task.step, task.enrollment, task.trace};
  auto decision = decide(state_, task.command, node_.timers.now());
  if (decision.error) return refuse(task.enrollment, task.step, *decision.error);
  proceed(std::move(decision.events));
}

void PaymentActor::hear(const GatewayAnswered& answered) {
  asking_ = false;
  // The answer found this payment asleep: the saga will ask again, and the gateway will say the same.
  if (!waiting_.enrollment) return;
  const auto& [word, reason] = answered.answer;
  StepReply reply{.step = waiting_.step, .error = reason};
  if (word == GatewayWord::unknown) {
    reply.outcome = StepOutcome::unknown;
    return reply_to(*waiting_.enrollment, std::move(reply));
  }
  const bool approved = word == GatewayWord::approved;
  if (answered.refund && !approved) {
    reply.outcome = StepOutcome::refused;
    return reply_to(*waiting_.enrollment, std::move(reply));
  }
  auto command =
      answered.refund ? PaymentCommand{ResolveRefund{}} : PaymentCommand{ResolveCharge{approved, reason}};
  proceed(decide(state_, command, node_.timers.now()).events);
}

void PaymentActor::proceed(std::vector<PaymentEvent> events) {
  // Whether something is owed is known once the events are applied, and the call must wait for just this append.
  Payment next = state_;
  for (const auto& event : events) sugang::apply(next, event);
  Append append;
  const bool owes = next.owes_charge() || next.owes_refund();
  if (owes && !asking_) {
    asking_ = true;
    const PaymentId id{resident_->id.uid};
    const bool refund = next.owes_refund();
    auto heard = [&node = node_, id, refund](GatewayAnswer word) {
      node.directory.send(id, GatewayAnswered{refund, std::move(word)});
    };
    append.then = [&gateway = node_.gateway, id, refund, next, heard = std::move(heard)] {
      if (refund)
        gateway.refund(id, next.amount, heard);
      else
        gateway.charge(id, next.amount, next.method, heard);
    };
  }
  StepReply reply{.step = waiting_.step};
  reply.records = commit(std::move(events), waiting_, std::move(append));
  if (owes) reply.outcome = StepOutcome::under_way;
  if (state_.state == PaymentState::declined && waiting_.step.direction == Direction::act) {
    reply.outcome = StepOutcome::refused;
    reply.refusal = PaymentError::declined;
  }
  reply_to(*waiting_.enrollment, std::move(reply));
}

}  // namespace sugang
