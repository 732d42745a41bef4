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
  /// `/v1/courses/{id}`: at most one variable segment.
  std::string_view path;
  BodyKind body;
  Handler handler;
};

struct RouteMatch {
  /// Nothing: see `allowed`.
  const Route* route = nullptr;
  /// The variable segment, decoded.
  std::string path_id;
  /// Methods of the resource, as Allow lists them; empty if there is no such resource.
  std::string allowed;
};
/// HEAD is answered wherever GET is. A path that is a route's own, letter by letter, is no id of another route.
RouteMatch find_route(std::span<const Route> routes, Method method, std::string_view path);

/// A whole catalogue comes, whose body may be long.
bool is_import(const RouteMatch& match, const Request& request);

/// Bytes that a body may have here.
std::size_t body_bytes_max(const RouteMatch& match, const Request& request, const Limits& limits);

/// Runs the conventions that hold everywhere (404, 405, OPTIONS, media type), then the route's handler. What it
/// throws is answered 500.
Handled handle(const RouteMatch& match, Call& call);

/// `%41` to `A`; nothing if an escape is broken. With `plus_is_blank` as forms and queries write blanks.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);

}  // namespace sugang
