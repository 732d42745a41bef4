#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/record.hpp"
#include "storage/journal.hpp"

namespace sugang {

/// The journal's key spaces, by their number in the store.
enum JournalSpace : std::uint8_t { pages_space, index_space, snapshots_space, pending_space, marks_space };
/// What the store of a journal is made with.
inline constexpr std::size_t journal_space_count = 5;

// Keys of the marks space, the one that belongs to no partition.
inline constexpr std::string_view format_mark = "format";
inline constexpr std::string_view cursor_mark = "cursor:";
inline constexpr std::string_view requests_expired_mark = "requests-expired-before";
inline constexpr std::string_view format_version = "1";

/// What the index lists together. An enrollment, its payment and its saga share one group, so that one entry serves
/// loading any of the three and reading the timeline.
enum class GroupKind : std::uint8_t { course, timeline, request, calendar, webhook_registry };

/// `partition (2) | group kind (1) | length of id (1) | id`: what an index key begins with.
std::string group_of(const AggregateId& id);
/// The groups that list `record`, written over `keys`, whose memory is used again; returns their count.
std::size_t groups_of(const Record& record, std::array<std::string, 2>& keys);
GroupKind kind_of_group(std::string_view key);
/// The length of the group at the head of an index key; 0 when it has none.
std::size_t group_bytes(std::string_view key);

/// The records of one group in one batch. A request's entry also has the time of its newest record, so that it
/// can be forgotten without reading a page.
struct IndexEntry {
  std::vector<Position> positions;
  TimePoint time{};
};
std::string index_key(std::string_view group, Position first);
std::string index_value(GroupKind kind, const IndexEntry& entry);
/// Throws JournalDamaged when the two are no index entry.
IndexEntry parse_index_entry(std::string_view key, std::string_view value);

/// `partition (2) | aggregate kind (1) | length of id (1) | id`.
std::string snapshot_key(const AggregateId& id);
/// Throws JournalDamaged.
AggregateId parse_snapshot_key(std::string_view key);

struct StoredSnapshot {
  /// Of the last record of the append that the snapshot travelled in: it covers nothing behind it.
  Position position = 0;
  Snapshot snapshot;
};
std::string snapshot_value(Position position, const Snapshot& snapshot);
/// Throws JournalDamaged when it does not agree with its checksum.
StoredSnapshot parse_snapshot(const AggregateId& id, std::string_view value);

/// A saga: `partition (2) | uid (16)`. Any other: a snapshot's key, with the highest bit set, which no partition
/// has.
std::string pending_key(const AggregateId& id);
/// Throws JournalDamaged.
AggregateId parse_pending_key(std::string_view key);
/// Where the keys of the partition behind that of `key` begin; nothing behind the last one.
std::optional<std::string> pending_of_next_partition(std::string_view key);

/// In the marks space.
std::string cursor_key(std::string_view consumer);
/// Throws JournalDamaged.
Position parse_cursor(std::string_view consumer, std::string_view value);

}  // namespace sugang
