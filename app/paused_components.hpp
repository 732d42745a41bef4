#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "domain/component.hpp"
#include "domain/record.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

/// Which components an operator has paused, and where the journal ended then, kept in a store of its own: a
/// restart, or a crash, does not end a maintenance window.
class PausedComponents {
 public:
  /// Called once, on a failed write; the process must end.
  using OnFailure = std::function<void(const std::string& why)>;

  /// `space` of the store belongs to this alone. Sets what is paused in `components`.
  PausedComponents(KeyValueStore& store, std::uint8_t space, Components& components, OnFailure on_failure);

  /// Durable on return; seen by others only then. Paused again, it stays paused at where the journal ended first.
  /// May block on a disk; from any thread. Throws StorageError.
  void set(Component component, bool runs, Position journal_end);
  /// What a component that only shows what happened shows: events up to here.
  Position shown_until(Component component) const;
  std::vector<Component> paused() const;

 private:
  KeyValueStore& store_;
  const std::uint8_t space_;
  Components& components_;
  const OnFailure on_failure_;
  std::mutex mutex_;
  /// The end of the journal when it was paused; the greatest position while it runs.
  std::array<std::atomic<Position>, EnumNames<Component>::values.size()> until_;
};

}  // namespace sugang
