#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "domain/record.hpp"

namespace sugang {

/// One answer. The views are valid during the call; `method` and `route` are constants.
struct AnsweredRequest {
  std::string_view method;
  /// The route's path (`/v1/courses/{id}`); `unrouted` if no route matched; `unread` if the request could not be
  /// read.
  std::string_view route;
  std::uint16_t status = 0;
  /// From the end of the request to its answer; of a request that could not be read, from its first byte.
  std::chrono::nanoseconds took{0};
  /// The caller asked with `Prefer` to wait for a saga's end, so `took` is the caller's choice.
  bool chose_to_wait = false;
  /// The problem's name, such as `sold-out`; empty if the answer is not a problem.
  std::string_view problem;
  /// For an internal error: what failed.
  std::string_view fault;
  std::string_view request_id;
  TraceContext trace;
  /// The client's network address.
  std::string_view address;
  /// In whose name the request acts; empty where unknown.
  std::string_view caller;
};

/// Gets every answer and every change of connections, for metrics and the log. `port` is `client` or `management`.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;
  /// On an HTTP thread; must not block.
  virtual void answered(const AnsweredRequest& request) = 0;
  /// A connection was opened or closed. `open`: how many are open now.
  virtual void connections_changed(std::string_view port, std::size_t open) = 0;
  /// All `max` connections were open.
  virtual void connection_refused(std::string_view port, std::size_t max) = 0;
  /// The system accepted no connection, for example without a free file descriptor.
  virtual void accept_failed(std::string_view port, std::string_view why) = 0;
};

}  // namespace sugang
