#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace sugang {

/// Wakes a thread that waits for work, or ends it. Shared, so that late callbacks find it.
class Waker {
 public:
  /// Cheap when it is awake already; from any thread.
  void wake() {
    if (woken_.exchange(true, std::memory_order_acq_rel)) return;
    // The lock keeps the notification from falling between the thread's look at the flag and its sleep.
    { const std::lock_guard lock{mutex_}; }
    changed_.notify_all();
  }
  /// False: it was stopped before.
  bool stop() {
    {
      const std::lock_guard lock{mutex_};
      if (std::exchange(stopped_, true)) return false;
    }
    changed_.notify_all();
    return true;
  }
  bool stopped() const {
    const std::lock_guard lock{mutex_};
    return stopped_;
  }

  /// Until it is woken or stopped; and then to `until`, unless it is stopped, so that more may gather.
  void wait(std::chrono::steady_clock::time_point until = {}) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return stopped_ || woken_.load(std::memory_order_acquire); });
    changed_.wait_until(lock, until, [&] { return stopped_; });
    woken_.store(false, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> woken_{false};
  bool stopped_ = false;
};

}  // namespace sugang
