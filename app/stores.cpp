#include "app/stores.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "app/log.hpp"
#include "consumers/webhook_store.hpp"
#include "domain/time.hpp"
#include "storage/durable_folder.hpp"
#include "storage/journal.hpp"

namespace sugang {
namespace {

constexpr std::string_view marked = "a read met damage before the last stop";

/// Beside a store's folder.
std::filesystem::path damage_mark(const std::string& folder) { return folder + ".is-damaged"; }

const std::vector<RocksSpace> rows_spaces{{"rows"}};
/// In the order of their numbers in the header.
const std::vector<RocksSpace> operations_spaces{{"paused"}, {"set-aside"}, {"import"}};

void log_compactions_ended(const std::string& why) {
  log_error("files of a store are merged no more until the next start: they are damaged",
            {{"event", "store_damaged"}, {"why", why}});
}

std::unique_ptr<RocksStore> begin_webhooks_anew(const std::string& folder, const RocksOptions& options,
                                                const std::string& why) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto aside = folder + ".damaged-" + std::to_string(std::chrono::floor<Milliseconds>(now).count());
  log_error("the webhooks' store is damaged: it is set aside, and what was pending in it is not called for",
            {{"event", "webhooks_damaged"}, {"why", why}, {"aside", aside}});
  std::filesystem::rename(folder, aside);
  std::filesystem::remove(damage_mark(folder));
  return std::make_unique<RocksStore>(folder, WebhookStore::spaces(), options);
}

}  // namespace

std::string store_folder(const std::string& data, const char* name) {
  auto path = std::filesystem::path{data} / name;
  make_folder(path);
  return path.string();
}

RocksOptions store_options(const DescriptorShares& shares) {
  return {.open_files_max = shares.store_files_max, .on_compactions_ended = log_compactions_ended};
}

RocksOptions small_store_options(const DescriptorShares& shares) {
  return {.block_cache_bytes = 2 << 20,
          .write_buffer_bytes = 4 << 20,
          .open_files_max = shares.store_files_max,
          .on_compactions_ended = log_compactions_ended};
}

std::unique_ptr<RocksStore> begin_rows_anew(const std::string& folder, const RocksOptions& options,
                                            const std::string& why) {
  log_warn("the views are damaged and will be built again from the journal",
           {{"event", "views_damaged"}, {"why", why}});
  std::filesystem::remove_all(folder);
  std::filesystem::remove(damage_mark(folder));
  return std::make_unique<RocksStore>(folder, rows_spaces, options);
}

std::unique_ptr<RocksStore> open_rows(const std::string& folder, const RocksOptions& options) {
  if (std::filesystem::exists(damage_mark(folder))) return begin_rows_anew(folder, options, std::string{marked});
  try {
    return std::make_unique<RocksStore>(folder, rows_spaces, options);
  } catch (const DamagedEntry& damaged) {
    return begin_rows_anew(folder, options, damaged.what());
  }
}

std::unique_ptr<RocksStore> open_webhooks(const std::string& folder, const RocksOptions& options) {
  if (std::filesystem::exists(damage_mark(folder)))
    return begin_webhooks_anew(folder, options, std::string{marked});
  std::string why;
  try {
    auto store = std::make_unique<RocksStore>(folder, WebhookStore::spaces(), options);
    // All that is read at start.
    const WebhookStore entries{*store};
    for (const auto id : entries.known()) entries.health(id);
    entries.cursor();
    return store;
  } catch (const DamagedEntry& damaged) {
    why = damaged.what();
  }
  return begin_webhooks_anew(folder, options, why);
}

std::unique_ptr<RocksStore> open_operations(const std::string& folder, const RocksOptions& options) {
  try {
    auto store = std::make_unique<RocksStore>(folder, operations_spaces, options);
    for (std::size_t space = 0; space < operations_spaces.size(); ++space)
      store->scan(
          static_cast<std::uint8_t>(space), {}, {}, [](std::string_view, std::string_view) { return true; },
          Caching::no);
    return store;
  } catch (const DamagedEntry& fault) {
    throw JournalDamaged(std::string{"what is paused, set aside and imported can't be read: "} + fault.what() +
                         "; restore " + folder +
                         " from a backup, or move it away: then all components run, and an import that was under "
                         "way may have to be sent again");
  }
}

void log_index_anew(const std::string& why) {
  log_warn("the index of the gateway's ledger is damaged and will be built again from its log",
           {{"event", "ledger_index_damaged"}, {"why", why}});
}

void mark_damaged(const std::string& folder, const std::string& why) {
  std::ofstream{damage_mark(folder)} << why << "\n";
}

}  // namespace sugang
