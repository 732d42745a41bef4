#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/enum_names.hpp"

namespace sugang {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };
constexpr auto names_of(Method) { return names("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", ""); }

/// The request fields that mean something to this server, named in lower case.
enum class RequestField : std::uint8_t {
  accept,
  content_type,
  expect,
  idempotency_key,
  if_match,
  if_none_match,
  last_event_id,
  prefer,
  sugang_min_position,
  traceparent,
  x_request_id,
};
constexpr auto names_of(RequestField) {
  return names("accept", "content-type", "expect", "idempotency-key", "if-match", "if-none-match", "last-event-id",
               "prefer", "sugang-min-position", "traceparent", "x-request-id");
}

/// One request, complete. All views hold until the handler returns; what outlives it is copied.
struct Request {
  Method method = Method::other;
  /// Path as it was sent, and what follows the question mark.
  std::string_view path;
  std::string_view query;
  std::array<std::optional<std::string_view>, EnumNames<RequestField>::values.size()> fields;
  std::string_view body;
  /// The path's variable segment, decoded; empty if its route has none.
  std::string path_id;

  std::optional<std::string_view> field(RequestField field) const {
    return fields[static_cast<std::size_t>(field)];
  }
};

}  // namespace sugang
