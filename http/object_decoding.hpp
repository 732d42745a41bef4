#pragma once

#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/json_document.hpp"
#include "http/request_decoder.hpp"

namespace sugang {

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
