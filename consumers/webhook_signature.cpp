#include "consumers/webhook_signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "consumers/sealer.hpp"
#include "storage/base64.hpp"

namespace sugang {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t secret_bytes = 32;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string make_webhook_secret() { return std::string{secret_prefix} + to_base64(random_bytes(secret_bytes)); }

std::string webhook_timestamp(TimePoint at) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

std::string sign_webhook(std::string_view secret, std::string_view id, TimePoint at, std::string_view body) {
  if (!secret.starts_with(secret_prefix)) throw std::invalid_argument("a webhook's secret begins with whsec_");
  const auto key = from_base64(secret.substr(secret_prefix.size()));
  if (!key) throw std::invalid_argument("a webhook's secret is not base64");
  const auto content = std::string{id} + "." + webhook_timestamp(at) + "." + std::string{body};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key->data(), static_cast<int>(key->size()), bytes_of(content), content.size(),
           digest.data(), &size) == nullptr)
    throw std::runtime_error("HMAC-SHA256 is not available");
  return "v1," + to_base64({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace sugang
