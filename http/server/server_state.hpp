#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>

#include "domain/enum_names.hpp"
#include "http/server/admission.hpp"
#include "http/server/limits.hpp"
#include "http/server/request_observer.hpp"
#include "http/server/site.hpp"

namespace sugang {

enum class Port : std::uint8_t { client, management };
constexpr auto names_of(Port) { return names("client", "management"); }

/// What all event loops of one server share.
struct ServerState {
  ServerState(Site served, const Limits& bounds, std::shared_ptr<RequestObserver> watcher)
      : site(std::move(served)), limits(bounds), observer(std::move(watcher)), admission(limits) {}

  const Site site;
  const Limits limits;
  const std::shared_ptr<RequestObserver> observer;
  Admission admission;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> refused{0};

  /// The answer to what is refused with 503 before a handler is called; counts it.
  Response refuse_for_now(Fault fault, std::string_view path, std::string_view detail = {}) {
    refused.fetch_add(1, std::memory_order_relaxed);
    return site.refuse(fault, path, detail);
  }
  std::size_t connections_max(Port port) const {
    return port == Port::client ? limits.connections_max : limits.management_connections_max;
  }
  /// Counts the connection. False: connections_max are open already.
  bool open_connection(Port port) {
    auto& open = connections_[static_cast<std::size_t>(port)];
    const auto before = open.fetch_add(1);
    if (before < connections_max(port)) {
      if (observer) observer->connections_changed(to_text(port), before + 1);
      return true;
    }
    open.fetch_sub(1);
    return false;
  }
  void close_connection(Port port) {
    const auto before = connections_[static_cast<std::size_t>(port)].fetch_sub(1);
    if (observer) observer->connections_changed(to_text(port), before - 1);
  }

  /// Count a client's connection from the first request that was read until all its answers are written.
  void begin_request() { unanswered_.fetch_add(1); }
  void end_request() {
    if (unanswered_.fetch_sub(1) != 1 || !draining) return;
    std::lock_guard lock{mutex_};
    answered_.notify_all();
  }
  bool await_answered(std::chrono::milliseconds within) {
    std::unique_lock lock{mutex_};
    return answered_.wait_for(lock, within, [this] { return unanswered_ == 0; });
  }

 private:
  std::array<std::atomic<std::size_t>, 2> connections_{};
  std::atomic<std::size_t> unanswered_{0};
  std::mutex mutex_;
  std::condition_variable answered_;
};

}  // namespace sugang
