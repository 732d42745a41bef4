#include "http/server/response.hpp"

#include <boost/beast/http/status.hpp>

#include "http/server/request_fields.hpp"

namespace sugang {

Response& Response::with(std::string_view name, std::string_view value) & {
  field_lines.append(name).append(": ");
  for (char c : value)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) field_lines += c;
  field_lines.append("\r\n");
  return *this;
}

Response to_response(Answer answer) {
  Response response{
      .status = answer.status, .content_type = std::move(answer.content_type), .body = std::move(answer.body)};
  if (!answer.location.empty()) response.with("Location", answer.location);
  if (!answer.etag.empty()) response.with("ETag", answer.etag);
  if (answer.retry_after_s) response.with("Retry-After", std::to_string(*answer.retry_after_s));
  if (answer.position != 0) response.with("Sugang-Position", position_text(answer.position));
  return response;
}

namespace {

/// As in RFC 9110, which has replaced two of Beast's phrases.
std::string_view reason_phrase(std::uint16_t status) {
  if (status == 413) return "Content Too Large";
  if (status == 422) return "Unprocessable Content";
  const auto phrase = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {phrase.data(), phrase.size()};
}

}  // namespace

std::string_view problem_name(const Response& response) {
  constexpr std::string_view before_name = "\"type\":\"/problems/";
  if (response.content_type != "application/problem+json") return {};
  const auto found = response.body.find(before_name);
  if (found == std::string::npos) return {};
  const auto name = std::string_view{response.body}.substr(found + before_name.size());
  return name.substr(0, name.find('"'));
}

void write_response(const Response& response, const WireContext& context, std::string& out) {
  const bool bodiless = response.status == 204 || response.status == 304;
  // A line feed at the end, so that a terminal's prompt begins on a new line. Added here, because stored answers
  // have none.
  const bool ends_line = response.body.empty() || response.body.back() == '\n';
  out.reserve(out.size() + 256 + response.field_lines.size() + response.body.size());
  out.append("HTTP/1.1 ")
      .append(std::to_string(response.status))
      .append(" ")
      .append(reason_phrase(response.status));
  out.append("\r\n").append(context.date_line);
  if (!bodiless) {
    if (!response.content_type.empty()) out.append("Content-Type: ").append(response.content_type).append("\r\n");
    if (!response.events_after) {
      const auto size = response.body.size() + (ends_line ? 0 : 1);
      out.append("Content-Length: ").append(std::to_string(size)).append("\r\n");
    } else if (!context.http_1_0) {
      out.append("Transfer-Encoding: chunked\r\n");
    }
  }
  out.append(response.field_lines).append("X-Request-Id: ").append(context.request_id).append("\r\n");
  if (!context.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (context.http_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (bodiless || context.head_only) return;
  out.append(response.body);
  if (!ends_line) out += '\n';
}

}  // namespace sugang
