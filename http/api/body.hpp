#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/api/json_document.hpp"

// Bodies to typed values. Pure, and fuzzed: every fault of a body is found and named, nothing throws.

namespace sugang {

/// Why a body is refused: not readable at all (400), or readable with faults, all of them (422).
struct BodyRefusal {
  std::string malformed;
  std::vector<FieldFault> faults;
};
template <class Value>
using Decoded = std::variant<Value, BodyRefusal>;

/// A body with more faults is refused with the first so many, and the detail mentions it. Reading ends there, so
/// how many there are in all is not known.
inline constexpr std::size_t faults_listed_max = 100;

/// Parses, lets `read` take the members, and gives the value or all that was wrong.
template <class Value, class Read>
Decoded<Value> decode_object(std::string_view body, Read read) {
  auto parsed = JsonDocument::parse(body);
  if (auto* why = std::get_if<std::string>(&parsed)) return BodyRefusal{std::move(*why), {}};
  const auto& document = std::get<JsonDocument>(parsed);
  std::vector<FieldFault> faults;
  ObjectReader members{document, document.root(), "", faults};
  Value value{};
  if (faults.empty()) read(members, value);
  if (!faults.empty()) return BodyRefusal{{}, std::move(faults)};
  return value;
}

template <class Target, class Value>
void set(Target& target, const std::optional<Value>& value) {
  if (value) target = static_cast<Target>(*value);
}

}  // namespace sugang
