#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "http/server/response.hpp"

namespace sugang {

class Backend;
struct Route;

/// Why the server itself refuses a request.
enum class Fault : std::uint8_t {
  malformed,
  header_too_large,
  request_timeout,
  content_too_large,
  expectation_failed,
  not_found,
  method_not_allowed,
  unsupported_media_type,
  overloaded,
  draining,
  answer_timeout,
  internal_error,
};

/// A part of the journal, rendered as Server-Sent Events.
struct EventPage {
  /// The position that was requested.
  Position after = 0;
  /// Where to continue.
  Position next = 0;
  /// The journal ended here when it was read.
  bool at_end = false;
  /// The journal can't be read from here on. The text has the problem, and the stream ends behind it.
  bool ends = false;
  /// Empty if the part has no event that callers may see.
  std::string text;
};

/// The API, as the server uses it.
struct Site {
  /// Passed on to handlers.
  Backend& backend;
  std::span<const Route> client_routes;
  std::span<const Route> management_routes;
  /// `path` is empty where no request was read; a detail is optional.
  std::function<Response(Fault fault, std::string_view path, std::string_view detail)> refuse;
  /// Reads durable events after the position. `done` runs once, on any thread.
  std::function<void(Position after, std::function<void(EventPage)> done)> read_events;
  /// As Backend::await_events.
  std::function<void(Position after, std::function<void()> done)> await_events;
};

}  // namespace sugang
