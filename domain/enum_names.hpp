#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace sugang {

template <class... Names>
constexpr std::array<std::string_view, sizeof...(Names)> names(Names... each) {
  return {each...};
}

/// An enum that is stored or shown has a `names_of(Enum)` beside it: the i-th of these `names` is the enumerator
/// i's. They are part of the journal's format and of the API; an enumerator is appended, never renamed or moved.
template <class Enum>
concept NamedEnum = requires(Enum value) {
  names_of(value);
};

template <NamedEnum Enum>
struct EnumNames {
  static constexpr auto values = names_of(Enum{});
};

template <NamedEnum Enum>
constexpr std::string_view to_text(Enum value) {
  return EnumNames<Enum>::values[static_cast<std::size_t>(value)];
}

template <NamedEnum Enum>
constexpr std::optional<Enum> parse_enum(std::string_view text) {
  for (std::size_t i = 0; i < EnumNames<Enum>::values.size(); ++i)
    if (EnumNames<Enum>::values[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace sugang
