#include "http/server/request_fields.hpp"

#include <algorithm>
#include <charconv>

#include "http/server/field_text.hpp"

namespace sugang {
namespace {

/// Removes the text up to the next `separator` outside quotes, and the separator. Returns the text, trimmed.
std::string_view take_element(std::string_view& text, char separator) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted && text[i] == '\\')
      ++i;
    else if (!quoted && text[i] == separator)
      break;
  }
  i = std::min(i, text.size());
  auto element = text.substr(0, i);
  text.remove_prefix(std::min(i + 1, text.size()));
  return trim(element);
}

std::string_view unquote(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

bool all_between(std::string_view text, char first, char last) {
  return std::all_of(text.begin(), text.end(), [=](char c) { return c >= first && c <= last; });
}

template <std::size_t Size>
bool parse_hex(std::string_view text, std::array<std::uint8_t, Size>& bytes) {
  // from_chars would take upper case too, which the format forbids.
  if (text.size() != 2 * Size || text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
  for (std::size_t i = 0; i < Size; ++i) bytes[i] = *parse_number<std::uint8_t>(text.substr(2 * i, 2), 16);
  return true;
}

template <std::size_t Size>
void append_hex(std::string& out, const std::array<std::uint8_t, Size>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (auto byte : bytes) (out += digits[byte >> 4]) += digits[byte & 15];
}

/// How `Accept` rates a media type.
struct Rating {
  /// In thousandths; 0: not accepted.
  int weight = 0;
  /// Of the range that matches: 3 for `type/subtype`, 2 for `type/*`, 1 for `*/*`; 0: none.
  int specificity = 0;
  auto operator<=>(const Rating&) const = default;
};

int specificity_of(std::string_view range, std::string_view type) {
  if (same_word(range, type)) return 3;
  if (range == "*/*") return 1;
  const auto half = type.substr(0, type.find('/') + 1);
  return range.ends_with("/*") && same_word(range.substr(0, range.size() - 1), half) ? 2 : 0;
}

/// `0.25` gives 250. A text that is not a weight gives 1000, as no weight does.
int parse_weight(std::string_view text) {
  if (!text.starts_with('0')) return 1000;
  int weight = 0;
  for (std::size_t i = 2, unit = 100; i < text.size() && unit > 0; ++i, unit /= 10)
    weight += static_cast<int>(unit) * std::clamp(text[i] - '0', 0, 9);
  return weight;
}

int weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    auto parameter = take_element(parameters, ';');
    if (same_word(take_element(parameter, '='), "q")) return parse_weight(trim(parameter));
  }
  return 1000;
}

/// The most specific range decides.
Rating rate(std::string_view accept, std::string_view type) {
  Rating rating;
  while (!accept.empty()) {
    auto parameters = take_element(accept, ',');
    const auto specificity = specificity_of(take_element(parameters, ';'), type);
    if (specificity > rating.specificity) rating = {weight_of(parameters), specificity};
  }
  // Types with weight 0 are equal, however specific their ranges are.
  return rating.weight > 0 ? rating : Rating{};
}

struct EntityTag {
  bool weak = false;
  std::string_view opaque;
};

/// Calls `visit` for each tag. False: the text is not a list of tags, or has none.
template <class Visit>
bool for_each_tag(std::string_view list, Visit visit) {
  bool found = false;
  for (list = trim(list); !list.empty(); list = trim(list)) {
    if (list.front() == ',') {
      list.remove_prefix(1);
      continue;
    }
    EntityTag tag;
    if (list.starts_with("W/")) {
      tag.weak = true;
      list.remove_prefix(2);
    }
    if (!list.starts_with('"')) return false;
    auto end = list.find('"', 1);
    if (end == std::string_view::npos) return false;
    tag.opaque = list.substr(1, end - 1);
    list = trim(list.substr(end + 1));
    if (!list.empty() && list.front() != ',') return false;
    visit(tag);
    found = true;
  }
  return found;
}

}  // namespace

bool is_valid_idempotency_key(std::string_view text) {
  return !text.empty() && text.size() <= 255 && all_between(text, ' ', '~');
}

bool is_valid_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && all_between(text, '!', '~');
}

std::optional<std::chrono::seconds> Preferences::effective_wait() const {
  if (wait) return wait;
  if (respond_async) return std::chrono::seconds{0};
  return std::nullopt;
}

std::string Preferences::applied() const {
  std::string text;
  if (respond_async) text = "respond-async";
  if (wait) text.append(text.empty() ? "" : ", ").append("wait=").append(std::to_string(wait->count()));
  return text;
}

