#include "http/server/router.hpp"

#include <algorithm>
#include <exception>

#include "http/server/field_text.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

/// Sets `variable` to the path's variable segment, if the pattern has one.
bool matches(std::string_view pattern, std::string_view path, std::string_view& variable) {
  auto brace = pattern.find('{');
  if (brace == std::string_view::npos) return pattern == path;
  if (path.substr(0, brace) != pattern.substr(0, brace)) return false;
  auto rest = pattern.substr(pattern.find('}') + 1);
  path.remove_prefix(brace);
  variable = path.substr(0, path.find('/'));
  return !variable.empty() && path.substr(variable.size()) == rest;
}

/// Whether a route without a variable segment has this path.
bool is_fixed(std::span<const Route> routes, std::string_view path) {
  return path.find('{') == std::string_view::npos &&
         std::any_of(routes.begin(), routes.end(), [&](const Route& route) { return route.path == path; });
}

std::string allowed_methods(std::span<const Route> routes, std::string_view path) {
  const bool fixed = is_fixed(routes, path);
  std::string allowed;
  std::string_view variable;
  for (const auto& route : routes) {
    if (fixed ? route.path != path : !matches(route.path, path, variable)) continue;
    allowed.append(to_text(route.method)).append(", ");
    if (route.method == Method::get) allowed.append("HEAD, ");
  }
  if (!allowed.empty()) allowed.append("OPTIONS");
  return allowed;
}

bool is_accepted(BodyKind kind, MediaType type, bool empty) {
  switch (kind) {
    case BodyKind::none: return true;
    case BodyKind::json: return type == MediaType::json;
    case BodyKind::json_optional: return empty || type == MediaType::json;
    case BodyKind::csv: return type == MediaType::csv;
    case BodyKind::merge_patch: return type == MediaType::json || type == MediaType::merge_patch;
  }
  return false;
}

MediaType media_type(const Request& request) {
  return parse_content_type(request.field(RequestField::content_type).value_or(std::string_view{}));
}

Handled handle_or_throw(const RouteMatch& match, Call& call) {
  if (!match.route) {
    if (match.allowed.empty()) return call.site.refuse(Fault::not_found, call.request.path, {});
    if (call.request.method == Method::options) return Response{.status = 204}.with("Allow", match.allowed);
    return call.site.refuse(Fault::method_not_allowed, call.request.path, {}).with("Allow", match.allowed);
  }
  if (!is_accepted(match.route->body, media_type(call.request), call.request.body.empty()))
    return call.site.refuse(Fault::unsupported_media_type, call.request.path, {});
  return match.route->handler(call);
}

}  // namespace

RouteMatch find_route(std::span<const Route> routes, Method method, std::string_view path) {
  const auto wanted = method == Method::head ? Method::get : method;
  RouteMatch match;
  const bool fixed = is_fixed(routes, path);
  std::string_view variable;
  for (const auto& route : routes) {
    if (route.method != wanted || (fixed ? route.path != path : !matches(route.path, path, variable))) continue;
    if (auto decoded = percent_decode(variable)) {
      match.route = &route;
      match.path_id = std::move(*decoded);
    }
    return match;
  }
  match.allowed = path == "*" ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : allowed_methods(routes, path);
  return match;
}

bool is_import(const RouteMatch& match, const Request& request) {
  return match.route && match.route->body == BodyKind::csv && media_type(request) == MediaType::csv;
}

std::size_t body_bytes_max(const RouteMatch& match, const Request& request, const Limits& limits) {
  return is_import(match, request) ? limits.import_bytes_max : limits.body_bytes_max;
}

Handled handle(const RouteMatch& match, Call& call) {
  Handled handled;
  try {
    handled = handle_or_throw(match, call);
  } catch (const std::exception& error) {
    // An exception of one request must not end the thread that serves all others.
    handled = call.site.refuse(Fault::internal_error, call.request.path, {});
    handled->fault = error.what();
  }
  if (handled) call.exchange.mark_answered();
  return handled;
}

bool Call::enter_course(const CourseId& course) {
  if (!admission.try_enter_course(course.text)) return false;
  hold.course_key = course.text;
  return true;
}

bool Call::enter_course_read(const CourseId& course) {
  // No id has a colon.
  auto key = "read:" + course.text;
  if (!admission.try_enter_course(key)) return false;
  hold.course_key = std::move(key);
  return true;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const auto byte = parse_number<unsigned char>(text.substr(i + 1, 2), 16);
      if (!byte) return std::nullopt;
      decoded += static_cast<char>(*byte);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace sugang
