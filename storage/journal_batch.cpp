#include "storage/journal_batch.hpp"

#include <algorithm>

#include "storage/codec.hpp"

namespace sugang {
namespace {

constexpr std::size_t event_bytes_usual = 64;
/// An enrollment that goes through in one batch.
constexpr std::size_t positions_usual = 8;

}  // namespace

PlacedAppend::PlacedAppend(Append content) : append(std::move(content)) {
  encoded.reserve(append.records.size() * event_bytes_usual);
  for (std::span<const Record> left = append.records; !left.empty();) {
    const auto before = encoded.size();
    const auto events = encode_events(left, encoded);
    joined.push_back({static_cast<std::uint32_t>(events), static_cast<std::uint32_t>(encoded.size() - before)});
    left = left.subspan(events);
  }
}

std::size_t PlacedAppend::size_bytes() const {
  return encoded.size() + (append.snapshot ? append.snapshot->bytes.size() : 0);
}

JournalBatch::JournalBatch(JournalEnd end, std::size_t page_bytes, const std::unordered_set<AggregateId>& pending)
    : end_(end), page_bytes_(page_bytes), pending_(pending) {}

void JournalBatch::add(PlacedAppend& placed) {
  if (placed.writes()) ++appends_;
  std::string_view encoded = placed.encoded;
  std::span<const Record> events = placed.append.records;
  for (const auto& joined : placed.joined) {
    add_record(events.first(joined.events), encoded.substr(0, joined.bytes));
    events = events.subspan(joined.events);
    encoded.remove_prefix(joined.bytes);
  }
  placed.last = end_.position;
  for (const auto& action : placed.append.pending) pending_changes_[action.aggregate] = action.pending;
  for (const auto& cursor : placed.append.cursors) cursors_[cursor.consumer] = cursor.position;
  if (const auto& snapshot = placed.append.snapshot)
    snapshots_[snapshot_key(snapshot->aggregate)] = snapshot_value(end_.position, *snapshot);
}

void JournalBatch::add_record(std::span<const Record> events, std::string_view encoded) {
  if (page_ && page_->size_bytes() + encoded.size() > page_bytes_) close_page();
  if (!page_) page_.emplace(end_.position + 1, end_.chain);
  page_->add(encoded, events.size());
  events_ += events.size();
  ++records_;
  for (const auto& event : events) {
    ++end_.position;
    const auto count = groups_of(event, groups_);
    for (std::size_t i = 0; i < count; ++i) list(groups_[i], end_.position, event.time);
  }
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
  std::erase_if(pending_changes_,
                [&](const auto& change) { return pending_.contains(change.first) == change.second; });
  for (const auto& [aggregate, is_pending] : pending_changes_) {
    if (is_pending) {
      changes_.put(pending_space, pending_key(aggregate), {});
    } else {
      changes_.erase(pending_space, pending_key(aggregate));
    }
  }
  for (const auto& [consumer, position] : cursors_)
    changes_.put(marks_space, cursor_key(consumer), std::to_string(position));
  for (auto& [key, value] : snapshots_) changes_.put(snapshots_space, key, std::move(value));
  return std::move(changes_);
}

}  // namespace sugang
