#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sugang {

/// Where a header ends, found while it arrives.
class HeaderScanner {
 public:
  enum class Found { more, end, bare_line_feed };

  /// Looks on in `bytes`, the header's first bytes, of which it has seen a part before.
  Found scan(std::string_view bytes);
  /// After `end`: the header's size with its final empty line.
  std::size_t size() const { return line_start_; }
  void reset() { *this = {}; }

 private:
  std::size_t line_start_ = 0;
  std::size_t seen_ = 0;
};

/// Judges how a request's header frames what follows. Two parsers that read one of these headers differently see
/// different requests, so all that RFC 9112 lets a recipient repair or choose is refused: no Host or two, two or
/// listed lengths, a length beside a transfer coding, any coding but one `chunked`, any coding in HTTP/1.0, folded
/// lines, blanks before a colon, control characters.
///
/// Takes the raw header with its final empty line, each line ended by CRLF. Returns why it is refused.
std::optional<std::string_view> framing_fault(std::string_view header);

}  // namespace sugang
