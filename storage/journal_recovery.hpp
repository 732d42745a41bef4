#pragma once

#include <functional>
#include <vector>

#include "storage/journal_batch.hpp"

namespace sugang {

struct RecoveredJournal {
  JournalEnd end;
  /// What is pending.
  std::vector<AggregateId> pending;
};

/// The end of the journal, once it is known to hold all that was acknowledged: the newest pages verify, follow on
/// one another, and reach the head's position with the head's chain. A store and a head that are both empty are
/// made a journal. Throws JournalDamaged, naming a position and a file. The rules stand in docs/journal-format.md.
RecoveredJournal recover_journal(KeyValueStore& store, HeadFile& head, const Journal::Limits& limits);

enum class VerifyDepth : std::uint8_t {
  /// Every page, that the index lists each record and nothing else, and the snapshots' checksums.
  keys,
  /// Also that a snapshot is the fold of its events, and that every saga under way is listed as pending.
  meaning,
};

/// Verifies the journal up to `until`. Throws JournalDamaged at the first fault.
void verify_journal(const KeyValueStore& store, Position until, VerifyDepth depth,
                    const std::function<void(Position)>& progress);

}  // namespace sugang
