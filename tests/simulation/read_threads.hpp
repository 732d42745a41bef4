#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sugang {

/// Runs reads on threads of its own, as a node does; with none, at once on the caller's.
class ReadThreads {
 public:
  explicit ReadThreads(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~ReadThreads() { stop(); }

  void run(std::function<void()> read) {
    if (threads_.empty()) return read();
    {
      const std::lock_guard lock{mutex_};
      reads_.push_back(std::move(read));
    }
    arrived_.notify_one();
  }

  /// Ends the threads; reads that have not begun never will.
  void stop() {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    arrived_.notify_all();
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
    reads_.clear();
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock{mutex_};
      arrived_.wait(lock, [this] { return stopping_ || !reads_.empty(); });
      if (stopping_) return;
      auto read = std::move(reads_.front());
      reads_.pop_front();
      lock.unlock();
      read();
    }
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> reads_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sugang
