#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "http/api/json_writer.hpp"

namespace sugang {

inline void member_text(JsonWriter& json, std::string_view name, const std::string& text) {
  json.member(name, std::string_view{text});
}

/// Texts of ids need no escape.
void member_id(JsonWriter& json, std::string_view name, const auto& id) { member_text(json, name, to_text(id)); }

inline void write_money(JsonWriter& json, const Money& money) {
  json.begin_object().member("amount", money.amount).member("currency", money.currency.text()).end_object();
}

inline void write_optional(JsonWriter& json, std::string_view name, const std::optional<std::string>& text) {
  json.key(name);
  if (text)
    json.value(std::string_view{*text});
  else
    json.null();
}

/// Body of one thing.
template <class Thing, class Write>
std::string json_of(const Thing& thing, Write write) {
  std::string body;
  body.reserve(640);
  JsonWriter json{body};
  write(json, thing);
  return body;
}

/// `"next": …`, the cursor of the next page, null on the last.
inline void write_next(JsonWriter& json, const std::optional<std::string>& next) {
  write_optional(json, "next", next);
}

/// `{"items": […], "next": …}`, the items written by `write(json, item)`.
template <class Items, class Write>
std::string json_list(const Items& items, const std::optional<std::string>& next, Write write) {
  std::string body;
  body.reserve(64 + items.size() * 512);
  JsonWriter json{body};
  json.begin_object().key("items").begin_array();
  for (const auto& item : items) write(json, item);
  json.end_array();
  write_next(json, next);
  json.end_object();
  return body;
}

}  // namespace sugang
