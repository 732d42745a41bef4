#pragma once

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <functional>
#include <utility>

#include "app/log.hpp"

namespace sugang {

/// One thread for one kind of work that may block on a disk, so that no kind waits for another.
class Lane {
 public:
  std::function<void(std::function<void()>)> executor() {
    return [this](std::function<void()> work) { run(std::move(work)); };
  }
  void run(std::function<void()> work) {
    pending_.fetch_add(1, std::memory_order_relaxed);
    boost::asio::post(thread_, [this, work = std::move(work)] {
      try {
        work();
      } catch (const std::exception& fault) {
        log_error("a read failed, and its caller was not answered", {{"why", fault.what()}});
      }
      pending_.fetch_sub(1, std::memory_order_relaxed);
    });
  }
  /// What waits or runs.
  std::size_t pending() const { return pending_.load(std::memory_order_relaxed); }
  /// Work that has not begun is dropped: nothing waits for it any more.
  void stop() {
    thread_.stop();
    thread_.join();
  }

 private:
  std::atomic<std::size_t> pending_{0};
  boost::asio::thread_pool thread_{1};
};

}  // namespace sugang
