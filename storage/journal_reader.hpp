#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/journal.hpp"
#include "storage/journal_keys.hpp"
#include "storage/journal_page.hpp"

namespace sugang {

/// What a read about `position` threw, with the position, and the file that `key` of `space` stands in.
JournalDamaged damage_at(const KeyValueStore& store, Position position, std::uint8_t space, std::string_view key,
                         const std::exception& fault);

/// Reads records by position and by group. Each page is verified in itself as it is read. From any thread; throws
/// JournalDamaged when something cannot be read.
class JournalReader {
 public:
  explicit JournalReader(const KeyValueStore& store) : store_(store) {}

  /// Records after `after`, not behind `until`, at most `limit`, in order. What stands before a page that can't be
  /// read is returned; throws when that page comes first.
  std::vector<Record> read(Position after, Position until, std::size_t limit) const;
  /// Records that the index lists for `group`, after `after` and not behind `until`, in order.
  std::vector<Record> group(std::string_view group, Position after, Position until) const;
  /// As an aggregate wakes: its snapshot and its records after it, which follow one another without a gap.
  Recovered recover(const AggregateId& id, Position until) const;
  std::vector<AggregateId> owed() const;
  /// Whether the index lists `position` for `group`.
  bool is_indexed(std::string_view group, Position position) const;
  /// Whether the index lists anything for `group`.
  bool is_known(std::string_view group) const;

 private:
  std::vector<Position> positions_of(std::string_view group, Position after, Position until) const;
  std::vector<Record> records_at(const std::vector<Position>& positions) const;

  const KeyValueStore& store_;
};

}  // namespace sugang
