#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "actors/caller.hpp"

namespace sugang {

/// Those that wait outside the actors, by number: a message carries the number and stays a value. Thread-safe.
template <class Waiter>
class WaitingTable {
 public:
  /// The number, never 0.
  CallerId add(Waiter waiter) {
    const std::lock_guard lock{mutex_};
    waiting_.emplace(++last_, std::move(waiter));
    return last_;
  }
  /// Once per number. Throws std::out_of_range when nothing waits under it.
  Waiter take(CallerId number) {
    const std::lock_guard lock{mutex_};
    auto node = waiting_.extract(number);
    if (node.empty()) throw std::out_of_range{"no caller " + std::to_string(number)};
    return std::move(node.mapped());
  }

 private:
  std::mutex mutex_;
  std::unordered_map<CallerId, Waiter> waiting_;
  CallerId last_ = 0;
};

/// What was read, or why it could not be.
template <class T>
using ReadResult = std::variant<T, ServiceError>;

/// None: there is no such course.
using CourseRead = ReadResult<std::optional<CourseSnapshot>>;
/// The position on the course's waitlist, counted from 1; none for an enrollment that does not wait.
using WaitlistPositionRead = ReadResult<std::optional<std::uint64_t>>;
/// The position is what the answer reflects.
using CourseReader = std::function<void(CourseRead, Position)>;
using WaitlistPositionReader = std::function<void(WaitlistPositionRead)>;

/// A node's callers. The actor that handles a message takes its caller out, and from then on has to answer it.
struct Callers {
  WaitingTable<Caller> commands;
  WaitingTable<CourseReader> course_reads;
  WaitingTable<WaitlistPositionReader> waitlist_position_reads;
};

}  // namespace sugang
