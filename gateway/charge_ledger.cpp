#include "gateway/charge_ledger.hpp"

#include <algorithm>
#include <utility>

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

/// Sorts before every payment's key.
constexpr std::string_view reached_key{"\0", 1};
constexpr std::size_t payment_key_bytes = 16;
/// Frames that are read into the index with one write.
constexpr std::size_t frames_at_a_time = 1'000;

/// position (8) chain (8) segment (8) offset (8), big-endian.
std::string encode(const LogCursor& reached) {
  auto bytes = be_bytes(reached.end.position);
  put_be(bytes, reached.end.chain);
  put_be(bytes, reached.segment);
  put_be(bytes, reached.offset);
  return bytes;
}

LogCursor decode_cursor(std::string_view bytes) {
  ByteReader in{bytes};
  LogCursor reached;
  reached.end.position = in.be<std::uint64_t>();
  reached.end.chain = in.be<std::uint64_t>();
  reached.segment = in.be<std::uint64_t>();
  reached.offset = in.be<std::uint64_t>();
  if (!in.ok()) throw DamagedEntry{"how far the index of the gateway's ledger reaches can't be read"};
  return reached;
}

/// Each entry in a frame: key (16) size (varint) entry.
void put_entry(std::string& payload, PaymentId key, std::string_view entry) {
  put_uid(payload, key.uid);
  put_varint(payload, entry.size());
  payload += entry;
}

void index_entries(std::string_view payload, WriteSet& changes) {
  for (ByteReader in{payload}; !in.at_end();) {
    auto key = in.take(payment_key_bytes);
    const auto entry = in.take(in.varint());
    if (!in.ok()) throw DamagedEntry{"an entry of the gateway's ledger can't be read"};
    changes.put(ChargeLedger::space, std::string{key}, std::string{entry});
  }
}

}  // namespace

ChargeLedger::ChargeLedger(Log& log, KeyValueStore& index) : log_(log), index_(index) { catch_up(); }

void ChargeLedger::catch_up() {
  LogCursor reached;
  if (const auto bytes = index_.get(space, reached_key)) reached = decode_cursor(*bytes);
  WriteSet changes;
  std::size_t frames = 0;
  const auto write = [&] {
    changes.put(space, std::string{reached_key}, encode(reached));
    index_.write(std::exchange(changes, {}), Sync::no);
  };
  const bool fits = log_.read(reached, [&](const LogFrame& frame) {
    // The cursor moves behind the frame once it is visited.
    if (++frames % frames_at_a_time == 0) write();
    index_entries(frame.payload, changes);
  });
  if (!changes.empty()) write();
  if (fits) return;
  // An index of another log, or of another past of this one.
  index_.erase_range(space, {}, {});
  catch_up();
}

std::optional<ChargeEntry> ChargeLedger::find(PaymentId key) const {
  if (auto it = undurable_.find(key); it != undurable_.end()) return it->second;
  auto bytes = index_.get(space, uid_bytes(key.uid));
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
  std::string payload;
  for (const auto& [key, entry] : undurable_) put_entry(payload, key, encode(entry));
  log_.append(payload, static_cast<std::uint32_t>(undurable_.size()));
  WriteSet changes;
  index_entries(payload, changes);
  changes.put(space, std::string{reached_key}, encode(log_.end()));
  index_.write(changes, Sync::no);
  undurable_.clear();
}

ListResult<ChargeEntry> ChargeLedger::list(const Page& page) const {
  auto row_of = [](std::string_view key, std::string_view value) {
    if (key == reached_key) return std::optional<ChargeEntry>{};
    return std::optional{decode(PaymentId{ByteReader{key}.uid()}, value)};
  };
  return list_page<ChargeEntry>("charges", page, {}, [&](KeyPage wanted) {
    return list_rows<ChargeEntry>(index_, space, {}, std::move(wanted), row_of);
  });
}

}  // namespace sugang
