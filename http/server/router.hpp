#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/server/call.hpp"

namespace sugang {

enum class BodyKind : std::uint8_t {
  none,
  json,
  /// JSON, or nothing at all.
  json_optional,
  csv,
  merge_patch,
};

using Handler = Handled (*)(Call& call);

/// One method of one resource.
struct Route {
  Method method;
  /// Such as `/v1/courses/{id}`, with at most one variable segment.
  std::string_view path;
  BodyKind body;
  Handler handler;
};

struct RouteMatch {
  /// Null: no route; see `allowed`.
  const Route* route = nullptr;
  /// The variable segment, decoded.
  std::string path_id;
  /// Methods of the resource, as Allow lists them; empty if there is no such resource.
  std::string allowed;
};
/// HEAD is routed as GET. A path of a route without a variable segment is never matched with another route's
/// variable segment, whatever the method.
RouteMatch find_route(std::span<const Route> routes, Method method, std::string_view path);

/// Whether the request sends a catalogue, whose body may be long.
bool is_import(const RouteMatch& match, const Request& request);

/// How long the request's body may be.
std::size_t body_bytes_max(const RouteMatch& match, const Request& request, const Limits& limits);

/// Answers what no handler has to (404, 405, 415, OPTIONS), else calls the route's handler. An exception is
/// answered 500.
Handled handle(const RouteMatch& match, Call& call);

/// `A` for `%41`; nothing if an escape is broken. `plus_is_blank`: `+` is a space, as in a query.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);

}  // namespace sugang
