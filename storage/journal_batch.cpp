#include "storage/journal_batch.hpp"

#include <algorithm>

#include "storage/codec.hpp"

namespace sugang {
namespace {

constexpr std::size_t record_bytes_usual = 128;
/// An enrollment that goes through in one batch.
constexpr std::size_t positions_usual = 8;

}  // namespace

PlacedAppend::PlacedAppend(Append content) : append(std::move(content)) {
  encoded.reserve(append.records.size() * record_bytes_usual);
  sizes.reserve(append.records.size());
  for (const auto& record : append.records) {
    const auto before = encoded.size();
    encode_to(record, encoded);
    sizes.push_back(static_cast<std::uint32_t>(encoded.size() - before));
  }
}

std::size_t PlacedAppend::size_bytes() const {
  return encoded.size() + (append.snapshot ? append.snapshot->bytes.size() : 0);
}

JournalBatch::JournalBatch(JournalEnd end, std::size_t page_bytes, const std::unordered_set<AggregateId>& owed)
    : end_(end), page_bytes_(page_bytes), owed_(owed) {}

void JournalBatch::add(const PlacedAppend& placed) {
  writes_ = writes_ || placed.writes();
  std::string_view encoded = placed.encoded;
  for (std::size_t i = 0; i < placed.append.records.size(); ++i) {
    add_record(placed.append.records[i], placed.first + i, encoded.substr(0, placed.sizes[i]));
    encoded.remove_prefix(placed.sizes[i]);
  }
  for (const auto& owed : placed.append.owed) owed_changes_[owed.aggregate] = owed.owes;
  for (const auto& cursor : placed.append.cursors) cursors_[cursor.consumer] = cursor.position;
  if (const auto& snapshot = placed.append.snapshot)
    snapshots_[snapshot_key(snapshot->aggregate)] = snapshot_value(end_.position, *snapshot);
}

void JournalBatch::add_record(const Record& record, Position position, std::string_view encoded) {
  if (page_ && page_->size_bytes() + encoded.size() > page_bytes_) close_page();
  if (!page_) page_.emplace(position, end_.chain);
  page_->add(encoded);
  end_.position = position;
  ++records_;
  const auto count = groups_of(record, groups_);
  for (std::size_t i = 0; i < count; ++i) list(groups_[i], position, record.time);
}

void JournalBatch::list(std::string_view group, Position position, TimePoint time) {
  auto it = index_.find(group);
  if (it == index_.end()) {
    it = index_.emplace(std::string{group}, IndexEntry{}).first;
    it->second.positions.reserve(positions_usual);
  }
  it->second.positions.push_back(position);
  it->second.time = std::max(it->second.time, time);
}

void JournalBatch::close_page() {
  if (!page_) return;
  const auto first = page_->first();
  changes_.put(pages_space, page_key(first), std::move(*page_).finish(end_.chain));
  page_.reset();
}

WriteSet JournalBatch::finish() {
  close_page();
  for (const auto& [group, entry] : index_)
    changes_.put(index_space, index_key(group, entry.positions.front()), index_value(kind_of_group(group), entry));
  std::erase_if(owed_changes_, [&](const auto& change) { return owed_.contains(change.first) == change.second; });
  for (const auto& [aggregate, owes] : owed_changes_) {
    if (owes) {
      changes_.put(owed_space, owed_key(aggregate), {});
    } else {
      changes_.erase(owed_space, owed_key(aggregate));
    }
  }
  for (const auto& [consumer, position] : cursors_)
    changes_.put(marks_space, cursor_key(consumer), std::to_string(position));
  for (auto& [key, value] : snapshots_) changes_.put(snapshots_space, key, std::move(value));
  return std::move(changes_);
}

}  // namespace sugang
