#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "actors/caller.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

/// An import that will be carried out, whatever happens: what else it needs besides its courses.
struct DecidedImport {
  std::size_t rows = 0;
  std::size_t chunks = 0;
  std::optional<RequestKey> key;
  Answer answer;
};

/// Where an import waits for the journal (docs/decisions/0012). Its courses' records are put here chunk by chunk;
/// one synced write decides that all of them will be registered; then they move to the journal chunk by chunk. A
/// crash before the decision leaves nothing, one after it leaves the rest to be moved at the next start. One import
/// at a time; its functions may block on a disk, and are called from one thread at a time. All throw StorageError.
class ImportStaging {
 public:
  /// `space` of the store belongs to this alone.
  ImportStaging(KeyValueStore& store, std::uint8_t space) : store_(store), space_(space) {}

  void put(std::size_t chunk, const std::vector<Record>& records);
  /// Durable on return, with every chunk that was put.
  void decide(const DecidedImport& import);
  std::optional<DecidedImport> decided() const;
  std::vector<Record> chunk(std::size_t chunk) const;
  void clear();

 private:
  KeyValueStore& store_;
  const std::uint8_t space_;
};

}  // namespace sugang
