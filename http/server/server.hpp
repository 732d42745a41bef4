#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "http/server/limits.hpp"
#include "http/server/request_observer.hpp"
#include "http/server/site.hpp"

namespace sugang {

struct ListenAddress {
  /// A numeric IPv4 or IPv6 address.
  std::string host = "127.0.0.1";
  /// 0: any free port.
  std::uint16_t port = 0;
};

struct ServerSettings {
  ListenAddress client;
  ListenAddress management;
  /// Event loops, each with a thread. One is the fastest on few cores: most work is done on other threads.
  std::size_t threads = 1;
  Limits limits;
};

struct ServerStats {
  std::size_t requests_in_flight = 0;
  std::size_t event_streams = 0;
  /// Requests and connections refused with 503 before a handler was called, since the start.
  std::uint64_t refused = 0;
};

/// The HTTP server: two ports, their connections, and every request from its first byte to the last byte of its
/// answer. What the site refers to must outlive the server, and may call back after the server is destroyed.
class Server {
 public:
  /// Binds the ports: clients can connect, and wait for start(). Throws std::system_error.
  Server(Site site, ServerSettings settings, std::shared_ptr<RequestObserver> observer = nullptr);
  /// As stop().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts the threads that serve.
  void start();

  /// The bound ports, as `address:port`.
  std::string client_address() const;
  std::string management_address() const;

  /// From now on every new request of a client is answered 503 and its connection closed, and `/readyz` answers
  /// 503. Requests under way continue; event streams, which have no end, are ended. From any thread.
  void drain();
  /// Waits until every request of a client that was read is answered and its answer written. False: not in time.
  bool await_answered(std::chrono::milliseconds within);
  /// Answers 503 to every request that has no answer yet; for the end of a drain. From any thread.
  void answer_rest();
  /// Closes every connection and ends the threads. Later answers are dropped.
  void stop();

  ServerStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sugang
