#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "domain/record.hpp"

namespace sugang {

/// Reads that wait for a view to reach a position, without a thread each. Thread-safe; callbacks run outside of the
/// lock, on the thread that made the call.
class PositionWaits {
 public:
  using Clock = std::chrono::steady_clock;
  /// True: reached. False: not in time.
  using Done = std::function<void(bool reached)>;

  explicit PositionWaits(std::size_t waits_max) : waits_max_(waits_max) {}

  /// False, and `done` is not kept: so many wait already that another must not.
  [[nodiscard]] bool add(Position position, Clock::time_point deadline, Done done);
  /// Ends the waits that `position` has reached, and those whose deadline `now` has reached.
  void advance(Position position, Clock::time_point now);
  /// Ends all, as not reached.
  void give_up();

  bool empty() const;
  /// The earliest deadline.
  std::optional<Clock::time_point> next_deadline() const;

 private:
  struct Wait {
    Position position = 0;
    Clock::time_point deadline;
    Done done;
  };
  const std::size_t waits_max_;
  mutable std::mutex mutex_;
  std::vector<Wait> waits_;
};

}  // namespace sugang
