#include "domain/ids.hpp"

#include <algorithm>

namespace sugang {
namespace {

// Crockford's base 32 without i, l, o, u: in ASCII order, so text sorts as the number does.
constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t uid_text_size = 26;

constexpr std::array<std::int8_t, 256> make_digits() {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    digits[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return digits;
}
constexpr auto digits = make_digits();

// Not ISO C++, but in every compiler that the project builds with.
__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t version_bits = 0x7000;
constexpr std::uint64_t variant_bits = 0x8000000000000000ULL;

}  // namespace

bool is_valid_name(std::string_view text) {
  auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.size() <= 64 && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), allowed);
}

std::string to_text(const Uid& uid) {
  std::string text(uid_text_size, '0');
  // 26 digits carry 130 bits: the first digit holds the two zero bits above the number.
  auto value = static_cast<Wide>(uid.high) << 64 | uid.low;
  for (std::size_t i = uid_text_size; i-- > 0; value >>= 5)
    text[i] = alphabet[static_cast<std::size_t>(value & 31)];
  return text;
}

std::optional<Uid> parse_uid(std::string_view text) {
  if (text.size() != uid_text_size || digits[static_cast<unsigned char>(text[0])] > 7) return std::nullopt;
  Wide value = 0;
  for (char c : text) {
    auto digit = digits[static_cast<unsigned char>(c)];
    if (digit < 0) return std::nullopt;
    value = value << 5 | static_cast<unsigned>(digit);
  }
  return Uid{static_cast<std::uint64_t>(value >> 64), static_cast<std::uint64_t>(value)};
}

std::string to_uuid_text(const Uid& uid) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text += '-';
    auto half = nibble < 16 ? uid.high : uid.low;
    text += hex[(half >> (60 - 4 * (nibble % 16))) & 15];
  }
  return text;
}

Uid make_uid(TimePoint now, Partition partition, std::uint64_t random, std::uint8_t more_random) {
  auto millis = static_cast<std::uint64_t>(now.time_since_epoch().count());
  return {millis << 16 | version_bits | std::uint64_t{partition.number} << 2 | (more_random & 3u),
          variant_bits | (random >> 2)};
}

}  // namespace sugang
