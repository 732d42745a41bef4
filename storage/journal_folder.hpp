#pragma once

#include <string>
#include <vector>

#include "storage/journal.hpp"
#include "storage/rocks_store.hpp"
#include "storage/two_slot_head_file.hpp"

namespace sugang {

/// The key spaces of a journal's store, in their order.
std::vector<RocksSpace> journal_spaces();

/// A journal on a disk: RocksDB in `<folder>/store`, and beside it the head file, `<folder>/head`. Opening it
/// throws JournalDamaged when what was acknowledged cannot be trusted, naming the position that was acknowledged
/// and the file, and StorageError when it fails otherwise.
class JournalFolder {
 public:
  JournalFolder(const std::string& folder, Journal::Limits limits, RocksOptions options,
                Journal::ReadExecutor reads, Journal::OnFailure on_failure);

  Journal& journal() { return journal_; }
  RocksStore& store() { return store_; }

 private:
  /// Damage that a compaction meets is noted as a read's is.
  RocksOptions noting(RocksOptions options);

  TwoSlotHeadFile head_;
  RocksStore store_;
  Journal journal_;
};

}  // namespace sugang
