#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <unordered_map>

#include "domain/record.hpp"

namespace sugang {

/// An append did not follow on what its aggregate appended last, or no one has loaded it: two actors believe that
/// they own it, or one forgot.
struct SequenceMismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The last sequence of each aggregate that is loaded, in the journal's order. Owned by the thread that commits; no
/// locks.
class SequenceGuard {
 public:
  /// A read of the aggregate is under way; returns what `learn` must name.
  std::uint64_t begin_wake(const AggregateId& id);
  /// The read found `sequence` to be the last.
  void learn(const AggregateId& id, std::uint64_t wake, Sequence sequence);
  void wake_new(const AggregateId& id, Sequence sequence);
  void forget(const AggregateId& id) { awake_.erase(id); }
  /// Takes the records of one append. Those of `created` begin with it, and need not be loaded; they are checked
  /// within the append alone. Throws SequenceMismatch.
  void accept(std::span<const Record> records, std::span<const AggregateId> created);
  /// Aggregates that are loaded.
  std::size_t size() const { return awake_.size(); }

 private:
  void accept(const Record& record);

  struct Awake {
    Sequence last = 0;
    /// Of the wake whose read is under way; 0: none.
    std::uint64_t reading = 0;
  };

  std::unordered_map<AggregateId, Awake> awake_;
  std::uint64_t wakes_ = 0;
};

}  // namespace sugang
