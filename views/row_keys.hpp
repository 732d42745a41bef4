#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/bytes.hpp"
#include "storage/codec.hpp"

namespace sugang {

/// The views' store has one key space.
inline constexpr std::uint8_t views_space = 0;
inline constexpr std::uint8_t views_space_count = 1;

/// Raised when rows of an older program can't be read any more, or would say less than a replay (a new member,
/// table or event): they are then folded again from the journal.
inline constexpr std::uint8_t views_format = 2;

enum class ViewId : std::uint8_t { enrollments = 1, courses = 2, mileage = 3 };

/// A view's rows, all of them, folded from the journal's begin. The next generation is built beside the one that
/// serves.
using Generation = std::uint32_t;

// Keys: `view generation table rest` for rows; `0 view` for which generation serves; `0 view generation` for the
// position that its rows have reached. A view is a byte, a generation four, both big-endian.

inline std::string generation_prefix(ViewId view, Generation generation) {
  return static_cast<char>(view) + be_bytes(generation);
}
inline std::string serving_key(ViewId view) { return {'\0', static_cast<char>(view)}; }
inline std::string position_key(ViewId view, Generation generation) {
  return '\0' + generation_prefix(view, generation);
}

/// The number, big-endian, that a row is. Throws DecodeError.
template <class Integer>
Integer number_of(std::string_view row) {
  if (row.size() != sizeof(Integer)) throw DecodeError("a row is no number of its size");
  return ByteReader{row}.be<Integer>();
}

/// One table of a view's generation.
class Table {
 public:
  Table(ViewId view, Generation generation, char table) : prefix_(generation_prefix(view, generation) + table) {}

  std::string key(std::string_view rest) const { return prefix_ + std::string{rest}; }
  std::string key(const Uid& uid) const { return prefix_ + uid_bytes(uid); }
  /// All keys of one text begin so. Its length goes first, so that no text is another's prefix.
  std::string of_text(std::string_view text) const {
    return (prefix_ + be_bytes(static_cast<std::uint16_t>(text.size()))).append(text);
  }
  /// All keys of one state begin so.
  template <NamedEnum State>
  std::string of_state(State state) const {
    return prefix_ + static_cast<char>(state);
  }
  const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
};

}  // namespace sugang
