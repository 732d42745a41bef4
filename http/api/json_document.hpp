#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
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
    if (!value) fault(name, one_of_detail({EnumNames<Enum>::values.begin(), EnumNames<Enum>::values.end()}));
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
        fault(at, one_of_detail({EnumNames<Enum>::values.begin(), EnumNames<Enum>::values.end()}));
      else if (std::find(found.begin(), found.end(), *value) == found.end())
        found.push_back(*value);
    }
    return found;
  }
  /// A reader of a nested object.
  std::optional<ObjectReader> object(std::string_view name);

  void fault(std::string_view name, std::string detail);
  bool has(std::string_view name) const { return find(name) != nullptr; }

 private:
  const JsonDocument::Node* find(std::string_view name) const;
  std::optional<std::string> checked(std::string_view name, std::string given, std::size_t chars_max,
                                     bool may_be_empty);
  /// The member when it is a string; otherwise the fault is noted.
  const std::string* string(std::string_view name);
  /// An array's strings, each with what to call it in a fault.
  std::vector<std::pair<std::string, std::string>> strings(std::string_view name, std::size_t count_max);
  static std::string one_of_detail(const std::vector<std::string_view>& allowed);

  const JsonDocument* document_;
  const JsonDocument::Node* node_;
  std::string pointer_;
  std::vector<FieldFault>* faults_;
};

/// Whole well-formed UTF-8, as RFC 3629 has it.
bool is_utf8(std::string_view text);
/// Code points in a text that is UTF-8: what limits of texts count, as maxLength in JSON Schema does.
std::size_t count_characters(std::string_view text);
bool has_control_character(std::string_view text);
/// Each run of spaces, tabs and line ends as one space, and none at the ends.
std::string single_spaced(std::string_view text);

}  // namespace sugang
