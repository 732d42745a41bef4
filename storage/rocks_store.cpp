#include "storage/rocks_store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/metadata.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "storage/damage.hpp"
#include "storage/durable_folder.hpp"
#include "storage/journal.hpp"
#include "storage/journal_keys.hpp"
#include "storage/sorted_file_check.hpp"

namespace sugang {
namespace {

constexpr std::size_t block_bytes = 16 << 10;
constexpr double bloom_bits_per_key = 10;
constexpr std::size_t info_log_bytes_max = 1 << 20;

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

/// Written into each sorted file by its name: a change of what it does needs another.
class SpacePrefix final : public rocksdb::SliceTransform {
 public:
  explicit SpacePrefix(std::size_t (*prefix_bytes)(std::string_view)) : prefix_bytes_(prefix_bytes) {}
  const char* Name() const override { return "sugang.SpacePrefix.1"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), prefix_bytes_(view(key))};
  }
  bool InDomain(const rocksdb::Slice& key) const override { return prefix_bytes_(view(key)) != 0; }

 private:
  std::size_t (*prefix_bytes_)(std::string_view);
};

rocksdb::CompressionType compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

rocksdb::DBOptions db_options(const RocksOptions& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.paranoid_checks = true;
  // The default opens silently with a part of what was acknowledged; this one ends at a torn tail and nowhere else.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.recycle_log_file_num = 0;
  // A failed write is never retried: the process ends, and recovery finds what is durable.
  db.max_bgerror_resume_count = 0;
  // All spaces leave the log together. Otherwise a log that is lost could take entries of one space whose
  // counterparts in another are in sorted files, and no chain would show it.
  db.atomic_flush = true;
  db.db_write_buffer_size = options.write_buffer_bytes;
  db.max_total_wal_size = 2 * options.write_buffer_bytes;
  db.max_open_files = static_cast<int>(options.open_files_max);
  db.max_background_jobs = 2;
  db.max_log_file_size = info_log_bytes_max;
  db.keep_log_file_num = 2;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

rocksdb::ColumnFamilyOptions space_options(const RocksSpace& space, const RocksOptions& options,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = block_bytes;
  // In small parts: a whole file's filter is larger than a shard of the cache, which would never keep it.
  table.cache_index_and_filter_blocks = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
  table.whole_key_filtering = true;
  // Both are older than the defaults of some supported versions, so that any of them reads what another wrote.
  table.format_version = sorted_file_format;
  table.checksum = rocksdb::kxxHash64;
  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.compression = compression();
  family.write_buffer_size = options.write_buffer_bytes;
  if (space.prefix_bytes != nullptr) family.prefix_extractor = std::make_shared<SpacePrefix>(space.prefix_bytes);
  return family;
}

/// A database that lost the file that names its newest state would be made anew over what is left of it.
bool has_lost_its_state(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(path, error) || fs::exists(fs::path{path} / "CURRENT", error)) return false;
  for (fs::directory_iterator it{path, error}, end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".sst") return true;
  return !log_files(path).empty();
}

/// The disk can't read a block. RocksDB keeps the error's text and not its number.
bool met_bad_sector(const rocksdb::Status& status) {
  static const std::string text = std::strerror(EIO);
  return status.IsIOError() && status.ToString().find(text) != std::string::npos;
}

/// The status of `read`, which is run again when it met a bad sector.
template <class Read>
rocksdb::Status twice_at_most(const Read& read) {
  const auto status = read();
  return met_bad_sector(status) ? read() : status;
}

/// What no retry helps; for a bad sector, when a second read met it too.
bool is_damage(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsPathNotFound() || met_bad_sector(status) ||
         status.ToString().find("No such file or directory") != std::string::npos;
}

/// A compaction that can't read or write would end all writes, though none of them failed. It is given up instead:
/// what it would have merged stays as it is. RocksDB tries again; where it met damage, in vain.
class FailedCompactions final : public rocksdb::EventListener {
 public:
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) override {
    if (!is_damage(job.status)) return;
    const std::lock_guard lock{mutex_};
    damaged_.emplace(job.cf_name, job.status.ToString());
    any_.store(true, std::memory_order_release);
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    const bool of_reads = status->IsCorruption() || (status->IsIOError() && !status->IsNoSpace());
    if (reason == rocksdb::BackgroundErrorReason::kCompaction && of_reads) *status = rocksdb::Status::OK();
  }
  /// The spaces in which compactions have met damage since the last call, and the errors.
  std::map<std::string, std::string> take_damaged() {
    if (!any_.load(std::memory_order_acquire)) return {};
    const std::lock_guard lock{mutex_};
    any_.store(false, std::memory_order_relaxed);
    return std::exchange(damaged_, {});
  }

 private:
  std::atomic<bool> any_{false};
  std::mutex mutex_;
  std::map<std::string, std::string> damaged_;
};

}  // namespace

