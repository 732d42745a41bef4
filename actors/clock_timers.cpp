#include "actors/clock_timers.hpp"

#include <algorithm>

namespace sugang {

namespace {

/// How late an alarm may sound.
constexpr Milliseconds tick{5};

}  // namespace

ClockTimers::ClockTimers() : thread_([this] { run(); }) {}

ClockTimers::~ClockTimers() { stop(); }

bool ClockTimers::later(const Alarm& a, const Alarm& b) {
  return a.when != b.when ? a.when > b.when : a.order > b.order;
}

TimePoint ClockTimers::now() const { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }

void ClockTimers::at(TimePoint when, std::function<void()> alarm) {
  bool first = false;
  {
    std::lock_guard lock{mutex_};
    first = heap_.empty() || when < heap_.front().when;
    heap_.push_back({when, next_order_++, std::move(alarm)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  if (first) changed_.notify_one();
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
    if (heap_.empty()) {
      changed_.wait(lock);
    } else if (auto when = heap_.front().when; now() < when) {
      // Under load thousands come due each second: they are sounded a tick's worth at a time.
      changed_.wait_until(lock, when + tick);
    } else {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      auto sound = std::move(heap_.back().sound);
      heap_.pop_back();
      lock.unlock();
      sound();
      lock.lock();
    }
  }
}

}  // namespace sugang
