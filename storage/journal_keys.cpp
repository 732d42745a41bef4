#include "storage/journal_keys.hpp"

#include <xxhash.h>

#include <charconv>

#include "storage/bytes.hpp"

namespace sugang {
namespace {

constexpr std::size_t group_header_bytes = 4;
constexpr std::uint8_t snapshot_layout = 1;
constexpr std::size_t checksum_bytes = 8;
constexpr std::uint8_t pending_by_no_saga = 0x80;

GroupKind group_kind(AggregateKind kind) {
  switch (kind) {
    case AggregateKind::course: return GroupKind::course;
    case AggregateKind::enrollment:
    case AggregateKind::payment:
    case AggregateKind::saga:
    case AggregateKind::stock_preparation:
    case AggregateKind::delivery:
    case AggregateKind::coaching: return GroupKind::timeline;
    case AggregateKind::request: return GroupKind::request;
    case AggregateKind::calendar: return GroupKind::calendar;
    case AggregateKind::webhook_registry: return GroupKind::webhook_registry;
  }
  return GroupKind::course;
}

/// The shape that index and snapshot keys share.
void append_keyed(std::string& key, std::uint8_t kind, const AggregateId& id) {
  put_be(key, id.partition().number);
  key.push_back(static_cast<char>(kind));
  if (is_named(id.kind)) {
    if (id.name.size() > 0xff) throw std::invalid_argument("a name is longer than the journal can write");
    key.push_back(static_cast<char>(id.name.size()));
    key.append(id.name);
  } else {
    key.push_back(static_cast<char>(sizeof(Uid)));
    put_uid(key, id.uid);
  }
}

void write_group(std::string& key, const AggregateId& id) {
  key.clear();
  append_keyed(key, static_cast<std::uint8_t>(group_kind(id.kind)), id);
}

[[noreturn]] void damaged(const char* what) { throw JournalDamaged(std::string{"journal damaged: "} + what); }

}  // namespace

std::string group_of(const AggregateId& id) {
  std::string key;
  write_group(key, id);
  return key;
}

std::size_t groups_of(const Record& record, std::array<std::string, 2>& keys) {
  write_group(keys[0], record.aggregate);
  if (!record.enrollment) return 1;
  if (group_kind(record.aggregate.kind) == GroupKind::timeline && record.aggregate.uid == record.enrollment->uid)
    return 1;
  write_group(keys[1], *record.enrollment);
  return 2;
}

GroupKind kind_of_group(std::string_view key) {
  const std::size_t kind = key.size() > 2 ? static_cast<std::uint8_t>(key[2]) : 0xff;
  if (kind > static_cast<std::uint8_t>(GroupKind::webhook_registry)) damaged("an index key is of an unknown kind");
  return static_cast<GroupKind>(kind);
}

std::size_t group_bytes(std::string_view key) {
  if (key.size() < group_header_bytes) return 0;
  const auto size = group_header_bytes + static_cast<std::uint8_t>(key[group_header_bytes - 1]);
  return key.size() < size ? 0 : size;
}

std::string index_key(std::string_view group, Position first) {
  std::string key;
  key.reserve(group.size() + sizeof first);
  key.append(group);
  put_be(key, first);
  return key;
}

std::string index_value(GroupKind kind, const IndexEntry& entry) {
  std::string value;
  if (kind == GroupKind::request) put_le(value, entry.time.time_since_epoch().count());
  for (std::size_t i = 1; i < entry.positions.size(); ++i)
    put_varint(value, entry.positions[i] - entry.positions[i - 1]);
  return value;
}

IndexEntry parse_index_entry(std::string_view key, std::string_view value) {
  const auto group = group_bytes(key);
  if (group == 0 || key.size() != group + sizeof(Position)) damaged("an index key has another length than it says");
  IndexEntry entry;
  entry.positions.push_back(ByteReader{key.substr(group)}.be<Position>());
  ByteReader in{value};
  if (kind_of_group(key) == GroupKind::request) entry.time = TimePoint{Milliseconds{in.le<std::int64_t>()}};
  while (in.ok() && !in.at_end()) {
    const auto delta = in.varint();
    if (delta == 0) break;
    entry.positions.push_back(entry.positions.back() + delta);
  }
  if (!in.ok() || !in.at_end())
    throw JournalDamaged("journal damaged: the index entry from position " +
                         std::to_string(entry.positions.front()) + " does not decode");
  return entry;
}

std::string snapshot_key(const AggregateId& id) {
  std::string key;
  append_keyed(key, static_cast<std::uint8_t>(id.kind), id);
  return key;
}

AggregateId parse_snapshot_key(std::string_view key) {
  const std::size_t kind = key.size() > 2 ? static_cast<std::uint8_t>(key[2]) : 0xff;
  if (kind >= EnumNames<AggregateKind>::values.size() || group_bytes(key) != key.size())
    damaged("a snapshot stands under a key that is none");
  AggregateId id;
  id.kind = static_cast<AggregateKind>(kind);
  const auto bytes = key.substr(group_header_bytes);
  if (is_named(id.kind)) {
    id.name = bytes;
  } else if (bytes.size() == sizeof(Uid)) {
    id.uid = ByteReader{bytes}.uid();
  } else {
    damaged("a snapshot stands under a key that is none");
  }
  return id;
}

std::string snapshot_value(Position position, const Snapshot& snapshot) {
  std::string value;
  value.reserve(32 + snapshot.bytes.size());
  value.push_back(static_cast<char>(snapshot_layout));
  put_le(value, position);
  put_le(value, snapshot.sequence);
  value.append(snapshot.bytes);
  put_le(value, XXH3_64bits(value.data(), value.size()));
  return value;
}

StoredSnapshot parse_snapshot(const AggregateId& id, std::string_view value) {
  const auto text = "journal damaged: the snapshot of " + to_text(id);
  if (value.size() < 1 + 2 * sizeof(std::uint64_t) + checksum_bytes) throw JournalDamaged(text + " is cut");
  const auto content = value.substr(0, value.size() - checksum_bytes);
  const auto checksum = ByteReader{value.substr(content.size())}.le<std::uint64_t>();
  ByteReader in{content};
  const auto layout = in.le<std::uint8_t>();
  StoredSnapshot stored;
  stored.position = in.le<Position>();
  if (checksum != XXH3_64bits(content.data(), content.size()))
    throw JournalDamaged(text + " at position " + std::to_string(stored.position) +
                         " does not agree with its checksum");
  if (layout != snapshot_layout) throw JournalDamaged(text + " is of an unknown layout");
  stored.snapshot.aggregate = id;
  stored.snapshot.sequence = in.le<Sequence>();
  stored.snapshot.bytes = in.rest();
  return stored;
}

std::string pending_key(const AggregateId& id) {
  if (id.kind == AggregateKind::saga) return be_bytes(id.partition().number) + uid_bytes(id.uid);
  auto key = snapshot_key(id);
  key[0] = static_cast<char>(key[0] ^ pending_by_no_saga);
  return key;
}

std::optional<std::string> pending_of_next_partition(std::string_view key) {
  constexpr std::uint32_t of_no_saga = std::uint32_t{pending_by_no_saga} << 8;
  auto next = ByteReader{key}.be<std::uint16_t>() + std::uint32_t{1};
  if (next >= partition_count) next = std::max(next, of_no_saga);
  if (next >= of_no_saga + partition_count) return std::nullopt;
  return be_bytes(static_cast<std::uint16_t>(next));
}

AggregateId parse_pending_key(std::string_view key) {
  if (!key.empty() && (key[0] & pending_by_no_saga) != 0) {
    std::string plain{key};
    plain[0] = static_cast<char>(plain[0] ^ pending_by_no_saga);
    return parse_snapshot_key(plain);
  }
  if (key.size() != sizeof(std::uint16_t) + sizeof(Uid)) damaged("a pending saga has a key that is none");
  return SagaId{ByteReader{key.substr(sizeof(std::uint16_t))}.uid()};
}

std::string cursor_key(std::string_view consumer) { return std::string{cursor_mark}.append(consumer); }

Position parse_cursor(std::string_view consumer, std::string_view value) {
  Position position = 0;
  const auto* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, position);
  if (error != std::errc{} || stop != end)
    throw JournalDamaged("journal damaged: the cursor of " + std::string{consumer} + " is no position");
  return position;
}

}  // namespace sugang
