#include "tests/simulation/memory_store.hpp"

#include <mutex>
#include <thread>

namespace sugang {
namespace {

/// Visitors run outside the lock, so they may read the store themselves.
constexpr std::size_t scan_chunk_entries = 64;

}  // namespace

MemoryStore::MemoryStore(std::size_t spaces, MemoryFaults faults)
    : faults_(std::move(faults)), random_(faults_.seed), current_(spaces), durable_(spaces) {}

void MemoryStore::apply(std::vector<Space>& spaces, const WriteSet& changes) {
  for (const auto& change : changes.changes) {
    auto& space = spaces.at(change.space);
    if (change.value) {
      space.insert_or_assign(change.key, *change.value);
    } else {
      space.erase(change.key);
    }
  }
}

bool MemoryStore::fails() {
  ++writes_;
  const bool by_chance = faults_.failing_per_mille != 0 && random_below(1000) < faults_.failing_per_mille;
  return by_chance || writes_ == faults_.failing_write;
}

void MemoryStore::write(const WriteSet& changes, Sync sync) {
  std::chrono::microseconds delay{0};
  bool failed = false;
  {
    const std::unique_lock lock{mutex_};
    if (faults_.delay_max.count() > 0)
      delay = std::chrono::microseconds{random_below(static_cast<std::uint64_t>(faults_.delay_max.count()) + 1)};
    failed = fails();
  }
  if (delay.count() > 0) {
    if (faults_.wait) {
      faults_.wait(delay);
    } else {
      std::this_thread::sleep_for(delay);
    }
  }
  const std::unique_lock lock{mutex_};
  unsynced_.push_back(changes);
  if (failed) throw StorageError("write " + std::to_string(writes_) + " to memory failed: by seed");
  apply(current_, changes);
  for (const auto& change : changes.changes) spoiled_.erase({change.space, change.key});
  if (sync == Sync::no) return;
  for (const auto& written : unsynced_) apply(durable_, written);
  unsynced_.clear();
}

std::optional<std::string> MemoryStore::get(std::uint8_t space, std::string_view key) const {
  const std::shared_lock lock{mutex_};
  check(space, key);
  const auto& entries = current_.at(space);
  const auto it = entries.find(key);
  return it == entries.end() ? std::nullopt : std::optional{it->second};
}

void MemoryStore::scan(std::uint8_t space, std::string_view from, std::string_view until, const Visit& visit,
                       Caching) const {
  std::string next{from};
  for (bool more = true; more;) {
    std::vector<std::pair<std::string, std::string>> chunk;
    {
      const std::shared_lock lock{mutex_};
      const auto& entries = current_.at(space);
      auto it = entries.lower_bound(next);
      while (it != entries.end() && (until.empty() || it->first < until) && chunk.size() < scan_chunk_entries)
        chunk.emplace_back(*it++);
    }
    more = chunk.size() == scan_chunk_entries;
    for (const auto& [key, value] : chunk) {
      {
        const std::shared_lock lock{mutex_};
        check(space, key);
      }
      if (!visit(key, value)) return;
    }
    // The least key above the last one visited.
    if (more) next = chunk.back().first + '\0';
  }
}

std::optional<std::pair<std::string, std::string>> MemoryStore::last_at_or_before(std::uint8_t space,
                                                                                  std::string_view at) const {
  const std::shared_lock lock{mutex_};
  const auto& entries = current_.at(space);
  auto it = entries.upper_bound(at);
  if (it == entries.begin()) return std::nullopt;
  check(space, (--it)->first);
  return *it;
}

void MemoryStore::erase_range(std::uint8_t space, std::string_view from, std::string_view until) {
  WriteSet erased;
  {
    const std::shared_lock lock{mutex_};
    const auto& entries = current_.at(space);
    for (auto it = entries.lower_bound(from); it != entries.end() && (until.empty() || it->first < until); ++it)
      erased.erase(space, it->first);
  }
  write(erased, Sync::no);
}

void MemoryStore::spoil(std::uint8_t space, std::string key) {
  const std::unique_lock lock{mutex_};
  spoiled_.emplace(space, std::move(key));
}

void MemoryStore::fail_reads(std::uint32_t count) { failing_reads_ = count; }

void MemoryStore::check(std::uint8_t space, std::string_view key) const {
  if (failing_reads_ != 0 && failing_reads_-- != 0)
    throw StorageError("reading from memory failed: IO error: Too many open files");
  if (!spoiled_.empty() && spoiled_.contains({space, std::string{key}}))
    throw DamagedEntry("reading from memory failed: Corruption: the entry is spoiled");
}

std::unique_ptr<MemoryStore> MemoryStore::crash(MemoryFaults faults_after) {
  const std::unique_lock lock{mutex_};
  auto after = std::make_unique<MemoryStore>(durable_.size(), std::move(faults_after));
  after->durable_ = durable_;
  const auto survivors = faults_.tear ? random_below(unsynced_.size() + 1) : 0;
  for (std::size_t i = 0; i < survivors; ++i) apply(after->durable_, unsynced_[i]);
  after->current_ = after->durable_;
  return after;
}

std::uint64_t MemoryStore::writes() const {
  const std::shared_lock lock{mutex_};
  return writes_;
}

MemoryHeadFile::MemoryHeadFile(std::size_t lag_max, std::uint64_t seed) : lag_max_(lag_max), random_(seed) {}

std::optional<Head> MemoryHeadFile::load() {
  const std::lock_guard lock{mutex_};
  return heads_.empty() ? std::nullopt : std::optional{heads_.back()};
}

void MemoryHeadFile::store(const Head& head) {
  const std::lock_guard lock{mutex_};
  if (stores_until_failure_ > 0 && --stores_until_failure_ == 0)
    throw StorageError("write of the head to memory failed: by seed");
  heads_.push_back(head);
  if (heads_.size() > lag_max_ + 1) heads_.erase(heads_.begin());
}

void MemoryHeadFile::fail_store(std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  stores_until_failure_ = number;
}

std::unique_ptr<MemoryHeadFile> MemoryHeadFile::crash() {
  const std::lock_guard lock{mutex_};
  auto after = std::make_unique<MemoryHeadFile>(lag_max_, random_());
  if (heads_.empty()) return after;
  // The oldest that is kept is never taken: the file was made, and synced, with the journal.
  const auto lost = random_() % heads_.size();
  after->heads_.assign(heads_.begin(), heads_.end() - static_cast<std::ptrdiff_t>(lost));
  return after;
}

}  // namespace sugang
