#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/request_log.hpp"
#include "consumers/consumers.hpp"
#include "http/server/request_observer.hpp"

namespace sugang {

/// What /metrics shows, and the log of requests. From any thread.
class Metrics final : public RequestObserver {
 public:
  Metrics();
  ~Metrics() override;

  /// The node at the moment of a scrape. Everything in it is kept anyway: nothing is counted for it.
  struct NodeState {
    Journal::Stats journal;
    Position durable_position = 0;
    std::size_t pending_bytes = 0;
    std::size_t residents = 0;
    std::size_t messages_pending = 0;
    Position views_lag = 0;
    std::size_t set_aside = 0;
    std::vector<Consumers::State> consumers;
    /// By names of states that are no end.
    std::vector<std::pair<std::string_view, std::uint64_t>> sagas;
    std::size_t webhook_backlog = 0;
    std::uint32_t payments_deferred = 0;
    bool breaker_open = false;
    std::size_t requests_in_flight = 0;
    std::size_t event_streams = 0;
    /// By names of what runs reads: how many wait or run.
    std::vector<std::pair<std::string_view, std::size_t>> reads_pending;
    /// Faults that reads have met, and aggregates that can't be read for them.
    std::size_t journal_faults = 0;
    std::size_t quarantined = 0;
    Position scrub_position = 0;
    std::uint64_t scrub_passes = 0;
    std::chrono::seconds scrub_age{0};
    std::uint64_t disk_free_bytes = 0;
    std::uint64_t disk_free_bytes_min = 0;
  };
  void observe_node(const NodeState& state);

  void answered(const AnsweredRequest& request) override;
  /// `call`: charge, refund. `outcome`: how it ended.
  void gateway_answered(std::string_view call, std::string_view outcome, std::chrono::nanoseconds took);
  /// Of the payment gateway.
  void breaker_changed(bool open);
  /// About once a second.
  void log_left_out() { request_log_.log_left_out(); }

  void connections_changed(std::string_view port, std::size_t open) override;
  void connection_refused(std::string_view port, std::size_t max) override;
  void accept_failed(std::string_view port, std::string_view why) override;

  /// Prometheus' text format.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  RequestLog request_log_;
};

}  // namespace sugang
