#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "domain/record.hpp"

namespace sugang {

/// One answer. All views end with the call.
struct AnsweredRequest {
  /// View of a constant.
  std::string_view method;
  /// The route's form (`/v1/courses/{id}`), `unrouted` for what no route matched and `unread` for what could not be
  /// read; view of a constant.
  std::string_view route;
  std::uint16_t status = 0;
  /// From the whole request read to its answer; of what could not be read, from its first byte.
  std::chrono::nanoseconds took{0};
  /// The caller chose by `Prefer` to wait for an end, so the time is not the server's.
  bool chose_to_wait = false;
  /// The problem's name, `sold-out`; empty for an answer that is none.
  std::string_view problem;
  /// What failed in the server itself, for an internal error.
  std::string_view fault;
  std::string_view request_id;
  TraceContext trace;
  /// The client's network address.
  std::string_view address;
  /// In whose name the request acts; empty where unknown.
  std::string_view caller;
};

/// Sees every answer, and what becomes of connections: for metrics and the log. `port` is `client` or `management`.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;
  /// On an HTTP thread; must not block.
  virtual void answered(const AnsweredRequest& request) = 0;
  /// A connection was opened or closed; so many are open now.
  virtual void connections_changed(std::string_view port, std::size_t open) = 0;
  /// There were `max` connections already.
  virtual void connection_refused(std::string_view port, std::size_t max) = 0;
  /// The system gave no connection, for want of file descriptors or memory.
  virtual void accept_failed(std::string_view port, std::string_view why) = 0;
};

}  // namespace sugang
