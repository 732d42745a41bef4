#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/enum_names.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"

namespace sugang {

/// Appends JSON to a string, in the order of the calls. The caller pairs begin and end; keys are names of ours and
/// are not escaped.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name) {
    separate();
    out_.append(1, '"').append(name).append("\":");
    comma_ = false;
    return *this;
  }
  JsonWriter& value(std::string_view text) {
    separate();
    append_quoted(text);
    comma_ = true;
    return *this;
  }
  JsonWriter& value(const char* text) { return value(std::string_view{text}); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  JsonWriter& value(std::integral auto number) {
    char digits[24];
    return raw({digits, std::to_chars(digits, digits + sizeof digits, number).ptr});
  }
  /// An id, a time or an enumerator.
  template <class T>
  requires requires(const T& of) { to_text(of); }
  JsonWriter& value(const T& of) { return value(std::string_view{to_text(of)}); }
  JsonWriter& value(const Currency& currency) { return value(currency.text()); }
  JsonWriter& value(const Money& money) {
    return begin_object().member("amount", money.amount).member("currency", money.currency).end_object();
  }
  template <class T>
  JsonWriter& value(const std::vector<T>& values) {
    begin_array();
    for (const auto& each : values) value(each);
    return end_array();
  }
  /// An object with the members that `fields` names; absent optionals are left out.
  template <class T>
  requires requires(const T& of) {
    T::fields(of, [](std::string_view, const auto&) {});
  }
  JsonWriter& value(const T& of) {
    begin_object();
    T::fields(of, [&](std::string_view name, const auto& field) {
      if constexpr (requires { field.has_value(); }) {
        if (field) this->member(name, *field);
      } else {
        this->member(name, field);
      }
    });
    return end_object();
  }
  /// Null for none.
  template <class T>
  JsonWriter& value(const std::optional<T>& of) {
    return of ? value(*of) : null();
  }
  JsonWriter& null() { return raw("null"); }
  /// JSON that is already written.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_.append(json);
    comma_ = true;
    return *this;
  }
  template <class Value>
  JsonWriter& member(std::string_view name, const Value& of) {
    return key(name).value(of);
  }
  /// An object with the members that `write(json, of)` writes.
  template <class Thing, class Write>
  JsonWriter& object(const Thing& of, Write write) {
    begin_object();
    write(*this, of);
    return end_object();
  }
  /// An array of such objects.
  template <class Things, class Write>
  JsonWriter& objects(const Things& of, Write write) {
    begin_array();
    for (const auto& each : of) object(each, write);
    return end_array();
  }

 private:
  JsonWriter& open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
  }
  void separate() {
    if (comma_) out_ += ',';
  }
  void append_quoted(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out_ += '"';
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
      out_.append(text.substr(plain, i - plain));
      plain = i + 1;
      if (c == '"' || c == '\\') {
        (out_ += '\\') += c;
      } else {
        out_.append("\\u00");
        (out_ += hex[static_cast<unsigned char>(c) >> 4]) += hex[c & 15];
      }
    }
    out_.append(text.substr(plain)) += '"';
  }

  std::string& out_;
  bool comma_ = false;
};

/// What the JSON of one resource usually takes.
inline constexpr std::size_t resource_bytes = 768;

/// A body with one object, whose members `write(json, thing)` writes.
template <class Thing, class Write>
std::string json_of(const Thing& thing, Write write) {
  std::string body;
  body.reserve(resource_bytes);
  JsonWriter{body}.object(thing, write);
  return body;
}

/// `{"items": […], "next": …}`: an object per item, and the cursor of the next page, null on the last.
template <class Items, class Write>
std::string json_list(const Items& items, const std::optional<std::string>& next, Write write) {
  std::string body;
  body.reserve(64 + items.size() * 512);
  JsonWriter{body}.begin_object().key("items").objects(items, write).member("next", next).end_object();
  return body;
}

}  // namespace sugang
