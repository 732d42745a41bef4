#include "storage/sequence_guard.hpp"

#include <algorithm>

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

void SequenceGuard::accept(const Record& record) {
  if (record.aggregate.kind == AggregateKind::request) return;
  const auto it = awake_.find(record.aggregate);
  if (it == awake_.end()) return;
  auto& awake = it->second;
  if (awake.reading == 0 && record.sequence != awake.last + 1)
    throw SequenceMismatch("sequence mismatch: " + to_text(record.aggregate) + " appended event " +
                           std::to_string(record.sequence) + " after event " + std::to_string(awake.last));
  awake.last = record.sequence;
}

}  // namespace sugang
