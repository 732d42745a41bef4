#include "consumers/sealer.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "storage/base64.hpp"
#include "storage/durable_folder.hpp"

namespace sugang {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
Cipher make_cipher() { return {EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free}; }

const unsigned char* in(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* out(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
int length_of(std::string_view bytes) { return static_cast<int>(bytes.size()); }

void need(int result) {
  if (result != 1) throw std::runtime_error("AES-256-GCM is not available");
}

/// Empty: there is no file.
std::string read_key(const std::filesystem::path& file) {
  std::ifstream in{file};
  if (!in && !std::filesystem::exists(file)) return {};
  std::string text;
  in >> text;
  const auto key = from_base64(text);
  if (!key || key->size() != key_bytes)
    throw std::runtime_error("the key of the webhooks' secrets can't be read from " + file.string() +
                             ": restore the file, or move it away and register the webhooks anew");
  return *key;
}

/// Durable on return.
void write_key(const std::filesystem::path& file, const std::string& key) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), file.string());
  const auto text = to_base64(key) + "\n";
  const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  if (!written) {
    std::filesystem::remove(file);
    throw std::system_error(error, std::generic_category(), file.string());
  }
  sync_folder(file.has_parent_path() ? file.parent_path() : ".");
}

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(out(bytes), length_of(bytes)) != 1)
    throw std::runtime_error("the operating system gives no random bytes");
  return bytes;
}

Sealer::Sealer(std::filesystem::path file) : file_(std::move(file)), key_(read_key(file_)) {}

std::string Sealer::seal(std::string_view plain, std::string_view context) {
  const std::lock_guard lock{mutex_};
  if (key_.empty()) {
    auto key = random_bytes(key_bytes);
    write_key(file_, key);
    key_ = std::move(key);
  }
  const auto nonce = random_bytes(nonce_bytes);
  const auto cipher = make_cipher();
  std::string sealed(plain.size(), '\0'), tag(tag_bytes, '\0');
  int written = 0;
  need(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, in(key_), in(nonce)));
  need(EVP_EncryptUpdate(cipher.get(), nullptr, &written, in(context), length_of(context)));
  need(EVP_EncryptUpdate(cipher.get(), out(sealed), &written, in(plain), length_of(plain)));
  need(EVP_EncryptFinal_ex(cipher.get(), out(sealed), &written));
  need(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, length_of(tag), out(tag)));
  return to_base64(nonce + sealed + tag);
}

std::optional<std::string> Sealer::open(std::string_view sealed, std::string_view context) const {
  const std::lock_guard lock{mutex_};
  const auto bytes = from_base64(sealed);
  if (key_.empty() || !bytes || bytes->size() < nonce_bytes + tag_bytes) return std::nullopt;
  const auto nonce = bytes->substr(0, nonce_bytes);
  const auto body = bytes->substr(nonce_bytes, bytes->size() - nonce_bytes - tag_bytes);
  auto tag = bytes->substr(bytes->size() - tag_bytes);
  const auto cipher = make_cipher();
  std::string plain(body.size(), '\0');
  int written = 0;
  need(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, in(key_), in(nonce)));
  need(EVP_DecryptUpdate(cipher.get(), nullptr, &written, in(context), length_of(context)));
  need(EVP_DecryptUpdate(cipher.get(), out(plain), &written, in(body), length_of(body)));
  need(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, length_of(tag), out(tag)));
  if (EVP_DecryptFinal_ex(cipher.get(), out(plain), &written) != 1) return std::nullopt;
  return plain;
}

}  // namespace sugang