Preferences parse_prefer(std::string_view field) {
  Preferences preferences;
  while (!field.empty()) {
    auto element = take_element(field, ',');
    auto preference = take_element(element, ';');
    auto name = take_element(preference, '=');
    auto value = unquote(trim(preference));
    if (same_word(name, "respond-async")) {
      preferences.respond_async = true;
    } else if (same_word(name, "wait") && !preferences.wait && !value.empty() && all_between(value, '0', '9')) {
      auto seconds = parse_number<std::uint32_t>(value).value_or(UINT32_MAX);
      preferences.wait = std::min(std::chrono::seconds{seconds}, wait_max);
    }
  }
  return preferences;
}

TraceContext parse_traceparent(std::string_view field) {
  // version "-" trace-id "-" parent-id "-" flags; later versions may add "-" and more.
  constexpr std::size_t size = 55;
  TraceContext trace;
  std::array<std::uint8_t, 1> version{}, flags{};
  if (field.size() < size || field[2] != '-' || field[35] != '-' || field[52] != '-') return {};
  if (!parse_hex(field.substr(0, 2), version) || !parse_hex(field.substr(3, 32), trace.trace_id) ||
      !parse_hex(field.substr(36, 16), trace.span_id) || !parse_hex(field.substr(53, 2), flags))
    return {};
  if (version[0] == 0xff || (version[0] == 0 && field.size() != size)) return {};
  if (field.size() > size && field[size] != '-') return {};
  if (!trace.present() || trace.span_id == std::array<std::uint8_t, 8>{}) return {};
  trace.flags = flags[0];
  return trace;
}

std::string traceparent_text(const TraceContext& trace) {
  std::string text = "00-";
  text.reserve(55);
  append_hex(text, trace.trace_id);
  text += '-';
  append_hex(text, trace.span_id);
  text += '-';
  append_hex(text, std::array<std::uint8_t, 1>{trace.flags});
  return text;
}

std::optional<IfMatch> parse_if_match(std::string_view field, TagOf tags) {
  if (trim(field) == "*") return IfMatch{.any = true};
  IfMatch match;
  const bool is_list = for_each_tag(field, [&](EntityTag tag) {
    if (tag.weak) return;
    // A course's tag has a sequence after the dot, which is not compared.
    const auto dot = tag.opaque.find('.');
    if ((dot != std::string_view::npos) != (tags == TagOf::course)) return;
    if (tags == TagOf::course && !parse_number<Sequence>(tag.opaque.substr(dot + 1))) return;
    if (auto version = parse_number<std::uint64_t>(tag.opaque.substr(0, dot))) match.versions.push_back(*version);
  });
  return is_list ? std::optional{std::move(match)} : std::nullopt;
}

bool if_none_match_hits(std::string_view field, std::string_view etag) {
  if (trim(field) == "*") return true;
  bool hit = false;
  const bool is_list = for_each_tag(field, [&](EntityTag tag) { hit = hit || tag.opaque == unquote(etag); });
  return is_list && hit;
}

std::string course_etag(std::uint64_t definition, Sequence sequence) {
  return '"' + std::to_string(definition) + '.' + std::to_string(sequence) + '"';
}

std::string version_etag(std::uint64_t version, std::optional<std::uint64_t> waitlist_position) {
  const auto suffix = waitlist_position ? '.' + std::to_string(*waitlist_position) : "";
  return '"' + std::to_string(version) + suffix + '"';
}

std::string position_text(Position position) {
  char digits[16] = {'p'};
  return {digits, std::to_chars(digits + 1, digits + sizeof digits, position, 32).ptr};
}

std::optional<Position> parse_position(std::string_view text) {
  if (!text.starts_with('p')) return std::nullopt;
  return parse_number<Position>(text.substr(1), 32);
}

MediaType parse_content_type(std::string_view field) {
  auto type = take_element(field, ';');
  if (type.empty()) return MediaType::none;
  while (!field.empty()) {
    auto parameter = take_element(field, ';');
    auto name = take_element(parameter, '=');
    if (same_word(name, "charset") && !same_word(unquote(trim(parameter)), "utf-8")) return MediaType::other;
  }
  if (same_word(type, "application/json")) return MediaType::json;
  if (same_word(type, "application/merge-patch+json")) return MediaType::merge_patch;
  if (same_word(type, "text/csv")) return MediaType::csv;
  return MediaType::other;
}

std::string_view best_offer(std::string_view accept, std::span<const std::string_view> offered) {
  return *std::max_element(offered.begin(), offered.end(),
                           [&](auto a, auto b) { return rate(accept, a) < rate(accept, b); });
}

}  // namespace sugang
