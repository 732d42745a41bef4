#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sugang {

/// From the operating system's source. Throws std::runtime_error when it gives none.
std::string random_bytes(std::size_t count);

/// Enciphers what must not stand in the journal as it is, where nothing is ever removed: AES-256-GCM, with a key in
/// a file of its own. From any thread.
class Sealer {
 public:
  /// `file` holds the key, 32 bytes in base64; where it does not exist, the first seal() makes it, with a new key
  /// and mode 0600. Throws std::runtime_error with what to do when the file can't be read or holds no key.
  explicit Sealer(std::filesystem::path file);

  /// Base64 of nonce (12), ciphertext and tag (16). `context` is what it belongs to, and opens it. Throws
  /// std::system_error or StorageError when the key can't be made durable.
  std::string seal(std::string_view plain, std::string_view context);
  /// Nothing: it was sealed with another key or for something else, or was changed.
  std::optional<std::string> open(std::string_view sealed, std::string_view context) const;

  const std::filesystem::path& file() const { return file_; }

 private:
  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  /// Empty: there is none yet.
  std::string key_;
};

}  // namespace sugang