struct RocksStore::Impl {
  std::string path;
  std::vector<RocksSpace> spaces;
  /// As they were before the open, which removes them once their content stands in sorted files.
  std::vector<std::string> logs_at_open;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::ColumnFamilyHandle* unused_default = nullptr;
  const std::shared_ptr<FailedCompactions> failed_compactions = std::make_shared<FailedCompactions>();
  std::function<void(const std::string& why)> on_compactions_ended;
  bool write_ahead_log = true;
  std::set<std::string> never_compacted;

  ~Impl() {
    if (db == nullptr) return;
    for (auto* family : families) db->DestroyColumnFamilyHandle(family);
    db->DestroyColumnFamilyHandle(unused_default);
    db->Close();
    delete db;
  }

  void open(const RocksOptions& options) {
    make_folder(path);
    if (has_lost_its_state(path))
      throw JournalDamaged("journal damaged: cannot open " + path + " (file " + path +
                           "/CURRENT, which is missing)");
    if (const auto spoiled = find_spoiled_properties(path))
      throw JournalDamaged("journal damaged: cannot open " + path + ": checksum mismatch (file " + *spoiled + ")");
    logs_at_open = log_files(path);
    const auto cache = options.block_cache ? options.block_cache : make_block_cache(options.block_cache_bytes);
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName, space_options({}, options, cache));
    for (const auto& space : spaces) descriptors.emplace_back(space.name, space_options(space, options, cache));
    auto whole = db_options(options);
    whole.listeners.push_back(failed_compactions);
    const auto status = twice_at_most([&] { return rocksdb::DB::Open(whole, path, descriptors, &families, &db); });
    if (!status.ok()) {
      if (!is_damage(status)) throw StorageError("cannot open " + path + ": " + status.ToString());
      throw JournalDamaged("journal damaged: cannot open " + path + ": " + status.ToString() + " (file " +
                           locate_damage(path, status.ToString(), logs_at_open) + ")");
    }
    unused_default = families.front();
    families.erase(families.begin());
  }

  void check(const rocksdb::Status& status, const char* what) const {
    if (!status.ok()) throw StorageError(std::string{what} + " " + path + " failed: " + status.ToString());
  }

  void check_read(const rocksdb::Status& status) const {
    if (is_damage(status)) throw DamagedEntry("reading from " + path + " failed: " + status.ToString());
    check(status, "reading from");
  }

  /// Otherwise the files that can't be merged would gather until they hold up every write.
  void end_damaged_compactions() {
    for (const auto& [name, why] : failed_compactions->take_damaged())
      for (std::size_t space = 0; space < spaces.size(); ++space) {
        if (spaces[space].name != name || !never_compacted.insert(name).second) continue;
        check(db->SetOptions(families[space], {{"disable_auto_compactions", "true"}}), "tuning");
        if (on_compactions_ended)
          on_compactions_ended(
              std::string{"a compaction of "}.append(name).append(" in ").append(path).append(": ") + why);
      }
  }

  /// A scan may use the prefix filters when every key that it can visit has the prefix of `from`.
  bool stays_in_prefix(std::uint8_t space, std::string_view from, std::string_view until) const {
    const auto prefix_bytes = spaces[space].prefix_bytes;
    if (prefix_bytes == nullptr || until.empty()) return false;
    const auto size = prefix_bytes(from);
    return size != 0 && until <= after_prefix(from.substr(0, size));
  }
};

std::shared_ptr<rocksdb::Cache> make_block_cache(std::size_t bytes) { return rocksdb::NewLRUCache(bytes); }

RocksStore::RocksStore(std::string path, std::vector<RocksSpace> spaces, RocksOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = std::move(path);
  impl_->spaces = std::move(spaces);
  impl_->on_compactions_ended = options.on_compactions_ended;
  impl_->write_ahead_log = options.write_ahead_log;
  impl_->open(options);
}

RocksStore::~RocksStore() = default;

void RocksStore::write(const WriteSet& changes, Sync sync) {
  std::size_t bytes = 0;
  for (const auto& change : changes.changes)
    bytes += 16 + change.key.size() + (change.value ? change.value->size() : 0);
  rocksdb::WriteBatch batch{bytes};
  for (const auto& change : changes.changes) {
    auto* family = impl_->families.at(change.space);
    impl_->check(change.value ? batch.Put(family, change.key, *change.value) : batch.Delete(family, change.key),
                 "gathering a write to");
  }
  rocksdb::WriteOptions options;
  options.sync = sync == Sync::yes;
  options.disableWAL = !impl_->write_ahead_log;
  options.memtable_insert_hint_per_batch = true;
  impl_->check(impl_->db->Write(options, &batch), "writing to");
  impl_->end_damaged_compactions();
}

