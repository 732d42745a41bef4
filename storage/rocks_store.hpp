#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/key_value_store.hpp"

namespace rocksdb {
class Cache;
}

namespace sugang {

/// A key space of a RocksStore; its number is its place in the constructor's list.
struct RocksSpace {
  std::string name;
  /// The length of the prefix by which keys are scanned together, 0 for a key without one; it must follow from the
  /// prefix's own bytes. Scans that stay within one prefix then pass over files that lack it.
  std::size_t (*prefix_bytes)(std::string_view key) = nullptr;
};

/// How much memory a RocksStore takes: its cache, twice its write buffer, and a little for its open files.
struct RocksOptions {
  std::size_t block_cache_bytes = 32 << 20;
  /// Given: shared with other stores, and `block_cache_bytes` is not looked at.
  std::shared_ptr<rocksdb::Cache> block_cache;
  std::size_t write_buffer_bytes = 24 << 20;
  /// Sorted files that stay open; RocksDB honours no fewer than 20.
  std::uint32_t open_files_max = 512;
  /// False: what it holds is derived from elsewhere. A crash takes the newest writes, of all spaces the same, and
  /// Sync::yes throws.
  bool write_ahead_log = true;
  /// Called once for each space whose files are no longer merged until the next open, since a compaction met
  /// damage. Called within a write.
  std::function<void(const std::string& why)> on_compactions_ended;
};
std::shared_ptr<rocksdb::Cache> make_block_cache(std::size_t bytes);

/// A KeyValueStore in a folder, over RocksDB. What it cannot open because bytes are missing or do not verify is
/// JournalDamaged, naming the file; everything else that fails is StorageError, naming the folder.
class RocksStore final : public KeyValueStore {
 public:
  /// Opens the folder `path`, or makes it.
  RocksStore(std::string path, std::vector<RocksSpace> spaces, RocksOptions options = {});
  ~RocksStore() override;

  void write(const WriteSet& changes, Sync sync) override;
  std::optional<std::string> get(std::uint8_t space, std::string_view key) const override;
  void scan(std::uint8_t space, std::string_view from, std::string_view until, const Visit& visit,
            Caching caching = Caching::yes) const override;
  std::optional<std::pair<std::string, std::string>> last_at_or_before(std::uint8_t space,
                                                                       std::string_view at) const override;
  void erase_range(std::uint8_t space, std::string_view from, std::string_view until) override;
  std::string locate(std::string_view fault) const override;
  std::string locate(std::string_view fault, std::uint8_t space, std::string_view key) const override;
  std::vector<std::string> sorted_files() const override;
  std::uint64_t check_sorted_file(const std::string& file) const override;

  /// Moves what the write-ahead log holds into sorted files, so that the next start has nothing to replay.
  void flush();

 private:
  bool is_live(const std::string& file) const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sugang
