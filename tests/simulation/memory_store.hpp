#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/head_file.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

/// What goes wrong in a MemoryStore. The same seed and the same calls give the same faults.
struct MemoryFaults {
  std::uint64_t seed = 1;
  /// Of a thousand writes, so many throw StorageError; whether they happened is known only after the crash.
  std::uint32_t failing_per_mille = 0;
  /// The write of this number, counted from 1, throws StorageError; 0: none.
  std::uint64_t failing_write = 0;
  /// At a crash a random part of the unsynced writes, in their order, survives; without it they are all lost.
  bool tear = false;
  /// Each write waits up to so long, by `wait`.
  std::chrono::microseconds delay_max{0};
  std::function<void(std::chrono::microseconds)> wait;
};

/// A KeyValueStore in memory that forgets, in a crash, what a disk would.
class MemoryStore final : public KeyValueStore {
 public:
  /// `spaces`: how many key spaces it has.
  explicit MemoryStore(std::size_t spaces, MemoryFaults faults = {});

  void write(const WriteSet& changes, Sync sync) override;
  std::optional<std::string> get(std::uint8_t space, std::string_view key) const override;
  void scan(std::uint8_t space, std::string_view from, std::string_view until, const Visit& visit,
            Caching caching = Caching::yes) const override;
  std::optional<std::pair<std::string, std::string>> last_at_or_before(std::uint8_t space,
                                                                       std::string_view at) const override;
  void erase_range(std::uint8_t space, std::string_view from, std::string_view until) override;

  /// From now on reads that meet the entry fail, as those of a damaged block do, until it is written.
  void spoil(std::uint8_t space, std::string key);
  /// The next `count` entries that are read can't be, for a reason that passes.
  void fail_reads(std::uint32_t count);
  /// What a restart would see now, with faults of its own.
  std::unique_ptr<MemoryStore> crash(MemoryFaults faults_after = {});
  std::uint64_t writes() const;

 private:
  using Space = std::map<std::string, std::string, std::less<>>;

  static void apply(std::vector<Space>& spaces, const WriteSet& changes);
  bool fails();
  void check(std::uint8_t space, std::string_view key) const;
  std::uint64_t random_below(std::uint64_t bound) { return random_() % bound; }

  MemoryFaults faults_;
  std::mt19937_64 random_;
  std::uint64_t writes_ = 0;
  mutable std::shared_mutex mutex_;
  /// What reads see: the durable content with the unsynced writes on top.
  std::vector<Space> current_;
  std::vector<Space> durable_;
  std::vector<WriteSet> unsynced_;
  std::set<std::pair<std::uint8_t, std::string>> spoiled_;
  mutable std::atomic<std::uint32_t> failing_reads_{0};
};

/// A head file in memory. At a crash the newest heads may be forgotten, as the page cache is in a power cut.
class MemoryHeadFile final : public HeadFile {
 public:
  /// `lag_max`: how many of the newest heads a crash may take.
  explicit MemoryHeadFile(std::size_t lag_max = 0, std::uint64_t seed = 1);

  std::optional<Head> load() override;
  void store(const Head& head) override;
  std::string name() const override { return "memory"; }

  /// The `number`-th store from now on, counted from 1, throws StorageError and is lost; 0: none.
  void fail_store(std::uint64_t number);

  std::unique_ptr<MemoryHeadFile> crash();

 private:
  std::size_t lag_max_;
  std::uint64_t stores_until_failure_ = 0;
  std::mt19937_64 random_;
  mutable std::mutex mutex_;
  /// Oldest first, lag_max + 1 at most.
  std::vector<Head> heads_;
};

}  // namespace sugang
