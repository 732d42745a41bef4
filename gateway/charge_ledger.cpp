#include "gateway/charge_ledger.hpp"

#include <algorithm>

#include "storage/bytes.hpp"
#include "views/cursor.hpp"
#include "views/paging.hpp"

namespace sugang {
namespace {

constexpr std::uint8_t entry_format = 1;
constexpr std::string_view cursor_scope = "charges";

std::string key_of(PaymentId id) {
  std::string key;
  put_uid(key, id.uid);
  return key;
}

}  // namespace

std::string_view ChargeLedger::name_of(State state) {
  switch (state) {
    case State::approved: return "approved";
    case State::declined: return "declined";
    case State::refunded: return "refunded";
  }
  return "unknown";
}

/// format (1) state (1) amount (8) currency (3) milliseconds (8), big-endian, then the reason.
std::string ChargeLedger::encode(const Entry& entry) {
  std::string bytes;
  put_be(bytes, entry_format);
  put_be(bytes, static_cast<std::uint8_t>(entry.state));
  put_be(bytes, entry.amount.amount);
  bytes.append(entry.amount.currency.text());
  put_be(bytes, entry.at.time_since_epoch().count());
  return bytes + entry.reason;
}

ChargeLedger::Entry ChargeLedger::decode(std::string_view bytes) {
  ByteReader in{bytes};
  const auto format = in.be<std::uint8_t>();
  const auto state = in.be<std::uint8_t>();
  Entry entry;
  entry.amount.amount = in.be<std::int64_t>();
  const auto currency = in.take(entry.amount.currency.code.size());
  entry.at = TimePoint{Milliseconds{in.be<std::int64_t>()}};
  if (!in.ok() || format != entry_format || state > static_cast<std::uint8_t>(State::refunded))
    throw StorageError{"an entry of the gateway's ledger can't be read"};
  entry.state = static_cast<State>(state);
  std::copy(currency.begin(), currency.end(), entry.amount.currency.code.begin());
  entry.reason = in.rest();
  return entry;
}

std::optional<ChargeLedger::Entry> ChargeLedger::find(PaymentId key) const {
  if (auto it = undurable_.find(key); it != undurable_.end()) return it->second;
  auto bytes = store_.get(space, key_of(key));
  return bytes ? std::optional{decode(*bytes)} : std::nullopt;
}

GatewayAnswer ChargeLedger::charge(PaymentId key, Money amount, const std::optional<std::string>& refusal,
                                   TimePoint now) {
  auto entry = find(key);
  if (!entry) {
    entry = Entry{refusal ? State::declined : State::approved, amount, now, refusal.value_or("")};
    undurable_[key] = *entry;
  }
  if (entry->amount != amount) return {GatewayOutcome::declined, "the key was used with another amount"};
  if (entry->state == State::declined) return {GatewayOutcome::declined, entry->reason};
  return {GatewayOutcome::approved, {}};
}

GatewayAnswer ChargeLedger::refund(PaymentId key, Money amount, TimePoint now) {
  auto entry = find(key);
  if (!entry) return {GatewayOutcome::declined, "no charge has this key"};
  if (entry->state == State::declined) return {GatewayOutcome::declined, "the charge was declined"};
  if (entry->amount != amount) return {GatewayOutcome::declined, "only the whole charge is refunded"};
  if (entry->state == State::approved) {
    entry->state = State::refunded;
    entry->at = now;
    undurable_[key] = *entry;
  }
  return {GatewayOutcome::approved, {}};
}

void ChargeLedger::commit() {
  if (undurable_.empty()) return;
  WriteSet changes;
  for (const auto& [key, entry] : undurable_) changes.put(space, key_of(key), encode(entry));
  store_.write(changes, Sync::yes);
  undurable_.clear();
}

ListResult<ChargeEntry> ChargeLedger::list(const Page& page) const {
  ListResult<ChargeEntry> result;
  std::optional<std::string> after;
  if (!page.cursor.empty() && !(after = read_cursor(cursor_scope, page.cursor))) {
    result.cursor_invalid = true;
    return result;
  }
  auto row_of = [](std::string_view key, std::string_view value) -> std::optional<ChargeEntry> {
    auto entry = decode(value);
    return ChargeEntry{PaymentId{ByteReader{key}.uid()}, entry.amount, std::string{name_of(entry.state)}, entry.at};
  };
  result.listing = list_rows<ChargeEntry>(store_, space, {}, std::move(after), page.limit, ListBounds{}, row_of);
  if (auto& next = result.listing.next) next = make_cursor(cursor_scope, *next);
  return result;
}

}  // namespace sugang
