#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "gateway/embedded_settings.hpp"
#include "gateway/payment_gateway.hpp"
#include "storage/key_value_store.hpp"
#include "storage/log.hpp"
#include "views/listing.hpp"

namespace sugang {

/// The embedded gateway's ledger: one entry per key, for ever. A key always gets the same outcome, and money
/// moves at most once each way. Decisions gather until `commit`. One thread decides and commits; any may list.
///
/// Its truth is a log of entries. The index has the newest entry of each key, and how far into the log it reaches;
/// it is derived, so it is written without a sync, and made good from the log at start.
class ChargeLedger {
 public:
  /// The index has one key space, so that entries and position are lost together.
  static constexpr std::uint8_t space = 0;
  static constexpr std::uint8_t space_count = 1;

  /// Reads what the index lacks from the log; an index that does not fit the log is built again. Throws
  /// JournalDamaged, StorageError.
  ChargeLedger(Log& log, KeyValueStore& index);

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
  /// Reads all of the log. Throws JournalDamaged.
  void verify() const { log_.verify(); }

 private:
  std::optional<ChargeEntry> find(PaymentId key) const;
  void catch_up();

  Log& log_;
  KeyValueStore& index_;
  std::unordered_map<PaymentId, ChargeEntry> undurable_;
};

}  // namespace sugang
