#include "http/api/json_document.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sugang {

/// Receives nlohmann's events. Its own tree would keep the last of two members with one name, and would take any
/// depth.
class JsonReader {
 public:
  using Node = JsonDocument::Node;

  explicit JsonReader(JsonDocument& document) : nodes_(document.nodes_) {}

  bool null() { return add(JsonDocument::Null{}); }
  bool boolean(bool flag) { return add(flag); }
  bool number_integer(std::int64_t number) { return add(number); }
  bool number_unsigned(std::uint64_t number) { return add(number); }
  bool number_float(double, const std::string&) { return add(JsonDocument::Fraction{}); }
  bool string(std::string& text) { return add(std::move(text)); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(JsonDocument::Object{}); }
  bool start_array(std::size_t) { return open(JsonDocument::Array{}); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    key_ = std::move(name);
    return true;
  }
  bool end_object() {
    if (has_duplicate(open_.back())) return fail("an object has two members of one name");
    return close();
  }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&) {
    return fail("the body is not JSON; the fault is at byte " + std::to_string(at));
  }

  const std::string& why() const { return why_; }

 private:
  template <class Value>
  bool add(Value&& value) {
    if (nodes_.size() >= JsonDocument::values_max)
      return fail("the body has more than " + std::to_string(JsonDocument::values_max) + " values");
    nodes_.push_back({open_.empty() ? 0 : open_.back(), std::move(key_), std::forward<Value>(value)});
    key_.clear();
    return true;
  }
  template <class Value>
  bool open(Value value) {
    if (open_.size() >= JsonDocument::depth_max)
      return fail("the body is nested more than " + std::to_string(JsonDocument::depth_max) + " deep");
    if (!add(value)) return false;
    open_.push_back(nodes_.size() - 1);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool has_duplicate(std::size_t object) const {
    std::vector<std::string_view> keys;
    for (std::size_t i = object + 1; i < nodes_.size(); ++i)
      if (nodes_[i].parent == object) keys.push_back(nodes_[i].key);
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
  }
  bool fail(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return false;
  }

  std::vector<Node>& nodes_;
  std::vector<std::size_t> open_;
  std::string key_;
  std::string why_;
};

std::variant<JsonDocument, std::string> JsonDocument::parse(std::string_view text) {
  JsonDocument document;
  document.nodes_.reserve(8);
  JsonReader reader{document};
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) return reader.why();
  return document;
}

const JsonDocument::Node* JsonDocument::member(const Node& object, std::string_view name) const {
  const auto index = static_cast<std::size_t>(&object - nodes_.data());
  for (std::size_t i = index + 1; i < nodes_.size(); ++i)
    if (nodes_[i].parent == index && nodes_[i].key == name) return &nodes_[i];
  return nullptr;
}

std::vector<const JsonDocument::Node*> JsonDocument::elements(const Node& array) const {
  const auto index = static_cast<std::size_t>(&array - nodes_.data());
  std::vector<const Node*> found;
  for (std::size_t i = index + 1; i < nodes_.size(); ++i)
    if (nodes_[i].parent == index) found.push_back(&nodes_[i]);
  return found;
}

ObjectReader::ObjectReader(const JsonDocument& document, const JsonDocument::Node& node, std::string pointer,
                           std::vector<FieldFault>& faults)
    : document_(&document), node_(&node), pointer_(std::move(pointer)), faults_(&faults) {
  if (!std::holds_alternative<JsonDocument::Object>(node.value))
    faults_->push_back({pointer_, "must be an object"});
}

const JsonDocument::Node* ObjectReader::find(std::string_view name) const {
  if (!std::holds_alternative<JsonDocument::Object>(node_->value)) return nullptr;
  return document_->member(*node_, name);
}

void ObjectReader::fault(std::string_view name, std::string detail) {
  faults_->push_back({pointer_ + '/' + std::string{name}, std::move(detail)});
}

void ObjectReader::require(std::string_view name) {
  if (std::holds_alternative<JsonDocument::Object>(node_->value) && !find(name)) fault(name, "is required");
}

std::optional<std::string> ObjectReader::text(std::string_view name, std::size_t chars_max, bool may_be_empty) {
  const auto* given = string(name);
  return given ? checked(name, *given, chars_max, may_be_empty) : std::nullopt;
}

std::optional<std::string> ObjectReader::line(std::string_view name, std::size_t chars_max) {
  const auto* given = string(name);
  return given ? checked(name, single_spaced(*given), chars_max, false) : std::nullopt;
}

std::optional<std::string> ObjectReader::checked(std::string_view name, std::string given, std::size_t chars_max,
                                                 bool may_be_empty) {
  auto why = text_fault(given, chars_max, may_be_empty);
  if (why.empty()) return given;
  fault(name, std::move(why));
  return std::nullopt;
}

