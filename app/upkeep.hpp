#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "actors/timers.hpp"
#include "app/lane.hpp"
#include "app/metrics.hpp"
#include "storage/journal_scrub.hpp"

namespace sugang {

struct Config;
class Directory;
class JournalFolder;
class Service;

/// What a node does of itself, again and again: unloads idle actors, watches the free space of the disk, forgets
/// answers to old keyed requests, and scrubs the journal.
class Upkeep {
 public:
  struct Subjects {
    Timers& timers;
    JournalFolder& journal_folder;
    Directory& directory;
    Service& service;
    Metrics& metrics;
  };

  Upkeep(const Config& config, Subjects subjects);

  void start();
  /// After the timers' own stop.
  void stop() { lane_.stop(); }
  /// Fills in what is known of the disk, the scrub and the work that waits.
  void complete(Metrics::NodeState& state) const;

 private:
  void sweep_directory();
  void watch_disk();
  void expire_requests(std::string from);
  void scrub_on();

  const std::filesystem::path data_;
  const std::uintmax_t disk_free_bytes_min_;
  const std::uint32_t scrub_mib_per_s_;
  const Milliseconds scrub_interval_;
  const Subjects to_;
  const RunningClock clock_;
  bool disk_was_low_ = false;
  JournalScrub scrub_;
  Lane lane_;
};

}  // namespace sugang
