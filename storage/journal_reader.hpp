#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/journal.hpp"
#include "storage/journal_keys.hpp"
#include "storage/journal_page.hpp"

namespace sugang {

/// What a read about `position` (0: unknown) threw, with the position, and the file that `key` of `space` stands
/// in.
JournalDamaged damage_at(const KeyValueStore& store, Position position, std::uint8_t space, std::string_view key,
                         const std::exception& fault);

/// Reads records by position and by group. Each page is verified in itself as it is read. From any thread; throws
/// JournalDamaged when something is damaged, StorageError when a later read may succeed.
class JournalReader {
 public:
  using Found = std::function<void(const JournalDamaged&)>;

  explicit JournalReader(const KeyValueStore& store) : store_(store) {}

  /// Records after `after`, not behind `until`, at most `limit`, in order and without a gap. What stands before a
  /// page that can't be read, or is missing, is returned; throws when that page comes first.
  std::vector<Record> read(Position after, Position until, std::size_t limit) const;
  /// Records that the index lists for `group`, after `after` and not behind `until`, in order.
  std::vector<Record> group(std::string_view group, Position after, Position until) const;
  /// As an aggregate wakes: its snapshot and its records after it, which follow one another without a gap.
  Recovered recover(const AggregateId& id, Position until) const;
  /// Damage is given to `found` and passed over, with the rest of its partition.
  std::vector<AggregateId> pending(const Found& found) const;
  /// Throws DamagedEntry.
  std::vector<AggregateId> pending_or_throw() const {
    return pending([](const JournalDamaged& fault) { throw DamagedEntry(fault.cause); });
  }
  /// Whether the index lists `position` for `group`.
  bool is_indexed(std::string_view group, Position position) const;
  /// Whether the index lists anything for `group`.
  bool is_known(std::string_view group) const;
  /// As Journal::cursor.
  Position cursor(std::string_view consumer) const;

 private:
  std::vector<Position> positions_of(std::string_view group, Position after, Position until) const;
  std::vector<Record> records_at(const std::vector<Position>& positions) const;

  const KeyValueStore& store_;
};

}  // namespace sugang
