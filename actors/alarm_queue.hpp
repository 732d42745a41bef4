#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "domain/time.hpp"

namespace sugang {

/// Alarms by two clocks: the wall clock, which may be set, and the uptime, which only passes. Without a thread or a
/// clock of its own.
class AlarmQueue {
 public:
  using Alarm = std::function<void()>;

  void at(TimePoint when, Alarm alarm) { by_wall_.push(when.time_since_epoch(), std::move(alarm)); }
  void after(Milliseconds uptime, Alarm alarm) { by_uptime_.push(uptime, std::move(alarm)); }

  /// The next alarm that is due, removed; none when none is.
  std::optional<Alarm> pop_due(TimePoint wall, Milliseconds uptime);
  /// The uptime at which to look again; none while there is no alarm. The wall clock may be set meanwhile, so while
  /// an alarm waits for it, this is at most `wall_look_interval` ahead.
  std::optional<Milliseconds> look_again_at(TimePoint wall, Milliseconds uptime) const;

  static constexpr Milliseconds wall_look_interval{1'000};

 private:
  /// A heap by time, and by order of arrival where times are the same.
  class Heap {
   public:
    void push(Milliseconds when, Alarm alarm);
    Alarm pop();
    bool empty() const { return entries_.empty(); }
    Milliseconds first() const { return entries_.front().when; }

   private:
    struct Entry {
      Milliseconds when;
      std::uint64_t order;
      Alarm alarm;
    };
    static bool later(const Entry& a, const Entry& b);
    std::vector<Entry> entries_;
    std::uint64_t next_order_ = 0;
  };

  Heap by_wall_;
  Heap by_uptime_;
};

}  // namespace sugang
