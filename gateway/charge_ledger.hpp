#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "gateway/embedded_settings.hpp"
#include "gateway/payment_gateway.hpp"
#include "storage/key_value_store.hpp"
#include "views/listing.hpp"

namespace sugang {

/// The embedded gateway's ledger: one entry per key, for ever. A key always gets the same outcome, and money
/// moves at most once each way. Decisions gather until `commit`. One thread decides and commits; any may list.
class ChargeLedger {
 public:
  /// The ledger's store has one key space.
  static constexpr std::uint8_t space = 0;
  static constexpr std::uint8_t space_count = 1;

  explicit ChargeLedger(KeyValueStore& store) : store_(store) {}

  /// Enters a charge, as declined if `refusal` gives a reason. A key that is known gets its old answer, whatever
  /// `refusal` says, also after its refund; but with another amount than it had, it is declined and nothing is
  /// booked: the caller mixed up two payments, and a retry can't fix it.
  GatewayAnswer charge(PaymentId key, Money amount, const std::optional<std::string>& refusal, TimePoint now);
  /// Gives an approved charge back, whole. Declined for a key without an approved charge, and for another amount.
  GatewayAnswer refund(PaymentId key, Money amount, TimePoint now);
  /// Makes all decisions since the last commit durable; only then they may be answered. Throws StorageError.
  void commit();

  /// By key.
  ListResult<ChargeEntry> list(const Page& page) const;

 private:
  std::optional<ChargeEntry> find(PaymentId key) const;

  KeyValueStore& store_;
  std::unordered_map<PaymentId, ChargeEntry> undurable_;
};

}  // namespace sugang
