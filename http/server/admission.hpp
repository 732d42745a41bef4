#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "http/server/limits.hpp"

namespace sugang {

/// One of the `imports_max` imports that may be under way; free again when its last copy is destroyed.
using ImportPlace = std::shared_ptr<const void>;

/// Counts what is under way against its bound in Limits: requests without an answer (all, and per course), event
/// streams, imports. A `try_enter` that returns false has counted nothing. Thread-safe.
class Admission {
 public:
  explicit Admission(const Limits& limits) : limits_(limits) {}

  bool try_enter();
  void leave() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
  /// `key` names one of a course's counts.
  bool try_enter_course(const std::string& key);
  void leave_course(const std::string& key);

  /// An event stream has no end, so it is not counted as a request.
  bool try_enter_stream();
  void leave_stream() { streams_.fetch_sub(1, std::memory_order_relaxed); }

  /// An import uses memory from the first byte of its body until its courses are registered, even if its request
  /// has timed out by then. Null: the bound is reached.
  ImportPlace try_enter_import();

  std::size_t streams() const { return streams_.load(std::memory_order_relaxed); }
  std::size_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  const Limits& limits_;
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<std::size_t> streams_{0};
  /// Shared with the places, which may outlive this object.
  const std::shared_ptr<std::atomic<std::size_t>> imports_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> courses_;
};

}  // namespace sugang