std::optional<std::string> ObjectReader::name(std::string_view name) {
  const auto* given = string(name);
  if (!given) return std::nullopt;
  if (is_valid_name(*given)) return *given;
  fault(name, std::string{name_rule});
  return std::nullopt;
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const auto* node = find(name);
  if (!node) return std::nullopt;
  std::optional<std::int64_t> number;
  if (const auto* i = std::get_if<std::int64_t>(&node->value)) {
    number = *i;
  } else if (const auto* u = std::get_if<std::uint64_t>(&node->value)) {
    number = *u <= INT64_MAX ? static_cast<std::int64_t>(*u) : INT64_MAX;
  } else {
    fault(name, "must be an integer");
    return std::nullopt;
  }
  if (*number >= min && *number <= max) return number;
  fault(name, "must be from " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

std::optional<bool> ObjectReader::flag(std::string_view name) {
  const auto* value = get<bool>(name, "must be true or false");
  return value ? std::optional{*value} : std::nullopt;
}

std::optional<TimePoint> ObjectReader::time(std::string_view name) {
  const auto* given = string(name);
  if (!given) return std::nullopt;
  auto value = parse_time(*given);
  if (!value) fault(name, "must be a time as RFC 3339 writes it, such as 2026-03-02T10:00:00Z");
  return value;
}

std::optional<std::string> ObjectReader::one_of(std::string_view name, std::vector<std::string_view> allowed) {
  const auto* given = string(name);
  if (!given) return std::nullopt;
  if (std::find(allowed.begin(), allowed.end(), *given) != allowed.end()) return *given;
  fault(name, one_of_detail(allowed));
  return std::nullopt;
}

std::optional<std::pair<std::int64_t, std::int64_t>> ObjectReader::range(std::string_view name, std::int64_t min,
                                                                         std::int64_t max) {
  const auto* node = find(name);
  if (!node) return std::nullopt;
  std::vector<std::int64_t> bounds;
  if (std::holds_alternative<JsonDocument::Array>(node->value)) {
    for (const auto* element : document_->elements(*node)) {
      const auto* number = std::get_if<std::uint64_t>(&element->value);
      bounds.push_back(number && *number <= INT64_MAX ? static_cast<std::int64_t>(*number) : min - 1);
    }
  }
  if (bounds.size() == 2 && min <= bounds[0] && bounds[0] <= bounds[1] && bounds[1] <= max)
    return std::pair{bounds[0], bounds[1]};
  fault(name, "must be two integers, the first not above the second, from " + std::to_string(min) + " to " +
                  std::to_string(max));
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> ObjectReader::strings(std::string_view name,
                                                                       std::size_t count_max) {
  const auto* node = find(name);
  if (!node) return {};
  std::vector<std::pair<std::string, std::string>> found;
  const bool is_array = std::holds_alternative<JsonDocument::Array>(node->value);
  const auto elements = is_array ? document_->elements(*node) : std::vector<const JsonDocument::Node*>{};
  if (!is_array || elements.size() > count_max) {
    fault(name, "must be an array of at most " + std::to_string(count_max) + " strings");
    return {};
  }
  for (std::size_t i = 0; i < elements.size(); ++i) {
    auto at = std::string{name} + '/' + std::to_string(i);
    if (const auto* text = std::get_if<std::string>(&elements[i]->value))
      found.emplace_back(std::move(at), *text);
    else
      fault(at, "must be a string");
  }
  return found;
}

std::optional<ObjectReader> ObjectReader::object(std::string_view name) {
  const auto* node = find(name);
  if (!node) return std::nullopt;
  return ObjectReader{*document_, *node, pointer_ + '/' + std::string{name}, *faults_};
}

std::string one_of_detail(std::span<const std::string_view> allowed) {
  std::string detail = "must be one of";
  for (auto value : allowed)
    if (value != "none") detail.append(detail.back() == 'f' ? " " : ", ").append(value);
  return detail;
}

std::string text_fault(std::string_view text, std::size_t chars_max, bool may_be_empty) {
  constexpr auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (count_characters(text) > chars_max) return "must be at most " + std::to_string(chars_max) + " characters";
  if (text.empty() && !may_be_empty) return "must not be empty";
  if (std::any_of(text.begin(), text.end(), is_control)) return "must not have control characters";
  return {};
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string single_spaced(std::string_view text) {
  constexpr std::string_view white_space = " \t\r\n";
  std::string line;
  line.reserve(text.size());
  for (auto begin = text.find_first_not_of(white_space); begin != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(white_space, begin), text.size());
    if (!line.empty()) line += ' ';
    line.append(text.substr(begin, end - begin));
    begin = text.find_first_not_of(white_space, end);
  }
  return line;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t size = lead < 0x80                   ? 1
                       : lead >= 0xc2 && lead < 0xe0 ? 2
                       : lead >= 0xe0 && lead < 0xf0 ? 3
                       : lead >= 0xf0 && lead < 0xf5 ? 4
                                                     : 0;
    if (size == 0 || i + size > text.size()) return false;
    std::uint32_t point = size == 1 ? lead : lead & (0x7fu >> size);
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3f);
    }
    const bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    i += size;
  }
  return true;
}

}  // namespace sugang
