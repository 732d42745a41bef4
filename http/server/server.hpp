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
  /// IPv4 or IPv6, in text.
  std::string host = "127.0.0.1";
  /// 0 takes a free one.
  std::uint16_t port = 0;
};

struct ServerSettings {
  ListenAddress client;
  ListenAddress management;
  /// Threads that read and write; one is the fastest on few cores, because the work is done elsewhere.
  std::size_t threads = 1;
  Limits limits;
};

struct ServerStats {
  std::size_t requests_in_flight = 0;
  std::size_t event_streams = 0;
  /// Requests refused with 503 before any work, since the start.
  std::uint64_t refused = 0;
};

/// The HTTP side: two ports, their connections, and every request from its first byte to the last of its answer.
/// What the site refers to must outlive it, and may call back after it is gone.
class Server {
 public:
  /// Takes the ports: clients can connect, and wait for start(). Throws std::system_error.
  Server(Site site, ServerSettings settings, std::shared_ptr<RequestObserver> observer = nullptr);
  /// As stop().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves, on threads of its own.
  void start();

  /// The ports that were taken, as `address:port`.
  std::string client_address() const;
  std::string management_address() const;

  /// From now on every new request of a client is answered 503 and its connection closed, and `/readyz` answers
  /// 503. Requests under way continue, but streams of events, which have no end, end now. From any thread.
  void drain();
  /// Waits until all that was taken up is answered and written; false if it was not in time.
  bool await_answered(std::chrono::milliseconds within);
  /// Answers 503 to every request that was read and has no answer; for the end of a drain. From any thread.
  void answer_rest();
  /// Closes every connection and ends the threads. Answers that come later are thrown away.
  void stop();

  ServerStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sugang
