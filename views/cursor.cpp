#include "views/cursor.hpp"

#include <array>

#include "storage/bytes.hpp"

namespace sugang {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t checksum_bytes = sizeof(std::uint32_t);

constexpr std::array<std::int8_t, 256> digits_of() {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    digits[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  return digits;
}
constexpr auto digits = digits_of();

/// FNV-1a: the cursor must not be mistaken, it need not be secret.
std::uint32_t checksum(std::string_view scope, std::string_view key) {
  std::uint64_t hash = 0xcbf29ce484222325;
  auto mix = [&](std::string_view bytes) {
    for (char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    hash = (hash ^ bytes.size()) * 0x100000001b3;
  };
  mix(scope);
  mix(key);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

std::string to_base64url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : bytes) {
    bits = (bits << 8) | static_cast<std::uint8_t>(c);
    for (count += 8; count >= 6; count -= 6) text.push_back(alphabet[(bits >> (count - 6)) & 0x3f]);
  }
  if (count > 0) text.push_back(alphabet[(bits << (6 - count)) & 0x3f]);
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const auto digit = digits[static_cast<std::uint8_t>(c)];
    if (digit < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    if ((count += 6) >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  // One text per cursor: unused bits are zero.
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

std::string make_cursor(std::string_view scope, std::string_view key) {
  std::string bytes;
  put_be(bytes, checksum(scope, key));
  bytes += key;
  return to_base64url(bytes);
}

std::optional<std::string> read_cursor(std::string_view scope, std::string_view cursor) {
  auto bytes = from_base64url(cursor);
  if (!bytes || bytes->size() <= checksum_bytes) return std::nullopt;
  auto key = bytes->substr(checksum_bytes);
  if (ByteReader{*bytes}.be<std::uint32_t>() != checksum(scope, key)) return std::nullopt;
  return key;
}

}  // namespace sugang
