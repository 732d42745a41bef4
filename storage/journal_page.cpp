#include "storage/journal_page.hpp"

#include <xxhash.h>

#include <algorithm>

#include "storage/bytes.hpp"
#include "storage/codec.hpp"
#include "storage/journal.hpp"

namespace sugang {
namespace {

constexpr std::string_view magic = "SGP1";
constexpr std::size_t count_offset = 4;
constexpr std::size_t header_bytes = 24;
constexpr std::size_t chain_bytes = 8;

std::uint64_t chain_over(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

[[noreturn]] void damaged(Position position, std::string_view why) {
  throw JournalDamaged("journal damaged: the page at position " + std::to_string(position) + " " +
                       std::string{why});
}

[[noreturn]] void does_not_decode(Position position, const DecodeError& error) {
  throw JournalDamaged("journal damaged: the record at position " + std::to_string(position) +
                       " does not decode: " + error.what());
}

}  // namespace

std::string page_key(Position first) { return be_bytes(first); }

Position position_of_page(std::string_view key) {
  if (key.size() != sizeof(Position)) throw JournalDamaged("journal damaged: a page has a key that is no position");
  return ByteReader{key}.be<Position>();
}

PageBuilder::PageBuilder(Position first, std::uint64_t previous_chain) : first_(first) {
  bytes_.append(magic);
  put_le(bytes_, count_);
  put_le(bytes_, first);
  put_le(bytes_, previous_chain);
}

void PageBuilder::add(std::string_view encoded, std::size_t events) {
  put_varint(bytes_, encoded.size());
  bytes_.append(encoded);
  count_ += static_cast<std::uint32_t>(events);
}

std::string PageBuilder::finish(std::uint64_t& chain) && {
  std::string count;
  put_le(count, count_);
  bytes_.replace(count_offset, count.size(), count);
  chain = chain_over(bytes_);
  put_le(bytes_, chain);
  return std::move(bytes_);
}

JournalPage parse_page(Position key, std::string_view value) {
  if (value.size() < header_bytes + chain_bytes || !value.starts_with(magic))
    damaged(key, "is none of this format");
  const auto content = value.substr(0, value.size() - chain_bytes);
  JournalPage page;
  page.chain = ByteReader{value.substr(content.size())}.le<std::uint64_t>();
  if (page.chain != chain_over(content)) damaged(key, "does not agree with its checksum");

  ByteReader in{content.substr(count_offset)};
  const auto count = in.le<std::uint32_t>();
  page.first = in.le<Position>();
  page.previous_chain = in.le<std::uint64_t>();
  if (page.first != key) damaged(key, "stands under the key of another");
  auto next = page.first;
  while (!in.at_end()) {
    const auto encoded = in.take(in.varint());
    if (!in.ok()) damaged(key, "holds a record that is cut");
    try {
      page.records.push_back({next, count_events(encoded), encoded});
    } catch (const DecodeError& error) {
      does_not_decode(next, error);
    }
    next = page.records.back().last() + 1;
  }
  if (count == 0 || next - page.first != count) damaged(key, "holds another count of events than it says");
  return page;
}

const PageRecord& JournalPage::holding(Position position) const {
  const auto behind = std::partition_point(records.begin(), records.end(),
                                           [&](const PageRecord& record) { return record.first <= position; });
  return *std::prev(behind);
}

void decode_record(const PageRecord& record, std::vector<Record>& events) {
  events.clear();
  try {
    decode_events(record.encoded, events);
  } catch (const DecodeError& error) {
    does_not_decode(record.first, error);
  }
  for (std::size_t i = 0; i < events.size(); ++i) events[i].position = record.first + i;
}

}  // namespace sugang
