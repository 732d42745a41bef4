#include "http/server/framing_policy.hpp"

#include <algorithm>

#include "http/server/field_text.hpp"

namespace sugang {
namespace {

/// Why a header is refused; nothing: it is not.
using Reason = std::optional<std::string_view>;

constexpr std::size_t content_length_digits_max = 18;

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

/// Counts of the fields that decide how a body is framed.
struct Framing {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
};

Reason check_host(std::string_view value, Framing& seen) {
  if (++seen.hosts > 1) return "more than one Host";
  if (value.find_first_of(", \t/\\@?#") != std::string_view::npos) return "Host is not a host";
  return std::nullopt;
}

Reason check_length(std::string_view value, Framing& seen) {
  if (++seen.lengths > 1) return "more than one Content-Length";
  if (value.empty() || value.size() > content_length_digits_max ||
      value.find_first_not_of("0123456789") != std::string_view::npos)
    return "Content-Length is not one number";
  return std::nullopt;
}

Reason check_coding(std::string_view value, Framing& seen) {
  if (++seen.codings > 1) return "more than one Transfer-Encoding";
  if (!same_word(value, "chunked")) return "the only transfer coding is chunked, alone";
  return std::nullopt;
}

Reason check_field(std::string_view line, Framing& seen) {
  if (line.front() == ' ' || line.front() == '\t') return "a folded line";
  auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return "a line that is no field";
  auto name = line.substr(0, colon);
  if (name.find_first_of(" \t") != std::string_view::npos) return "a blank in a field's name";
  if (std::any_of(line.begin(), line.end(), is_control)) return "a control character";
  auto value = trim(line.substr(colon + 1));
  if (same_word(name, "host")) return check_host(value, seen);
  if (same_word(name, "content-length")) return check_length(value, seen);
  if (same_word(name, "transfer-encoding")) return check_coding(value, seen);
  return std::nullopt;
}

}  // namespace

HeaderScanner::Found HeaderScanner::scan(std::string_view bytes) {
  while (seen_ < bytes.size()) {
    const auto at = bytes.find('\n', seen_);
    if (at == std::string_view::npos) break;
    if (at == 0 || bytes[at - 1] != '\r') return Found::bare_line_feed;
    const bool empty_line = at == line_start_ + 1;
    line_start_ = seen_ = at + 1;
    if (empty_line) return Found::end;
  }
  seen_ = bytes.size();
  return Found::more;
}

std::optional<std::string_view> framing_fault(std::string_view header) {
  auto line_end = header.find("\r\n");
  if (line_end == std::string_view::npos) return "no request line";
  auto request_line = header.substr(0, line_end);
  auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (!std::all_of(request_line.begin(), request_line.end(), printable)) return "a request line that is not ASCII";
  const bool http_1_0 = request_line.ends_with(" HTTP/1.0");
  if (!http_1_0 && !request_line.ends_with(" HTTP/1.1")) return "the version is neither HTTP/1.1 nor HTTP/1.0";

  Framing seen;
  for (header.remove_prefix(line_end + 2); !header.empty(); header.remove_prefix(line_end + 2)) {
    line_end = header.find("\r\n");
    if (line_end == std::string_view::npos) return "a line without an end";
    if (line_end == 0) break;
    if (auto reason = check_field(header.substr(0, line_end), seen)) return reason;
  }
  if (seen.hosts == 0 && !http_1_0) return "no Host";
  if (seen.codings > 0 && seen.lengths > 0) return "Transfer-Encoding with Content-Length";
  if (seen.codings > 0 && http_1_0) return "Transfer-Encoding in HTTP/1.0";
  return std::nullopt;
}

}  // namespace sugang
