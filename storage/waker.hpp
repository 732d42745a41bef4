#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace sugang {

/// Wakes a thread that waits for work, or ends it. Shared, so that late callbacks find it.
class Waker {
 public:
  using Clock = std::chrono::steady_clock;

  /// Cheap when it is awake already; from any thread.
  void wake() {
    if (woken_.exchange(true, std::memory_order_acq_rel)) return;
    // The lock keeps the notification from falling between the thread's look at the flag and its sleep.
    { const std::lock_guard lock{mutex_}; }
    changed_.notify_all();
  }
  /// As wake(), and ends a wait for more work to gather.
  void urge() {
    {
      const std::lock_guard lock{mutex_};
      urged_ = true;
      woken_.store(true, std::memory_order_release);
    }
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

  /// Until it is woken or stopped, or the deadline; and then to `gathered`, unless it is urged or stopped, so that
  /// more may gather.
  void wait(std::optional<Clock::time_point> deadline = {}, Clock::time_point gathered = {}) {
    std::unique_lock lock{mutex_};
    const auto roused = [&] { return stopped_ || woken_.load(std::memory_order_acquire); };
    if (deadline)
      changed_.wait_until(lock, *deadline, roused);
    else
      changed_.wait(lock, roused);
    changed_.wait_until(lock, gathered, [&] { return stopped_ || urged_; });
    urged_ = false;
    woken_.store(false, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> woken_{false};
  bool urged_ = false;
  bool stopped_ = false;
};

}  // namespace sugang
