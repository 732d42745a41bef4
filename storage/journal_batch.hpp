#pragma once

#include <array>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "storage/journal.hpp"
#include "storage/journal_keys.hpp"
#include "storage/journal_page.hpp"

namespace sugang {

/// An append with its records encoded, and its place once it has one.
struct PlacedAppend {
  /// What goes into one record of the journal.
  struct Joined {
    std::uint32_t events = 0;
    std::uint32_t bytes = 0;
  };

  Append append;
  /// The records, encoded one after another.
  std::string encoded;
  std::vector<Joined> joined;
  Ticket ticket = 0;
  /// Of its last record, or of the newest one before it when it has none; given with its batch.
  Position last = 0;

  explicit PlacedAppend(Append content);
  std::size_t size_bytes() const;
  bool writes() const {
    return !append.records.empty() || !append.pending.empty() || !append.cursors.empty() ||
           append.snapshot.has_value();
  }
};

/// Where the journal ends.
struct JournalEnd {
  Position position = 0;
  std::uint64_t chain = chain_origin;
  bool operator==(const JournalEnd&) const = default;
};

/// Gathers appends, in order, into one write.
class JournalBatch {
 public:
  /// `pending`: what is pending before this batch.
  JournalBatch(JournalEnd end, std::size_t page_bytes, const std::unordered_set<AggregateId>& pending);

  /// Gives the append its place.
  void add(PlacedAppend& append);
  bool writes() const { return appends_ > 0; }
  /// Everything as one write, and the end behind it.
  WriteSet finish();
  JournalEnd end() const { return end_; }
  /// Appends that write something.
  std::size_t appends() const { return appends_; }
  std::size_t events() const { return events_; }
  /// Which hold the events.
  std::size_t records() const { return records_; }
  /// What became pending in this batch (true), and what is no longer (false).
  const std::unordered_map<AggregateId, bool>& pending_changes() const { return pending_changes_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void add_record(std::span<const Record> events, std::string_view encoded);
  void list(std::string_view group, Position position, TimePoint time);
  void close_page();

  JournalEnd end_;
  std::size_t page_bytes_;
  const std::unordered_set<AggregateId>& pending_;
  std::size_t appends_ = 0;
  std::size_t events_ = 0;
  std::size_t records_ = 0;
  std::optional<PageBuilder> page_;
  std::array<std::string, 2> groups_;
  WriteSet changes_;
  std::unordered_map<std::string, IndexEntry, TextHash, std::equal_to<>> index_;
  std::unordered_map<AggregateId, bool> pending_changes_;
  std::map<std::string, Position> cursors_;
  /// By key: the newest of a batch is kept.
  std::map<std::string, std::string> snapshots_;
};

}  // namespace sugang
