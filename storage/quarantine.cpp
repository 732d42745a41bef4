#include "storage/quarantine.hpp"

#include "storage/journal.hpp"

namespace sugang {
namespace {

/// What is not remembered is read again, and met again.
constexpr std::size_t faults_max = 10'000;
constexpr std::size_t groups_max = 100'000;

Damage damage_of(const JournalDamaged& fault) { return {fault.position, fault.file, fault.cause}; }

}  // namespace

void Quarantine::check(std::string_view group) const {
  if (aggregates() == 0) return;
  const std::lock_guard lock{mutex_};
  const auto it = groups_.find(std::string{group});
  if (it == groups_.end()) return;
  const auto& damage = it->second;
  throw Quarantined("in quarantine: position " + std::to_string(damage.position) + ": " + damage.what,
                    damage.position, damage.file, damage.what);
}

void Quarantine::note(const JournalDamaged& fault) {
  {
    const std::lock_guard lock{mutex_};
    if (faults_.size() >= faults_max || !faults_.insert(fault.cause).second) return;
    fault_count_.store(faults_.size(), std::memory_order_relaxed);
  }
  if (listener_) listener_({}, damage_of(fault));
}

void Quarantine::isolate(std::string_view group, std::string_view aggregate, const JournalDamaged& fault) {
  note(fault);
  {
    const std::lock_guard lock{mutex_};
    if (groups_.size() >= groups_max || !groups_.emplace(group, damage_of(fault)).second) return;
    group_count_.store(groups_.size(), std::memory_order_relaxed);
  }
  if (listener_) listener_(aggregate, damage_of(fault));
}

}  // namespace sugang
