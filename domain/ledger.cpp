#include "domain/ledger.hpp"

namespace sugang {
namespace {

using Charge = std::optional<ChargeState>;

/// Whether the ledger may have this of a payment in its state.
bool agrees(const Payment& payment, bool settled, Charge charge) {
  const bool none = !charge;
  const bool approved = charge == ChargeState::approved;
  const bool declined = charge == ChargeState::declined;
  const bool refunded = charge == ChargeState::refunded;
  switch (payment.state) {
    case PaymentState::none: return none;
    case PaymentState::requested:
      // No call, no entry; once a call may have been made, its outcome decides.
      return payment.charge_started ? !refunded : none;
    case PaymentState::void_requested: return !refunded;
    case PaymentState::voided:
    case PaymentState::declined: return none || declined;
    case PaymentState::approved: return payment.amount.amount == 0 ? none : approved;
    case PaymentState::refund_requested: return approved || (refunded && !payment.refund_declined);
    case PaymentState::refunded:
      if (payment.amount.amount == 0) return none;
      return refunded || settled;
  }
  return false;
}

}  // namespace

std::optional<std::string> contradiction(const Payment& payment, bool settled,
                                         const std::optional<LedgerCharge>& charge) {
  const auto state = std::string{to_text(payment.state)};
  if (!agrees(payment, settled, charge ? Charge{charge->state} : std::nullopt)) {
    if (payment.state == PaymentState::none) return "the gateway's ledger has a charge and the journal no payment";
    return "the payment is " + state + " and the gateway's ledger has " +
           (charge ? "its charge " + std::string{to_text(charge->state)} : "no charge");
  }
  if (charge && charge->amount != payment.amount)
    return "the payment is of " + std::to_string(payment.amount.amount) + " and its charge of " +
           std::to_string(charge->amount.amount);
  return std::nullopt;
}

}  // namespace sugang
