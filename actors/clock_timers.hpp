#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "actors/alarm_queue.hpp"
#include "actors/timers.hpp"

namespace sugang {

/// The system's clocks, and one thread that sounds the alarms.
class ClockTimers final : public Timers {
 public:
  ClockTimers();
  ~ClockTimers() override;

  TimePoint now() const override;
  Milliseconds uptime() const override;
  void at(TimePoint when, std::function<void()> alarm) override;
  void after(Milliseconds delay, std::function<void()> alarm) override;
  /// Ends the thread; alarms that have not sounded never will.
  void stop();

 private:
  template <class Add>
  void add(Add add);
  void run();

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable changed_;
  AlarmQueue alarms_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sugang
