#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "actors/timers.hpp"

namespace sugang {

/// The system's clock, and one thread that sounds the alarms.
class ClockTimers final : public Timers {
 public:
  ClockTimers();
  ~ClockTimers() override;

  TimePoint now() const override;
  void at(TimePoint when, std::function<void()> alarm) override;
  /// Ends the thread; alarms that have not sounded never will.
  void stop();

 private:
  struct Alarm {
    TimePoint when;
    std::uint64_t order;
    std::function<void()> sound;
  };
  static bool later(const Alarm& a, const Alarm& b);
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Alarm> heap_;
  std::uint64_t next_order_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sugang
