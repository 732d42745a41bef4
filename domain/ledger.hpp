#pragma once

#include <map>
#include <optional>
#include <string>

#include "domain/payment.hpp"

namespace sugang {

/// What the payment gateway's own ledger has for one key.
enum class ChargeState : std::uint8_t { approved, declined, refunded };
constexpr auto names_of(ChargeState) { return names("approved", "declined", "refunded"); }
struct LedgerCharge {
  Money amount;
  ChargeState state = ChargeState::approved;
};
using Ledger = std::map<PaymentId, LedgerCharge>;

/// What the journal has of the payment and the ledger contradicts; nothing when both agree, or when a retry that
/// is pending will make them agree. `settled` is what an operator has settled with the company outside: its ledger
/// need not show that refund.
std::optional<std::string> contradiction(const Payment& payment, bool settled,
                                         const std::optional<LedgerCharge>& charge);

}  // namespace sugang