std::optional<std::string> RocksStore::get(std::uint8_t space, std::string_view key) const {
  rocksdb::PinnableSlice value;
  auto* family = impl_->families.at(space);
  const auto status = twice_at_most([&] { return impl_->db->Get({}, family, slice(key), &value); });
  if (status.IsNotFound()) return std::nullopt;
  impl_->check_read(status);
  return std::string{value.data(), value.size()};
}

void RocksStore::scan(std::uint8_t space, std::string_view from, std::string_view until, const Visit& visit,
                      Caching caching) const {
  if (!until.empty() && until <= from) return;
  rocksdb::ReadOptions options;
  const auto bound = slice(until);
  if (!until.empty()) options.iterate_upper_bound = &bound;
  const bool in_prefix = impl_->stays_in_prefix(space, from, until);
  options.total_order_seek = !in_prefix;
  options.prefix_same_as_start = in_prefix;
  options.fill_cache = caching == Caching::yes;
  std::string next{from};
  for (bool read_again = false;;) {
    const std::unique_ptr<rocksdb::Iterator> it{impl_->db->NewIterator(options, impl_->families.at(space))};
    for (it->Seek(next); it->Valid(); it->Next()) {
      if (!visit(view(it->key()), view(it->value()))) return;
      read_again = false;
      next.assign(it->key().data(), it->key().size()).push_back('\0');
    }
    if (!met_bad_sector(it->status()) || read_again) return impl_->check_read(it->status());
    read_again = true;
  }
}

std::optional<std::pair<std::string, std::string>> RocksStore::last_at_or_before(std::uint8_t space,
                                                                                 std::string_view at) const {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  std::unique_ptr<rocksdb::Iterator> it;
  impl_->check_read(twice_at_most([&] {
    // One that met a fault does not read its block again.
    it.reset(impl_->db->NewIterator(options, impl_->families.at(space)));
    it->SeekForPrev(slice(at));
    return it->status();
  }));
  if (!it->Valid()) return std::nullopt;
  return std::pair{it->key().ToString(), it->value().ToString()};
}

void RocksStore::erase_range(std::uint8_t space, std::string_view from, std::string_view until) {
  auto* family = impl_->families.at(space);
  if (!until.empty()) {
    impl_->check(impl_->db->DeleteRange({}, family, slice(from), slice(until)), "erasing from");
    return;
  }
  rocksdb::WriteBatch batch;
  scan(space, from, until, [&](std::string_view key, std::string_view) {
    impl_->check(batch.Delete(family, slice(key)), "erasing from");
    return true;
  });
  impl_->check(impl_->db->Write({}, &batch), "erasing from");
}

std::string RocksStore::locate(std::string_view fault) const {
  return locate_damage(impl_->path, fault, impl_->logs_at_open);
}

std::string RocksStore::locate(std::string_view fault, std::uint8_t space, std::string_view key) const {
  if (names_file(fault)) return locate(fault);
  std::vector<rocksdb::LiveFileMetaData> files;
  impl_->db->GetLiveFilesMetaData(&files);
  std::string text;
  for (const auto& file : files)
    if (file.column_family_name == impl_->spaces[space].name && file.smallestkey <= key && key <= file.largestkey)
      text += (text.empty() ? "" : " or ") + file.db_path + file.name;
  return text.empty() ? locate(fault) : text;
}

std::vector<std::string> RocksStore::sorted_files() const {
  std::vector<rocksdb::LiveFileMetaData> files;
  impl_->db->GetLiveFilesMetaData(&files);
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const auto& file : files) paths.push_back(file.db_path + file.name);
  return paths;
}

bool RocksStore::is_live(const std::string& file) const {
  const auto live = sorted_files();
  return std::find(live.begin(), live.end(), file) != live.end();
}

std::uint64_t RocksStore::check_sorted_file(const std::string& file) const {
  std::error_code gone;
  const auto bytes = std::filesystem::file_size(file, gone);
  // Compaction may remove the file at any time.
  if (!is_live(file)) return 0;
  rocksdb::Options options{impl_->db->GetDBOptions(), impl_->db->GetOptions(impl_->unused_default)};
  const auto status = twice_at_most([&] {
    rocksdb::SstFileReader reader{options};
    const auto opened = reader.Open(file);
    return opened.ok() ? reader.VerifyChecksum() : opened;
  });
  if (!status.ok() && !is_live(file)) return 0;
  impl_->check_read(status);
  return gone ? 0 : bytes;
}

void RocksStore::flush() { impl_->check(impl_->db->Flush({}, impl_->families), "flushing"); }

}  // namespace sugang
