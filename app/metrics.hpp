#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/request_observer.hpp"
#include "storage/journal.hpp"

namespace sugang {

/// What /metrics tells. From any thread.
class Metrics final : public RequestObserver {
 public:
  Metrics();
  ~Metrics() override;

  struct NodeState {
    Journal::Stats journal;
    Position durable_position = 0;
    std::size_t pending_bytes = 0;
    std::size_t residents = 0;
    Position views_lag = 0;
  };
  void observe_node(const NodeState& state);
  void answered(std::string_view method, std::string_view route, std::uint16_t status,
                std::chrono::nanoseconds took) override;

  /// Prometheus' text format.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sugang
