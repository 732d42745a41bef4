#include "gateway/charge_ledger.hpp"

#include <algorithm>

#include "storage/bytes.hpp"
#include "views/paging.hpp"

namespace sugang {
namespace {

constexpr std::uint8_t entry_format = 1;

/// format (1) state (1) amount (8) currency (3) milliseconds (8), big-endian, then the reason.
std::string encode(const ChargeEntry& entry) {
  auto bytes = be_bytes(entry_format);
  put_be(bytes, static_cast<std::uint8_t>(entry.state));
  put_be(bytes, entry.amount.amount);
  bytes.append(entry.amount.currency.text());
  put_be(bytes, entry.at.time_since_epoch().count());
  return bytes + entry.reason;
}

ChargeEntry decode(PaymentId key, std::string_view bytes) {
  ByteReader in{bytes};
  const auto format = in.be<std::uint8_t>();
  const auto state = in.be<std::uint8_t>();
  ChargeEntry entry{.key = key};
  entry.amount.amount = in.be<std::int64_t>();
  const auto currency = in.take(entry.amount.currency.code.size());
  entry.at = TimePoint{Milliseconds{in.be<std::int64_t>()}};
  if (!in.ok() || format != entry_format || state > static_cast<std::uint8_t>(ChargeState::refunded))
    throw StorageError{"an entry of the gateway's ledger can't be read"};
  entry.state = static_cast<ChargeState>(state);
  std::copy(currency.begin(), currency.end(), entry.amount.currency.code.begin());
  entry.reason = in.rest();
  return entry;
}

}  // namespace

std::optional<ChargeEntry> ChargeLedger::find(PaymentId key) const {
  if (auto it = undurable_.find(key); it != undurable_.end()) return it->second;
  auto bytes = store_.get(space, uid_bytes(key.uid));
  return bytes ? std::optional{decode(key, *bytes)} : std::nullopt;
}

GatewayAnswer ChargeLedger::charge(PaymentId key, Money amount, const std::optional<std::string>& refusal,
                                   TimePoint now) {
  auto entry = find(key);
  if (!entry) {
    entry = ChargeEntry{key, amount, refusal ? ChargeState::declined : ChargeState::approved, now,
                        refusal.value_or("")};
    undurable_[key] = *entry;
  }
  if (entry->amount != amount) return {GatewayOutcome::declined, "the key was used with another amount"};
  if (entry->state == ChargeState::declined) return {GatewayOutcome::declined, entry->reason};
  return {GatewayOutcome::approved, {}};
}

GatewayAnswer ChargeLedger::refund(PaymentId key, Money amount, TimePoint now) {
  auto entry = find(key);
  if (!entry) return {GatewayOutcome::declined, "no charge has this key"};
  if (entry->state == ChargeState::declined) return {GatewayOutcome::declined, "the charge was declined"};
  if (entry->amount != amount) return {GatewayOutcome::declined, "only the whole charge is refunded"};
  if (entry->state == ChargeState::approved) {
    entry->state = ChargeState::refunded;
    entry->at = now;
    undurable_[key] = *entry;
  }
  return {GatewayOutcome::approved, {}};
}

void ChargeLedger::commit() {
  if (undurable_.empty()) return;
  WriteSet changes;
  for (const auto& [key, entry] : undurable_) changes.put(space, uid_bytes(key.uid), encode(entry));
  store_.write(changes, Sync::yes);
  undurable_.clear();
}

ListResult<ChargeEntry> ChargeLedger::list(const Page& page) const {
  auto row_of = [](std::string_view key, std::string_view value) {
    return std::optional{decode(PaymentId{ByteReader{key}.uid()}, value)};
  };
  return list_page<ChargeEntry>("charges", page, {}, [&](KeyPage wanted) {
    return list_rows<ChargeEntry>(store_, space, {}, std::move(wanted), row_of);
  });
}

}  // namespace sugang
