#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/record.hpp"

namespace sugang {

/// The chain's value before the first page.
inline constexpr std::uint64_t chain_origin = 0;

/// A page's key: the position of its first record, big-endian.
std::string page_key(Position first);
/// Throws JournalDamaged when `key` is none.
Position position_of_page(std::string_view key);

/// Gathers consecutive records, of one or more events each, into one page. The layout stands in
/// docs/journal-format.md.
class PageBuilder {
 public:
  PageBuilder(Position first, std::uint64_t previous_chain);

  /// A record as encode_events() gives it, and the count of its events.
  void add(std::string_view encoded, std::size_t events);
  std::size_t size_bytes() const { return bytes_.size(); }
  Position first() const { return first_; }
  /// The page's value, ready to be written; and in `chain` what the next page is chained to.
  std::string finish(std::uint64_t& chain) &&;

 private:
  Position first_;
  std::uint32_t count_ = 0;
  std::string bytes_;
};

/// A record as it stands in a page: events at consecutive positions.
struct PageRecord {
  Position first = 0;
  std::size_t events = 0;
  std::string_view encoded;

  Position last() const { return first + events - 1; }
};

/// A page that has been read and verified in itself. Its records point into the value that it was parsed from.
struct JournalPage {
  Position first = 0;
  std::uint64_t previous_chain = 0;
  std::uint64_t chain = 0;
  std::vector<PageRecord> records;

  Position last() const { return records.empty() ? first - 1 : records.back().last(); }
  /// The record that holds `position`, which the page has.
  const PageRecord& holding(Position position) const;
};

/// Throws JournalDamaged, naming the position, unless the page's checksum, count and key agree.
JournalPage parse_page(Position key, std::string_view value);
/// The record's events, with their positions, in place of what `events` held. Throws JournalDamaged.
void decode_record(const PageRecord& record, std::vector<Record>& events);

}  // namespace sugang
