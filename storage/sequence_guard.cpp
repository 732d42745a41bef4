#include "storage/sequence_guard.hpp"

#include <algorithm>
#include <vector>

namespace sugang {

std::uint64_t SequenceGuard::begin_wake(const AggregateId& id) {
  awake_[id] = {0, ++wakes_};
  return wakes_;
}

void SequenceGuard::learn(const AggregateId& id, std::uint64_t wake, Sequence sequence) {
  const auto it = awake_.find(id);
  if (it == awake_.end() || it->second.reading != wake) return;
  // What was appended while the read was under way is missing from the state that woke, so its next append must not
  // pass.
  it->second = {std::max(it->second.last, sequence), 0};
}

void SequenceGuard::wake_new(const AggregateId& id, Sequence sequence) { awake_[id] = {sequence, 0}; }

void SequenceGuard::accept(std::span<const Record> records, std::span<const AggregateId> created) {
  std::vector<const AggregateId*> not_loaded;
  for (const auto& id : created)
    if (awake_.try_emplace(id).second) not_loaded.push_back(&id);
  for (const auto& record : records) accept(record);
  for (const auto* id : not_loaded) awake_.erase(*id);
}

void SequenceGuard::accept(const Record& record) {
  const auto it = awake_.find(record.aggregate);
  if (it == awake_.end())
    throw SequenceMismatch("sequence mismatch: " + to_text(record.aggregate) + " appended event " +
                           std::to_string(record.sequence) + " without being loaded");
  auto& awake = it->second;
  if (awake.reading == 0 && record.sequence != awake.last + 1)
    throw SequenceMismatch("sequence mismatch: " + to_text(record.aggregate) + " appended event " +
                           std::to_string(record.sequence) + " after event " + std::to_string(awake.last));
  awake.last = record.sequence;
}

}  // namespace sugang
