#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace sugang {

/// For what may happen thousands of times a second: one line of the log for each `interval`. From any thread.
class SampledLines {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds interval{10};

  /// Counts one occurrence. How many there were since the last line, if it is time for another.
  std::optional<std::uint64_t> next(Clock::time_point now = Clock::now()) {
    std::lock_guard lock{mutex_};
    ++count_;
    if (last_ && now - *last_ < interval) return std::nullopt;
    last_ = now;
    return std::exchange(count_, 0);
  }

 private:
  std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::optional<Clock::time_point> last_;
};

}  // namespace sugang
