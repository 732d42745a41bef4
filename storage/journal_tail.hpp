#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "storage/waker.hpp"

namespace sugang {

/// The thread of what follows the journal's end: a pass over what is new whenever it is woken.
class JournalTail {
 public:
  struct Gather {
    /// Under load records gather for so long between two passes.
    std::chrono::milliseconds time;
    /// It is no load when a pass finds fewer records than this: then the next may follow at once.
    std::size_t records_min = 16;
  };
  struct Pass {
    std::size_t records = 0;
    /// There is work left that need not be waited for.
    bool more = false;
    /// When there is work though nothing wakes the thread.
    std::optional<Waker::Clock::time_point> again_at = {};
  };

  /// `on_failure` is called once, when a pass throws; none follows.
  JournalTail(Gather gather, std::function<Pass()> pass, std::function<void(const std::string& why)> on_failure);
  ~JournalTail();
  JournalTail(const JournalTail&) = delete;
  JournalTail& operator=(const JournalTail&) = delete;

  void start();
  /// Ends the thread. False: it was stopped before, or not started.
  bool stop();
  /// Of the thread; for callbacks that may come after this object's end.
  const std::shared_ptr<Waker>& waker() const { return waker_; }

 private:
  void run();

  const Gather gather_;
  const std::function<Pass()> pass_;
  const std::function<void(const std::string& why)> on_failure_;
  const std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();
  std::thread thread_;
};

}  // namespace sugang
