#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/record.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

struct JournalDamaged;

/// Reads the whole journal again and again, a step at a time and in constant memory: each page in itself, that it
/// follows on the one before, and then the checksum of each block of each sorted file, which holds index, snapshots
/// and pending sagas too. Damage is reported, and the pass continues behind it; other failed reads are retried.
/// One thread steps; any may ask.
class JournalScrub {
 public:
  using Found = std::function<void(const JournalDamaged&)>;

  /// `end` is the last durable position.
  JournalScrub(const KeyValueStore& store, std::function<Position()> end, Found found);

  struct Step {
    std::uint64_t bytes = 0;
    /// Everything that was durable when the pass began has been read; the next step begins another pass.
    bool ends_pass = false;
  };
  /// Reads pages of about `bytes_max`, or one file.
  Step step(std::uint64_t bytes_max);

  /// Everything up to it was read in this pass, or the last one.
  Position position() const { return next_.load(std::memory_order_relaxed) - 1; }
  std::uint64_t passes() const { return passes_.load(std::memory_order_relaxed); }
  /// Since the end of the last complete pass, or since the start.
  std::chrono::seconds age() const;

 private:
  std::uint64_t read_pages(std::uint64_t bytes_max);
  void check_page(std::string_view key, std::string_view value);
  void pass_over(const std::exception& fault);
  void report(Position position, const std::exception& fault);
  std::uint64_t read_file(std::uint64_t bytes_max);

  const KeyValueStore& store_;
  const std::function<Position()> end_of_journal_;
  const Found found_;
  bool under_way_ = false;
  Position end_ = 0;
  std::atomic<Position> next_{1};
  std::atomic<std::uint64_t> passes_{0};
  std::atomic<std::chrono::steady_clock::time_point> ended_{std::chrono::steady_clock::now()};
  /// Of the page before; nothing behind one that could not be read.
  std::optional<std::uint64_t> chain_;
  /// How far to look ahead for a page that can be read.
  Position skip_ = 1;
  std::optional<std::vector<std::string>> files_;
};

}  // namespace sugang
