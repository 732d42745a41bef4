#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "http/server/limits.hpp"

namespace sugang {

/// One of the imports that there may be at a time, for as long as a copy of it is left.
using ImportPlace = std::shared_ptr<const void>;

/// Counts the requests that are taken up and not answered yet, in the node and per course, and refuses what would
/// be too many. From any thread.
class Admission {
 public:
  explicit Admission(const Limits& limits) : limits_(limits) {}

  bool try_enter();
  void leave() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
  bool try_enter_course(const std::string& course);
  void leave_course(const std::string& course);

  /// A stream of events has no end, and is counted apart.
  bool try_enter_stream();
  void leave_stream() { streams_.fetch_sub(1, std::memory_order_relaxed); }

  /// A catalogue takes memory from its first byte until it is registered, also when its caller was answered long
  /// before. Nothing: there are as many as there may be.
  ImportPlace try_enter_import();

  std::size_t streams() const { return streams_.load(std::memory_order_relaxed); }
  std::size_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  const Limits& limits_;
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<std::size_t> streams_{0};
  /// Outlived by the last of the places.
  const std::shared_ptr<std::atomic<std::size_t>> imports_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> courses_;
};

}  // namespace sugang
