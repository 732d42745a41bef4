#include "domain/payment.hpp"

namespace sugang {
namespace {

PaymentDecision on(const Payment& payment, const TakePayment& command) {
  switch (payment.state) {
    case PaymentState::none:
      // Nothing to move: no call is made.
      if (command.amount.amount == 0)
        return PaymentDecision::of(PaymentRequested{command.amount, command.method, false, command.mileage},
                                   PaymentApproved{command.mileage});
      return PaymentDecision::of(
          PaymentRequested{command.amount, command.method, command.may_call, command.mileage});
    case PaymentState::requested:
      if (command.may_call && !payment.charge_started) return PaymentDecision::of(ChargeStarted{});
      return {};
    case PaymentState::approved: return {};
    case PaymentState::declined: return PaymentError::declined;
    case PaymentState::void_requested:
    case PaymentState::voided:
    case PaymentState::refund_requested:
    case PaymentState::refunded: return PaymentError::undone;
  }
  return {};
}

PaymentDecision on(const Payment& payment, const ResolveCharge& command) {
  if (payment.state == PaymentState::requested && payment.charge_started) {
    if (command.approved) return PaymentDecision::of(PaymentApproved{payment.mileage});
    return PaymentDecision::of(PaymentDeclined{command.reason});
  }
  if (payment.next) {
    if (!command.approved) return PaymentDecision::of(ReplacementDeclined{command.reason});
    return PaymentDecision::of(PaymentReplaced{payment.next->mileage},
                               RefundRequested{.mileage = payment.mileage_earned, .former = true});
  }
  if (payment.state == PaymentState::void_requested) {
    if (command.approved) return PaymentDecision::of(PaymentApproved{}, RefundRequested{});
    return PaymentDecision::of(PaymentVoided{});
  }
  return {};
}

PaymentDecision on(const Payment& payment, const RefundPayment& command) {
  if (payment.next || payment.former) return PaymentError::outcome_unknown;
  switch (payment.state) {
    case PaymentState::none: return PaymentDecision::of(PaymentVoided{});
    case PaymentState::requested:
      if (!payment.charge_started) return PaymentDecision::of(PaymentVoided{});
      return PaymentDecision::of(PaymentVoidRequested{});
    case PaymentState::approved:
      if (payment.amount.amount == 0)
        return PaymentDecision::of(RefundRequested{payment.mileage_earned}, PaymentRefunded{});
      return PaymentDecision::of(RefundRequested{payment.mileage_earned});
    case PaymentState::refund_requested:
      if (payment.refund_declined && command.again)
        return PaymentDecision::of(RefundRequested{payment.mileage_earned});
      return {};
    case PaymentState::declined:
    case PaymentState::void_requested:
    case PaymentState::voided:
    case PaymentState::refunded: return {};
  }
  return {};
}

PaymentDecision on(const Payment& payment, const ResolveRefund& command) {
  const bool former = payment.former.has_value();
  if (payment.state != PaymentState::refund_requested && !former) return {};
  if (command.approved) return PaymentDecision::of(PaymentRefunded{former});
  if (payment.refund_declined) return {};
  return PaymentDecision::of(RefundDeclined{command.reason});
}

PaymentDecision on(const Payment& payment, const SettleRefund&) {
  if (payment.outcome_unknown()) return PaymentError::outcome_unknown;
  if (payment.state == PaymentState::refund_requested || payment.former)
    return PaymentDecision::of(PaymentRefunded{payment.former.has_value()});
  if (payment.state == PaymentState::refunded) return {};
  return PaymentError::not_resolvable;
}

PaymentDecision on(const Payment& payment, const ReplacePayment& command) {
  if (payment.state != PaymentState::approved) return PaymentError::undone;
  if (payment.next || payment.former || command.amount == payment.amount) return {};
  return PaymentDecision::of(ReplacementRequested{command.amount, command.mileage});
}

PaymentDecision on(const Payment& payment, const RefundFormer& command) {
  if (payment.former && payment.refund_declined && command.again)
    return PaymentDecision::of(RefundRequested{.former = true});
  return {};
}

}  // namespace

PaymentId key_of(PaymentId payment, std::uint32_t number) {
  // The low half is random; an odd factor keeps the keys of one payment apart.
  payment.uid.low ^= number * 0x9e3779b97f4a7c15ULL;
  return payment;
}

bool lets_calls_leave(const PaymentCommand& command) {
  if (const auto* take = std::get_if<TakePayment>(&command)) return take->may_call;
  if (const auto* refund = std::get_if<RefundPayment>(&command)) return refund->may_call;
  return true;
}

PaymentDecision decide(const Payment& payment, const PaymentCommand& command, TimePoint) {
  return std::visit([&](const auto& each) { return on(payment, each); }, command);
}

void apply(Payment& payment, const PaymentEvent& event) {
  using State = PaymentState;
  match(event)(
      [&](const PaymentRequested& e) {
        payment.amount = e.amount;
        payment.method = e.method;
        payment.charge_started = e.charge_started;
        payment.mileage = e.mileage;
        payment.state = State::requested;
      },
      [&](const ChargeStarted&) { payment.charge_started = true; },
      [&](const PaymentApproved& e) {
        payment.state = State::approved;
        payment.mileage_earned += e.mileage;
      },
      [&](const PaymentDeclined&) { payment.state = State::declined; },
      [&](const PaymentVoidRequested&) { payment.state = State::void_requested; },
      [&](const PaymentVoided&) { payment.state = State::voided; },
      [&](const RefundRequested& e) {
        if (!e.former) payment.state = State::refund_requested;
        payment.mileage_earned -= e.mileage;
        payment.refund_declined = false;
      },
      [&](const RefundDeclined&) { payment.refund_declined = true; },
      [&](const PaymentRefunded& e) {
        payment.refund_declined = false;
        if (e.former) return payment.former.reset();
        payment.state = State::refunded;
      },
      [&](const ReplacementRequested& e) {
        payment.next = Payment::Charge{e.amount, e.mileage, ++payment.last_number};
      },
      [&](const PaymentReplaced& e) {
        const auto next = payment.next.value_or(Payment::Charge{});
        payment.former = Payment::Charge{payment.amount, payment.mileage, payment.number};
        payment.next.reset();
        payment.amount = next.amount;
        payment.mileage = next.mileage;
        payment.number = next.number;
        payment.mileage_earned += e.mileage;
      },
      [&](const ReplacementDeclined&) { payment.next.reset(); });
}

}  // namespace sugang
