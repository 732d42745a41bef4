#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/caller.hpp"

namespace sugang {

/// An answer before it is written to a socket.
struct Response {
  std::uint16_t status = 200;
  std::string content_type;
  std::string body;
  /// Instead of a body: a stream of the events after this position.
  std::optional<Position> events_after;
  /// The client does not know that position, so the stream begins with it.
  bool events_from_now = false;
  /// Complete lines of the fields that not every answer has; written by `with`.
  std::string field_lines;
  /// For the log alone: what failed in the server.
  std::string fault;
  /// The connection ends after this answer.
  bool close = false;

  /// Adds a field. Control characters in the value are left out, so that no value can add a line.
  Response& with(std::string_view name, std::string_view value) &;
  Response&& with(std::string_view name, std::string_view value) && { return std::move(with(name, value)); }
};

/// With the fields Location, ETag, Retry-After and Sugang-Position, where the answer has a value for them.
Response to_response(Answer answer);

struct WireContext {
  std::string_view request_id;
  /// `Date: …\r\n`
  std::string_view date_line;
  bool head_only = false;
  bool keep_alive = true;
  /// An HTTP/1.0 client keeps the connection only with `Connection: keep-alive`, and does not support chunks.
  bool http_1_0 = false;
};

/// Appends the answer to `out` as bytes of HTTP/1.1. A body that does not end with a line feed is given one.
void write_response(const Response& response, const WireContext& context, std::string& out);

/// The name of the problem (RFC 9457), such as `sold-out`; empty if the answer is not a problem. A view of the
/// body.
std::string_view problem_name(const Response& response);

}  // namespace sugang
