#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sugang {

/// How far the journal is known to be acknowledged: the last durable position and the chain's value there.
struct Head {
  std::uint64_t position = 0;
  std::uint64_t chain = 0;
  bool operator==(const Head&) const = default;
};

/// Written after each synced batch, so it may lag behind the journal but never leads it.
class HeadFile {
 public:
  virtual ~HeadFile() = default;
  /// The newest valid head; nothing when none was ever written. Throws JournalDamaged when it exists and does not
  /// verify.
  virtual std::optional<Head> load() = 0;
  virtual void store(const Head& head) = 0;
  /// For messages.
  virtual std::string name() const = 0;
};

}  // namespace sugang
