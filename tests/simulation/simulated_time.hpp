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
  explicit SimulatedTimers(TimePoint start) : now_(start) {}

  TimePoint now() const override { return now_; }
  void at(TimePoint when, std::function<void()> alarm) override { alarms_.emplace(when, std::move(alarm)); }

  bool has_alarm() const { return !alarms_.empty(); }
  bool has_alarm_within(Milliseconds span) const { return has_alarm() && alarms_.begin()->first <= now_ + span; }
  /// Moves to the next alarm, if it is later, and sounds it.
  void sound_next() {
    auto it = alarms_.begin();
    now_ = std::max(now_, it->first);
    auto alarm = std::move(it->second);
    alarms_.erase(it);
    alarm();
  }
  void advance(Milliseconds by) {
    const auto until = now_ + by;
    while (!alarms_.empty() && alarms_.begin()->first <= until) sound_next();
    now_ = until;
  }
  void forget_alarms() { alarms_.clear(); }

 private:
  TimePoint now_;
  std::multimap<TimePoint, std::function<void()>> alarms_;
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
    auto random = random_();
    return make_uid(now, partition, random, static_cast<std::uint8_t>(random & 3u));
  }

 private:
  std::mt19937_64 random_;
  std::optional<std::size_t> until_fault_;
};

}  // namespace sugang
