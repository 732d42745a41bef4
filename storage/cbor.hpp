#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sugang {

/// Appends CBOR (RFC 8949) of definite lengths, integers in their shortest form.
class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}

  void unsigned_integer(std::uint64_t value) { head(0, value); }
  void integer(std::int64_t value) {
    if (value >= 0) return head(0, static_cast<std::uint64_t>(value));
    head(1, ~static_cast<std::uint64_t>(value));
  }
  void bytes(std::string_view value) {
    head(2, value.size());
    out_.append(value);
  }
  void text(std::string_view value) {
    head(3, value.size());
    out_.append(value);
  }
  void array(std::uint64_t count) { head(4, count); }
  void map(std::uint64_t count) { head(5, count); }
  void boolean(bool value) { out_.push_back(value ? '\xf5' : '\xf4'); }

 private:
  void head(std::uint8_t major, std::uint64_t value);

  std::string& out_;
};

/// Reads CBOR of definite lengths from bytes that may be anything. Each call throws DecodeError when the next item
/// is of another type, or is cut. Does not check that text is UTF-8: it comes back as it was written.
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t unsigned_integer();
  std::int64_t integer();
  std::string_view bytes();
  std::string_view text();
  /// Count of items that follow. Each takes a byte at least, so the count never exceeds what is left.
  std::uint64_t array();
  /// Count of pairs that follow.
  std::uint64_t map();
  bool boolean();
  /// True, and the null is consumed, when the next item is one.
  bool take_null();
  /// Passes over one item of any type.
  void skip();
  bool at_end() const { return rest_.empty(); }
  /// What has not been read.
  std::string_view rest() const { return rest_; }

 private:
  struct Head {
    std::uint8_t major = 0;
    std::uint8_t info = 0;
    std::uint64_t value = 0;
  };

  Head head();
  std::uint64_t head_of(std::uint8_t major, const char* what);
  std::string_view take(std::uint64_t size);
  void skip_nested(int depth);

  std::string_view rest_;
};

}  // namespace sugang
