#include "actors/clock_timers.hpp"

#include <utility>

namespace sugang {

namespace {

/// How late an alarm may sound.
constexpr Milliseconds tick{5};

}  // namespace

ClockTimers::ClockTimers() : thread_([this] { run(); }) {}

ClockTimers::~ClockTimers() { stop(); }

TimePoint ClockTimers::now() const { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }

Milliseconds ClockTimers::uptime() const {
  return std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now() - began_);
}

/// Wakes the thread only for an alarm that comes before what it waits for.
template <class Add>
void ClockTimers::add(Add add) {
  bool sooner = false;
  {
    std::lock_guard lock{mutex_};
    const auto wall = now();
    const auto up = uptime();
    const auto before = alarms_.look_again_at(wall, up);
    add(up);
    sooner = !before || alarms_.look_again_at(wall, up) < before;
  }
  if (sooner) changed_.notify_one();
}

void ClockTimers::at(TimePoint when, std::function<void()> alarm) {
  add([&](Milliseconds) { alarms_.at(when, std::move(alarm)); });
}

void ClockTimers::after(Milliseconds delay, std::function<void()> alarm) {
  add([&](Milliseconds up) { alarms_.after(up + delay, std::move(alarm)); });
}

void ClockTimers::stop() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ClockTimers::run() {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    const auto wall = now();
    const auto up = uptime();
    if (auto due = alarms_.pop_due(wall, up)) {
      lock.unlock();
      (*due)();
      lock.lock();
    } else if (auto next = alarms_.look_again_at(wall, up)) {
      // Under load thousands come due each second: they are sounded a tick's worth at a time.
      changed_.wait_until(lock, began_ + *next + tick);
    } else {
      changed_.wait(lock);
    }
  }
}

}  // namespace sugang
