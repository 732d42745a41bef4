#include "http/server/response.hpp"

#include <charconv>

#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

}  // namespace

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

std::string_view reason_phrase(std::uint16_t status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 402: return "Payment Required";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "";
  }
}

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
  // A terminal's prompt then begins on a line of its own. Here, so that every body has it, stored ones too.
  const bool ends_line = response.body.empty() || response.body.back() == '\n';
  out.reserve(out.size() + 256 + response.field_lines.size() + response.body.size());
  out.append("HTTP/1.1 ");
  append_number(out, response.status);
  out.append(" ").append(reason_phrase(response.status)).append("\r\n").append(context.date_line);
  if (!bodiless) {
    if (!response.content_type.empty()) out.append("Content-Type: ").append(response.content_type).append("\r\n");
    if (!response.events_after) {
      out.append("Content-Length: ");
      append_number(out, response.body.size() + (ends_line ? 0 : 1));
      out.append("\r\n");
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
