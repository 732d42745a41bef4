#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <utility>

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
  Uid mint(TimePoint now, Partition partition) override {
    if (std::exchange(fails_, false)) throw std::runtime_error{"a fault"};
    auto random = random_();
    return make_uid(now, partition, random, static_cast<std::uint8_t>(random & 3u));
  }
  void fail_next() { fails_ = true; }

 private:
  bool fails_ = false;
  std::mt19937_64 random_;
};

}  // namespace sugang
