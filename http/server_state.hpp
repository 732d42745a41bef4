#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "http/admission.hpp"
#include "http/backend.hpp"
#include "http/limits.hpp"
#include "http/request_observer.hpp"

namespace sugang {

/// What all event loops of one server share.
struct ServerState {
  ServerState(Backend& rest, const Limits& bounds, std::shared_ptr<RequestObserver> told)
      : backend(rest), limits(bounds), observer(std::move(told)), admission(limits) {}

  Backend& backend;
  const Limits limits;
  const std::shared_ptr<RequestObserver> observer;
  Admission admission;
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> connections{0};
  std::atomic<std::uint64_t> refused{0};

  /// A client's request was taken up; until its answer is written.
  void begin_request() { unanswered_.fetch_add(1); }
  void end_request() {
    if (unanswered_.fetch_sub(1) != 1 || !draining) return;
    std::lock_guard lock{mutex_};
    answered_.notify_all();
  }
  bool await_answered(std::chrono::milliseconds within) {
    std::unique_lock lock{mutex_};
    return answered_.wait_for(lock, within, [this] { return unanswered_ == 0; });
  }

 private:
  std::atomic<std::size_t> unanswered_{0};
  std::mutex mutex_;
  std::condition_variable answered_;
};

}  // namespace sugang
