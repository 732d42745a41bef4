#pragma once

#include <string>
#include <string_view>

#include "http/api/body.hpp"

namespace sugang {

inline constexpr std::size_t reason_chars_max = 500;

/// The reason for a command that requires one: 1 to `reason_chars_max` characters.
Decoded<std::string> decode_reason(std::string_view body);

/// The same, empty when none is given; an empty body gives none.
Decoded<std::string> decode_optional_reason(std::string_view body);

}  // namespace sugang
