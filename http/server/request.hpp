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

/// The request fields that this server reads.
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

/// A complete request. Its views are valid until the handler returns.
struct Request {
  Method method = Method::other;
  /// As sent, still percent-encoded.
  std::string_view path;
  /// As sent, without the question mark.
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
