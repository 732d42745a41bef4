#include "http/api/request_key.hpp"

#include <openssl/evp.h>

#include <array>
#include <initializer_list>
#include <memory>
#include <stdexcept>

namespace sugang {
namespace {

Uid digest(std::initializer_list<std::string_view> parts) {
  thread_local std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  bool done = EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (auto part : parts) {
    // The length goes before each part, so that no two lists of parts make one text.
    std::array<unsigned char, 8> size{};
    for (std::size_t i = 0; i < size.size(); ++i) size[i] = static_cast<unsigned char>(part.size() >> (56 - 8 * i));
    done = done && EVP_DigestUpdate(context.get(), size.data(), size.size()) == 1 &&
           EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  if (!done || EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) != 1)
    throw std::runtime_error{"SHA-256 is not available"};
  Uid uid;
  for (std::size_t i = 0; i < 8; ++i) {
    uid.high = uid.high << 8 | hash[i];
    uid.low = uid.low << 8 | hash[8 + i];
  }
  return uid;
}

}  // namespace

RequestKey request_key(std::string_view caller, const std::optional<AggregateId>& resource, std::string_view key,
                       std::string_view method, std::string_view path, std::string_view body) {
  const auto kind = resource ? to_text(resource->kind) : std::string_view{};
  const auto name = digest({caller, kind, resource ? to_text(*resource) : std::string{}, key});
  const auto partition = resource ? resource->partition() : name.partition();
  // In the layout of every id, which keeps 112 bits of the digest.
  return {RequestId{make_uid(name.time(), partition, name.low, static_cast<std::uint8_t>(name.high))},
          digest({method, path, body})};
}

}  // namespace sugang
