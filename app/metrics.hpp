#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/journal.hpp"

namespace sugang {

/// What /metrics tells. From any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  struct NodeState {
    Journal::Stats journal;
    Position durable_position = 0;
    std::size_t pending_bytes = 0;
    std::size_t residents = 0;
    Position views_lag = 0;
  };
  void observe_node(const NodeState& state);
  /// `route` is a template (`/v1/courses/{id}`), so that labels stay few.
  void observe_request(std::string_view method, std::string_view route, int status, std::chrono::nanoseconds took);

  /// Prometheus' text format.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sugang
