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
  if (payment.state == PaymentState::void_requested) {
    if (command.approved) return PaymentDecision::of(PaymentApproved{}, RefundRequested{});
    return PaymentDecision::of(PaymentVoided{});
  }
  return {};
}

PaymentDecision on(const Payment& payment, const RefundPayment& command) {
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
  if (payment.state != PaymentState::refund_requested) return {};
  if (command.approved) return PaymentDecision::of(PaymentRefunded{});
  if (payment.refund_declined) return {};
  return PaymentDecision::of(RefundDeclined{command.reason});
}

PaymentDecision on(const Payment& payment, const SettleRefund&) {
  if (payment.outcome_unknown()) return PaymentError::outcome_unknown;
  if (payment.state == PaymentState::refund_requested) return PaymentDecision::of(PaymentRefunded{});
  if (payment.state == PaymentState::refunded) return {};
  return PaymentError::not_resolvable;
}

}  // namespace

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
        payment.state = State::refund_requested;
        payment.mileage_earned -= e.mileage;
        payment.refund_declined = false;
      },
      [&](const RefundDeclined&) { payment.refund_declined = true; },
      [&](const PaymentRefunded&) {
        payment.state = State::refunded;
        payment.refund_declined = false;
      });
}

}  // namespace sugang
