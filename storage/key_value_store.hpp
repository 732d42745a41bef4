#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sugang {

/// A store failed. A write or a sync that failed is never retried: the process ends, and recovery finds what is
/// durable. A read may be retried, by the next request.
struct StorageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A read met an entry that is damaged: it is missing, does not agree with its checksum, does not decode, or lies
/// on a block that the disk could not read twice in a row. No retry helps.
struct DamagedEntry : StorageError {
  using StorageError::StorageError;
};

/// Puts and erases that happen together or not at all. `space` is one of the store's key spaces.
struct WriteSet {
  struct Change {
    std::uint8_t space = 0;
    std::string key;
    /// Nothing: erase.
    std::optional<std::string> value;
  };
  std::vector<Change> changes;

  void put(std::uint8_t space, std::string key, std::string value) {
    changes.push_back({space, std::move(key), std::move(value)});
  }
  void erase(std::uint8_t space, std::string key) { changes.push_back({space, std::move(key), std::nullopt}); }
  bool empty() const { return changes.empty(); }
};

/// The first key after every key that begins with `prefix`, for a scan's end; empty when there is none.
inline std::string after_prefix(std::string_view prefix) {
  std::string key{prefix};
  while (!key.empty() && key.back() == '\xff') key.pop_back();
  if (!key.empty()) ++key.back();
  return key;
}

/// Whether what a scan reads may push other things out of memory. A scan of everything must not.
enum class Caching : std::uint8_t { yes, no };

enum class Sync : std::uint8_t { no, yes };

/// An ordered store of bytes with a few key spaces, each ordered bytewise. Reads may come from any thread, writes
/// from one at a time. Reads throw DamagedEntry, or StorageError when a later read may succeed. Two adapters:
/// RocksDB, and the tests' memory with seeded faults.
class KeyValueStore {
 public:
  virtual ~KeyValueStore() = default;

  /// All of it, or nothing. With Sync::yes it is durable on return. Throws StorageError.
  virtual void write(const WriteSet& changes, Sync sync) = 0;
  virtual std::optional<std::string> get(std::uint8_t space, std::string_view key) const = 0;

  /// Visits keys ≥ `from` and < `until` in order ("" as `until`: to the end) while `visit` returns true.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual void scan(std::uint8_t space, std::string_view from, std::string_view until, const Visit& visit,
                    Caching caching = Caching::yes) const = 0;
  /// The last key ≤ `at`, if any, with its value.
  virtual std::optional<std::pair<std::string, std::string>> last_at_or_before(std::uint8_t space,
                                                                               std::string_view at) const = 0;
  /// Erases keys ≥ `from` and < `until`.
  virtual void erase_range(std::uint8_t space, std::string_view from, std::string_view until) = 0;

  /// For messages: where a fault, given the text of its error, lies, as far as the store knows.
  virtual std::string locate(std::string_view) const { return "memory"; }
  /// The same for a fault that a read of `key` met.
  virtual std::string locate(std::string_view fault, std::uint8_t /*space*/, std::string_view /*key*/) const {
    return locate(fault);
  }

  /// The files that hold the store's entries, if it has any.
  virtual std::vector<std::string> sorted_files() const { return {}; }
  /// Reads one of them from the disk, all of it; returns its size, 0 when it is no part of the store any more.
  /// Throws DamagedEntry when a block of it does not agree with its checksum.
  virtual std::uint64_t check_sorted_file(const std::string& /*file*/) const { return 0; }
};

}  // namespace sugang
