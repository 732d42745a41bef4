#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "domain/record.hpp"

namespace sugang {

struct JournalDamaged;

/// One fault that a read met: where, and the error.
struct Damage {
  Position position = 0;
  std::string file;
  std::string what;
};

/// What reads have found damaged since the start: each fault once, and the aggregates that can't be read for it.
/// From any thread.
class Quarantine {
 public:
  /// Called once for each fault, and once for each aggregate that is isolated (`aggregate` names it; empty for a
  /// fault). On the thread that met it.
  using Listener = std::function<void(std::string_view aggregate, const Damage& damage)>;
  void listen(Listener listener) { listener_ = std::move(listener); }

  /// Throws Quarantined when `group` is isolated.
  void check(std::string_view group) const;
  /// `group`, named `aggregate`, can't be read because of `fault`.
  void isolate(std::string_view group, std::string_view aggregate, const JournalDamaged& fault);
  /// A fault that concerns no aggregate alone.
  void note(const JournalDamaged& fault);

  std::size_t faults() const { return fault_count_.load(std::memory_order_relaxed); }
  std::size_t aggregates() const { return group_count_.load(std::memory_order_relaxed); }

 private:
  Listener listener_;
  mutable std::mutex mutex_;
  /// With the error of the first read.
  std::unordered_set<std::string> faults_;
  std::unordered_map<std::string, Damage> groups_;
  std::atomic<std::size_t> fault_count_{0};
  std::atomic<std::size_t> group_count_{0};
};

}  // namespace sugang
