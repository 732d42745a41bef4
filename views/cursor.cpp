#include "views/cursor.hpp"

#include <xxhash.h>

#include "storage/base64.hpp"
#include "storage/bytes.hpp"

namespace sugang {

/// A checksum (4), for it must not be mistaken and need not be secret, and the key.
std::string make_cursor(std::string_view scope, std::string_view key) {
  const auto checksum = XXH3_64bits_withSeed(key.data(), key.size(), XXH3_64bits(scope.data(), scope.size()));
  auto text = to_base64(be_bytes(static_cast<std::uint32_t>(checksum)).append(key));
  text.resize(text.find_last_not_of('=') + 1);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::optional<std::string> read_cursor(std::string_view scope, std::string_view cursor) {
  std::string text{cursor};
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() <= sizeof(std::uint32_t)) return std::nullopt;
  auto key = bytes->substr(sizeof(std::uint32_t));
  // One text per cursor: what else would decode to the same is none.
  return make_cursor(scope, key) == cursor ? std::optional{std::move(key)} : std::nullopt;
}

}  // namespace sugang
