#pragma once

#include <algorithm>
#include <functional>

#include "domain/time.hpp"

namespace sugang {

/// Time and alarms. A port, so that a simulation can drive both. An alarm's function only posts; alarms are lost in
/// a crash, and whatever they stood for is derived again from durable state.
///
/// The wall clock may be set, forward and back; what must last a certain while is measured by `uptime` and `after`.
class Timers {
 public:
  virtual ~Timers() = default;
  /// The wall clock, for times that are journaled or shown.
  virtual TimePoint now() const = 0;
  /// Never goes back, whatever happens to the wall clock.
  virtual Milliseconds uptime() const = 0;
  /// When the wall clock shows `when`: for deadlines that are journaled. The callee reads the clock again.
  virtual void at(TimePoint when, std::function<void()> alarm) = 0;
  /// When `delay` has passed.
  virtual void after(Milliseconds delay, std::function<void()> alarm) = 0;
};

/// What the wall clock showed when this was made, and the time that has passed since: a wall clock that is set
/// meanwhile does not move it. For due times that are stored, and for ages.
class RunningClock {
 public:
  explicit RunningClock(const Timers& timers) : timers_(timers), began_(timers.now() - timers.uptime()) {}

  TimePoint now() const { return began_ + timers_.uptime(); }
  /// By this clock or by the wall clock, whichever is earlier: a wall clock that is set forward makes nothing that
  /// it dated older.
  TimePoint earliest() const { return std::min(now(), timers_.now()); }

 private:
  const Timers& timers_;
  const TimePoint began_;
};

}  // namespace sugang
