#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "http/server/request_observer.hpp"

namespace sugang {

/// Writes answers to the log: at debug every one; at info those that the server failed (5xx) and those that it
/// refused to shed load (429, 503), a few of each kind a second, with a count of those left out. From any thread.
class RequestLog {
 public:
  using Clock = std::chrono::steady_clock;
  /// Lines of one kind of problem in one second.
  static constexpr std::uint32_t lines_per_second_max = 5;

  void answered(const AnsweredRequest& request, Clock::time_point now = Clock::now());
  /// Writes counts of what was left out in seconds that are over. Called about once a second.
  void log_left_out(Clock::time_point now = Clock::now());

 private:
  /// Of one problem, or of one status without a problem.
  struct Kind {
    Clock::time_point second{};
    std::uint32_t lines = 0;
    std::uint64_t left_out = 0;
  };

  /// Nothing: this one is left out. Otherwise how many were left out since the last line.
  std::optional<std::uint64_t> take_turn(std::string_view kind, Clock::time_point now);

  std::mutex mutex_;
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace sugang
