#pragma once

#include <algorithm>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/enum_names.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "domain/time.hpp"
#include "storage/bytes.hpp"
#include "storage/cbor.hpp"
#include "storage/codec.hpp"

namespace sugang {

// A struct that names its members in `fields(self, field)` is a CBOR map from those names to their values. The
// types that members may have are the overloads of write_value and read_value.

struct AnyField {
  void operator()(std::string_view, const auto&) const {}
};
template <class T>
concept WithFields = requires(T& value) {
  T::fields(value, AnyField{});
};

inline void write_value(CborWriter& out, const std::string& value) { out.text(value); }
inline void write_value(CborWriter& out, Milliseconds value) { out.integer(value.count()); }
inline void write_value(CborWriter& out, TimePoint value) { write_value(out, value.time_since_epoch()); }

template <std::integral T>
void write_value(CborWriter& out, T value) {
  if constexpr (std::same_as<T, bool>) {
    out.boolean(value);
  } else if constexpr (std::unsigned_integral<T>) {
    out.unsigned_integer(value);
  } else {
    out.integer(value);
  }
}

template <NamedEnum T>
void write_value(CborWriter& out, T value) {
  out.text(to_text(value));
}

inline void write_value(CborWriter& out, const Uid& value) {
  char bytes[16];
  for (int i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(value.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(value.low >> (56 - 8 * i));
  }
  out.bytes({bytes, sizeof bytes});
}

template <class Tag>
void write_value(CborWriter& out, const NamedId<Tag>& value) {
  out.text(value.text);
}

template <class Tag>
void write_value(CborWriter& out, const ServerId<Tag>& value) {
  write_value(out, value.uid);
}

inline void write_value(CborWriter& out, const Currency& value) { out.text(value.text()); }

template <class T>
void write_value(CborWriter& out, const std::optional<T>& value) {
  write_value(out, *value);
}

template <class T>
void write_value(CborWriter& out, const std::vector<T>& values) {
  out.array(values.size());
  for (const auto& value : values) write_value(out, value);
}

/// The member of `other` that stands where `member` does in `value`.
template <class T, class Member>
const Member& counterpart(const T& other, const T& value, const Member& member) {
  const auto* in_value = static_cast<const char*>(static_cast<const void*>(&member));
  const auto offset = in_value - static_cast<const char*>(static_cast<const void*>(&value));
  const void* in_other = static_cast<const char*>(static_cast<const void*>(&other)) + offset;
  return *static_cast<const Member*>(in_other);
}

/// Members that are as in `defaults` are left out of the map: a reader finds them there. So a default is part of
/// the format, and none is an optional that has a value.
template <WithFields T>
void write_members(CborWriter& out, const T& value, const T& defaults) {
  const auto is_written = [&](const auto& member) { return !(member == counterpart(defaults, value, member)); };
  std::uint64_t count = 0;
  T::fields(value, [&](std::string_view, const auto& member) { count += is_written(member) ? 1 : 0; });
  out.map(count);
  T::fields(value, [&](std::string_view name, const auto& member) {
    if (!is_written(member)) return;
    out.text(name);
    write_value(out, member);
  });
}

template <WithFields T>
void write_value(CborWriter& out, const T& value) {
  write_members(out, value, T{});
}

// read_value throws DecodeError, and never leaves a value that write_value could not have written.
inline void read_value(CborReader& in, std::string& value) { value = in.text(); }
inline void read_value(CborReader& in, Milliseconds& value) { value = Milliseconds{in.integer()}; }
inline void read_value(CborReader& in, TimePoint& value) { value = TimePoint{Milliseconds{in.integer()}}; }

template <std::integral T>
void read_value(CborReader& in, T& value) {
  if constexpr (std::same_as<T, bool>) {
    value = in.boolean();
  } else if constexpr (std::unsigned_integral<T>) {
    const auto wide = in.unsigned_integer();
    if (wide > std::numeric_limits<T>::max()) throw DecodeError("integer exceeds its member");
    value = static_cast<T>(wide);
  } else {
    const auto wide = in.integer();
    if (wide > std::numeric_limits<T>::max() || wide < std::numeric_limits<T>::min())
      throw DecodeError("integer exceeds its member");
    value = static_cast<T>(wide);
  }
}

template <NamedEnum T>
void read_value(CborReader& in, T& value) {
  const auto named = parse_enum<T>(in.text());
  if (!named) throw DecodeError("unknown name of an enumerator");
  value = *named;
}

inline void read_value(CborReader& in, Uid& value) {
  const auto bytes = in.bytes();
  if (bytes.size() != 16) throw DecodeError("an id has 16 bytes");
  value = ByteReader{bytes}.uid();
}

template <class Tag>
void read_value(CborReader& in, NamedId<Tag>& value) {
  value.text = in.text();
}

template <class Tag>
void read_value(CborReader& in, ServerId<Tag>& value) {
  read_value(in, value.uid);
}

inline void read_value(CborReader& in, Currency& value) {
  const auto text = in.text();
  if (text.size() != value.code.size()) throw DecodeError("a currency has three letters");
  std::copy(text.begin(), text.end(), value.code.begin());
}

/// Reads a map's pairs, given the way to visit (name, member) of what it may hold: unknown names are passed over,
/// and missing ones leave their member as it was. `visit(match)` calls `match(name, member)` for each member.
template <class VisitMembers>
void read_members(CborReader& in, VisitMembers&& visit) {
  auto left = in.map();
  if (left == 0) return;
  auto key = in.text();
  bool found = false;
  auto match = [&](std::string_view name, auto& member) {
    if (left == 0 || key != name) return;
    read_value(in, member);
    found = true;
    if (--left > 0) key = in.text();
  };
  while (left > 0) {
    // Names come in the order in which they are visited unless another version wrote them, so one pass does.
    found = false;
    visit(match);
    if (found || left == 0) continue;
    in.skip();
    if (--left > 0) key = in.text();
  }
}

template <class T>
void read_value(CborReader& in, std::optional<T>& value) {
  if (in.take_null()) {
    value.reset();
    return;
  }
  value.emplace();
  read_value(in, *value);
}

template <class T>
void read_value(CborReader& in, std::vector<T>& values) {
  values.clear();
  for (auto left = in.array(); left > 0; --left) {
    values.emplace_back();
    read_value(in, values.back());
  }
}

template <WithFields T>
void read_value(CborReader& in, T& value) {
  read_members(in, [&](auto&& match) { T::fields(value, match); });
}

}  // namespace sugang
