#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace sugang {

/// Specialised beside each enum that is stored or shown: `values[i]` names the enumerator i. Names are part of
/// the journal's format and of the API; an enumerator is appended, never renamed or moved.
template <class Enum>
struct EnumNames;

template <class Enum>
concept NamedEnum = std::is_enum_v<Enum> && requires {
  EnumNames<Enum>::values.size();
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
