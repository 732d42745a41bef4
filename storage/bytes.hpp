#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.hpp"

namespace sugang {

// The fixed-width and varint integers of the journal's own layouts (docs/journal-format.md). Little-endian inside
// values, big-endian in keys, so that keys sort as numbers do.

template <class Integer>
void put_le(std::string& out, Integer value) {
  char bytes[sizeof(Integer)];
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  out.append(bytes, sizeof bytes);
}

template <class Integer>
void put_be(std::string& out, Integer value) {
  char bytes[sizeof(Integer)];
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (sizeof(Integer) - 1 - i)));
  out.append(bytes, sizeof bytes);
}

template <class Integer>
std::string be_bytes(Integer value) {
  std::string bytes;
  put_be(bytes, value);
  return bytes;
}

/// LEB128: seven bits a byte, lowest first.
inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

inline void put_uid(std::string& out, const Uid& uid) {
  put_be(out, uid.high);
  put_be(out, uid.low);
}

inline std::string uid_bytes(const Uid& uid) {
  std::string bytes;
  put_uid(bytes, uid);
  return bytes;
}

/// Reads what the functions above wrote, from bytes that may be anything: once something was cut or too long,
/// `ok()` is false and every further value is 0.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  template <class Integer>
  Integer le() {
    const auto bytes = take(sizeof(Integer));
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
    return static_cast<Integer>(value);
  }

  template <class Integer>
  Integer be() {
    std::uint64_t value = 0;
    for (char c : take(sizeof(Integer))) value = value << 8 | static_cast<std::uint8_t>(c);
    return static_cast<Integer>(value);
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = le<std::uint8_t>();
      if (!ok_) return 0;
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) {
        // The tenth byte has room for one bit.
        if (shift == 63 && byte > 1) break;
        return value;
      }
    }
    ok_ = false;
    rest_ = {};
    return 0;
  }

  Uid uid() {
    const auto high = be<std::uint64_t>();
    return {high, be<std::uint64_t>()};
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace sugang
