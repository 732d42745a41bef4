#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>

#include "actors/id_source.hpp"
#include "actors/timers.hpp"

namespace sugang {

/// Time that stands still until a test moves it. Alarms are lost in a crash; the time goes on.
class SimulatedTimers final : public Timers {
 public:
  explicit SimulatedTimers(TimePoint start) : start_(start) {}

  TimePoint now() const override { return start_ + uptime_; }
  Milliseconds uptime() const override { return uptime_; }
  void at(TimePoint when, std::function<void()> alarm) override { by_wall_.emplace(when, std::move(alarm)); }
  void after(Milliseconds delay, std::function<void()> alarm) override {
    by_uptime_.emplace(uptime_ + delay, std::move(alarm));
  }

  bool has_alarm() const { return !by_wall_.empty() || !by_uptime_.empty(); }
  bool has_alarm_within(Milliseconds span) const { return has_alarm() && next() <= uptime_ + span; }
  /// Moves to the next alarm, if it is later, and sounds it.
  void sound_next() {
    uptime_ = std::max(uptime_, next());
    if (wall_is_next())
      sound_first_of(by_wall_);
    else
      sound_first_of(by_uptime_);
  }
  void advance(Milliseconds by) {
    const auto until = uptime_ + by;
    while (has_alarm() && next() <= until) sound_next();
    uptime_ = until;
  }
  /// The wall clock is set, forward or back, and no time passes.
  void set_clock(Milliseconds by) { start_ += by; }
  void forget_alarms() {
    by_wall_.clear();
    by_uptime_.clear();
  }

 private:
  bool wall_is_next() const {
    return by_uptime_.empty() ||
           (!by_wall_.empty() && by_wall_.begin()->first - start_ < by_uptime_.begin()->first);
  }
  /// The uptime at which the next alarm is due.
  Milliseconds next() const {
    return wall_is_next() ? Milliseconds{by_wall_.begin()->first - start_} : by_uptime_.begin()->first;
  }
  template <class Alarms>
  static void sound_first_of(Alarms& alarms) {
    auto alarm = std::move(alarms.begin()->second);
    alarms.erase(alarms.begin());
    alarm();
  }

  /// What the wall clock showed when the uptime began.
  TimePoint start_;
  Milliseconds uptime_{0};
  std::multimap<TimePoint, std::function<void()>> by_wall_;
  std::multimap<Milliseconds, std::function<void()>> by_uptime_;
};

/// The same ids for the same seed.
class SeededIds final : public IdSource {
 public:
  explicit SeededIds(std::uint64_t seed) : random_(seed) {}
  /// The mint after so many more throws, once: a fault in the turn that asked for the id.
  void fault_after(std::size_t mints) { until_fault_ = mints; }
  void fail_next() { fault_after(0); }
  void fault_never() { until_fault_.reset(); }
  Uid mint(TimePoint now, Partition partition) override {
    if (until_fault_ && (*until_fault_)-- == 0) {
      until_fault_.reset();
      throw std::runtime_error{"no more ids"};
    }
    return mint_for_test(now, partition);
  }
  /// For the test itself, which has no faults.
  Uid mint_for_test(TimePoint now, Partition partition) {
    auto random = random_();
    return make_uid(now, partition, random, static_cast<std::uint8_t>(random & 3u));
  }

 private:
  std::mt19937_64 random_;
  std::optional<std::size_t> until_fault_;
};

}  // namespace sugang
