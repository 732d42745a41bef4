#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/page.hpp"
#include "domain/set_aside.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

/// What consumers have set aside, listed until an operator's look at it: durable before a cursor passes it. Reads
/// from any thread, writes from one at a time.
class SetAsideStore {
 public:
  /// `space` of the store belongs to this alone. Beyond `entries_max` the oldest go.
  SetAsideStore(KeyValueStore& store, std::uint8_t space, std::size_t entries_max = 10'000);

  /// Durable on return. Set aside again, after a crash, it is the same entry. Throws StorageError when it can't be
  /// written; an entry that can't be read counts as none.
  void put(const SetAside& entry);
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  /// By position.
  ListResult<SetAside> list(const Page& page) const;

 private:
  bool has(const std::string& key) const;
  std::optional<std::string> oldest() const;

  KeyValueStore& store_;
  const std::uint8_t space_;
  const std::size_t entries_max_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace sugang
