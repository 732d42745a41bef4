#include "http/server/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>

#include "http/server/field_text.hpp"

namespace sugang {
namespace {

namespace beast = boost::beast;

std::optional<RequestField> find_field(std::string_view name) {
  constexpr auto known = EnumNames<RequestField>::values;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (same_word(name, known[i])) return static_cast<RequestField>(i);
  return std::nullopt;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

struct Target {
  std::string_view path, query;
};

/// Of `/path?query`, and of the absolute form `http://host/path?query`, where the path may be empty (RFC
/// 9112, 3.2).
Target split_target(std::string_view target) {
  std::string_view empty_path;
  target = target.substr(0, target.find('#'));
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(std::min(target.find_first_of("/?", scheme.size()), target.size()));
    empty_path = "/";
    break;
  }
  const auto path = target.substr(0, target.find('?'));
  return {path.empty() ? empty_path : path, target.substr(std::min(path.size() + 1, target.size()))};
}

}  // namespace

RequestParser::RequestParser(Request& request, std::string& body, std::size_t chunk_overhead_bytes_max)
    : request_(request), body_(body), chunk_overhead_left_(chunk_overhead_bytes_max) {
  request_ = {};
  body_.clear();
  // Beast's own limits are off: the connection checks the header's size and, by route, the body's.
  header_limit(UINT32_MAX);
  body_limit(boost::none);
}

void RequestParser::on_request_impl(beast::http::verb, Text method, Text target, int version, Error&) {
  version_ = version;
  request_.method = parse_enum<Method>(view(method)).value_or(Method::other);
  const auto [path, query] = split_target(view(target));
  request_.path = path;
  request_.query = query;
}

void RequestParser::on_field_impl(beast::http::field, Text name, Text value, Error& error) {
  if (in_trailer_) return note_overhead(name.size() + value.size() + 4, error);
  if (const auto field = find_field(view(name))) note_field(*field, view(value));
}

void RequestParser::note_field(RequestField field, std::string_view value) {
  auto& slot = request_.fields[static_cast<std::size_t>(field)];
  if (!slot) {
    slot = value;
    return;
  }
  switch (field) {
    case RequestField::accept:
    case RequestField::if_match:
    case RequestField::if_none_match:
    case RequestField::prefer: slot = joined_.emplace_back(std::string{*slot}.append(", ").append(value)); return;
    case RequestField::traceparent:
      // Several count as none (W3C Trace Context, 3.2).
      slot = std::string_view{};
      return;
    // The first one counts.
    case RequestField::x_request_id: return;
    case RequestField::content_type:
    case RequestField::expect:
    case RequestField::idempotency_key:
    case RequestField::last_event_id:
    case RequestField::sugang_min_position: field_repeated_ = true; return;
  }
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, Error&) {
  if (length) body_.reserve(std::min<std::uint64_t>(*length, body_bytes_max_));
}

std::size_t RequestParser::on_body_impl(Text bytes, Error&) {
  body_.append(bytes.data(), bytes.size());
  return bytes.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, Text extensions, Error& error) {
  note_overhead(extensions.size(), error);
  if (error || size <= body_bytes_max_ - body_.size()) return;
  body_too_large_ = true;
  error = beast::http::error::body_limit;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text bytes, Error& error) {
  return on_body_impl(bytes, error);
}

void RequestParser::note_overhead(std::size_t bytes, Error& error) {
  if (bytes > chunk_overhead_left_)
    error = beast::http::error::bad_chunk_extension;
  else
    chunk_overhead_left_ -= bytes;
}

}  // namespace sugang
