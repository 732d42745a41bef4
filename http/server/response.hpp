#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/caller.hpp"

namespace sugang {

/// An answer on its way to the socket.
struct Response {
  std::uint16_t status = 200;
  std::string content_type;
  std::string body;
  /// Instead of a body: the events after this position, for as long as the client stays.
  std::optional<Position> events_after;
  /// The client does not know that position: the stream begins with it.
  bool events_from_now = false;
  /// Whole field lines besides those that every answer has; written by `with`.
  std::string field_lines;
  /// For the log alone: what failed in the server.
  std::string fault;
  /// The connection ends after this answer.
  bool close = false;

  /// Adds a field. Control characters in the value are left out, so that no value can add a line.
  Response& with(std::string_view name, std::string_view value) &;
  Response&& with(std::string_view name, std::string_view value) && { return std::move(with(name, value)); }
};

/// Fields for all that the answer carries: Location, ETag, Retry-After, Sugang-Position.
Response to_response(Answer answer);

struct WireContext {
  std::string_view request_id;
  /// `Date: …\r\n`
  std::string_view date_line;
  bool head_only = false;
  bool keep_alive = true;
  /// Such a client needs `Connection: keep-alive` to keep the connection, and does not support chunks.
  bool http_1_0 = false;
};

/// Appends the answer to `out` as bytes of HTTP/1.1. A body that does not end with a line feed is given one.
void write_response(const Response& response, const WireContext& context, std::string& out);

/// Name of the problem (RFC 9457) that the answer is, `sold-out`; empty if it is none. A view of the answer's body.
std::string_view problem_name(const Response& response);

}  // namespace sugang
