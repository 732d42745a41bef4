#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sugang {

/// The known name with the fewest single-character edits (Levenshtein) from `name`; nothing when even that one is
/// too far to be a typing error: more than a third of the characters of `name`, and more than one.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> known);

}  // namespace sugang
