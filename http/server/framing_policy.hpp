#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sugang {

/// Finds the end of a header while the header arrives.
class HeaderScanner {
 public:
  enum class Found { more, end, bare_line_feed };

  /// `bytes`: the header from its first byte, as far as it has arrived. Continues where the last scan ended.
  Found scan(std::string_view bytes);
  /// After `end`: the header's size with its final empty line.
  std::size_t size() const { return line_start_; }
  void reset() { *this = {}; }

 private:
  std::size_t line_start_ = 0;
  std::size_t seen_ = 0;
};

/// Checks how a request's header frames its body. Two servers that read the same header differently see different
/// requests (request smuggling). So all that RFC 9112 lets a recipient repair or choose is refused: several Host
/// fields or, in HTTP/1.1, none; several lengths or a list of them; a length beside a transfer coding; any coding
/// but one `chunked`; any coding in HTTP/1.0; folded lines; blanks before a colon; control characters.
///
/// Takes the raw header with its final empty line, each line ended by CRLF. Returns why it is refused.
std::optional<std::string_view> framing_fault(std::string_view header);

}  // namespace sugang
