#include "domain/payment.hpp"

namespace sugang {
namespace {

using PaymentDecision = Decision<PaymentEvent, PaymentError>;

PaymentDecision decide_take(const Payment& payment, const TakePayment& command) {
  switch (payment.state) {
    case PaymentState::none: {
      PaymentRequested requested{command.amount, command.method};
      // Nothing to move: no company is asked.
      if (command.amount.amount == 0) return PaymentDecision::of(requested, PaymentApproved{});
      return PaymentDecision::of(requested);
    }
    case PaymentState::requested:
    case PaymentState::approved:
      return {};
    case PaymentState::declined:
      return PaymentError::declined;
    case PaymentState::void_requested:
    case PaymentState::voided:
    case PaymentState::refund_requested:
    case PaymentState::refunded:
      return PaymentError::undone;
  }
  return {};
}

PaymentDecision decide_charge(const Payment& payment, const ResolveCharge& command) {
  if (payment.state == PaymentState::requested) {
    if (command.approved) return PaymentDecision::of(PaymentApproved{});
    return PaymentDecision::of(PaymentDeclined{command.reason});
  }
  if (payment.state == PaymentState::void_requested) {
    if (command.approved) return PaymentDecision::of(PaymentApproved{}, RefundRequested{});
    return PaymentDecision::of(PaymentVoided{});
  }
  return {};
}

PaymentDecision decide_refund(const Payment& payment) {
  switch (payment.state) {
    case PaymentState::none:
      return PaymentDecision::of(PaymentVoided{});
    case PaymentState::requested:
      return PaymentDecision::of(PaymentVoidRequested{});
    case PaymentState::approved:
      if (payment.amount.amount == 0) return PaymentDecision::of(RefundRequested{}, PaymentRefunded{});
      return PaymentDecision::of(RefundRequested{});
    case PaymentState::declined:
    case PaymentState::void_requested:
    case PaymentState::voided:
    case PaymentState::refund_requested:
    case PaymentState::refunded:
      return {};
  }
  return {};
}

}  // namespace

Decision<PaymentEvent, PaymentError> decide(const Payment& payment, const PaymentCommand& command, TimePoint) {
  return std::visit(Overloaded{
                        [&](const TakePayment& c) { return decide_take(payment, c); },
                        [&](const ResolveCharge& c) { return decide_charge(payment, c); },
                        [&](const RefundPayment&) { return decide_refund(payment); },
                        [&](const ResolveRefund&) {
                          return payment.owes_refund() ? PaymentDecision::of(PaymentRefunded{}) : PaymentDecision{};
                        },
                    },
                    command);
}

void apply(Payment& payment, const PaymentEvent& event) {
  using State = PaymentState;
  std::visit(Overloaded{
                 [&](const PaymentRequested& e) {
                   payment.amount = e.amount;
                   payment.method = e.method;
                   payment.state = State::requested;
                 },
                 [&](const PaymentApproved&) { payment.state = State::approved; },
                 [&](const PaymentDeclined&) { payment.state = State::declined; },
                 [&](const PaymentVoidRequested&) { payment.state = State::void_requested; },
                 [&](const PaymentVoided&) { payment.state = State::voided; },
                 [&](const RefundRequested&) { payment.state = State::refund_requested; },
                 [&](const PaymentRefunded&) { payment.state = State::refunded; },
             },
             event);
}

}  // namespace sugang
