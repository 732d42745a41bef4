#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/api/problem.hpp"

namespace sugang {

/// A JSON text, read strictly: UTF-8, one value, no member twice in an object, bounded in depth and size.
class JsonDocument {
 public:
  static constexpr std::size_t depth_max = 16;
  static constexpr std::size_t values_max = 2048;

  struct Object {};
  struct Array {};
  struct Null {};
  /// A number that is no integer of 64 bits.
  struct Fraction {};
  struct Node {
    std::size_t parent = 0;
    std::string key;
    std::variant<Null, bool, std::int64_t, std::uint64_t, Fraction, std::string, Object, Array> value;
  };

  /// A document, or why the text is none.
  static std::variant<JsonDocument, std::string> parse(std::string_view text);

  const Node& root() const { return nodes_.front(); }
  const Node* member(const Node& object, std::string_view name) const;
  /// An array's elements, in order.
  std::vector<const Node*> elements(const Node& array) const;

 private:
  friend class JsonReader;
  std::vector<Node> nodes_;
};

/// What is wrong with a text that is none of these. `none`, which some enums have for what does not exist yet, is
/// no value of a request.
std::string one_of_detail(std::span<const std::string_view> allowed);
/// What is wrong with a text of more characters, of none unless it may be empty, or with control characters; empty:
/// nothing.
std::string text_fault(std::string_view text, std::size_t chars_max, bool may_be_empty);

/// Reads an object's members by name; every fault is noted with its pointer, and reading continues.
/// A getter gives nothing both when the member is absent and when it is faulty.
class ObjectReader {
 public:
  ObjectReader(const JsonDocument& document, const JsonDocument::Node& node, std::string pointer,
               std::vector<FieldFault>& faults);

  void require(std::string_view name);
  /// A string of at most `chars_max` characters, at least one unless it may be empty, without control characters.
  std::optional<std::string> text(std::string_view name, std::size_t chars_max, bool may_be_empty = false);
  /// As text, with its white space normalised.
  std::optional<std::string> line(std::string_view name, std::size_t chars_max);
  /// As is_valid_name.
  std::optional<std::string> name(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<bool> flag(std::string_view name);
  std::optional<TimePoint> time(std::string_view name);
  /// One of the names of an enum.
  template <class Enum>
  std::optional<Enum> one_of(std::string_view name) {
    auto given = string(name);
    if (!given) return std::nullopt;
    auto value = parse_enum<Enum>(*given);
    if (!value) fault(name, one_of_detail(EnumNames<Enum>::values));
    return value;
  }
  std::optional<std::string> one_of(std::string_view name, std::vector<std::string_view> allowed);
  /// The two integers of an array, first ≤ second.
  std::optional<std::pair<std::int64_t, std::int64_t>> range(std::string_view name, std::int64_t min,
                                                             std::int64_t max);
  /// Names of an enum in an array, each kept once.
  template <class Enum>
  std::vector<Enum> some_of(std::string_view name) {
    std::vector<Enum> found;
    for (const auto& [at, given] : strings(name, EnumNames<Enum>::values.size())) {
      const auto value = parse_enum<Enum>(given);
      if (!value)
        fault(at, one_of_detail(EnumNames<Enum>::values));
      else if (std::find(found.begin(), found.end(), *value) == found.end())
        found.push_back(*value);
    }
    return found;
  }
  /// A reader of a nested object.
  std::optional<ObjectReader> object(std::string_view name);

  void fault(std::string_view name, std::string detail);

 private:
  const JsonDocument::Node* find(std::string_view name) const;
  std::optional<std::string> checked(std::string_view name, std::string given, std::size_t chars_max,
                                     bool may_be_empty);
  /// The member when it is of the type; otherwise the fault is noted.
  template <class Value>
  const Value* get(std::string_view name, std::string_view type_rule) {
    const auto* node = find(name);
    const auto* value = node ? std::get_if<Value>(&node->value) : nullptr;
    if (node && !value) fault(name, std::string{type_rule});
    return value;
  }
  const std::string* string(std::string_view name) { return get<std::string>(name, "must be a string"); }
  /// An array's strings, each with what to call it in a fault.
  std::vector<std::pair<std::string, std::string>> strings(std::string_view name, std::size_t count_max);

  const JsonDocument* document_;
  const JsonDocument::Node* node_;
  std::string pointer_;
  std::vector<FieldFault>* faults_;
};

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

/// Parses, lets `read` take the members, and gives the value or all that was wrong. Nothing throws; fuzzed.
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

/// Whole well-formed UTF-8, as RFC 3629 has it.
bool is_utf8(std::string_view text);
/// Code points in a text that is UTF-8: what limits of texts count, as maxLength in JSON Schema does.
std::size_t count_characters(std::string_view text);
/// Each run of spaces, tabs and line ends as one space, and none at the ends.
std::string single_spaced(std::string_view text);

}  // namespace sugang
