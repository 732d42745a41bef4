#include "app/stores.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "app/log.hpp"
#include "consumers/webhook_store.hpp"
#include "domain/time.hpp"
#include "storage/journal.hpp"

namespace sugang {
namespace {

/// Beside the folder of the webhooks' store: a read met damage in it.
std::filesystem::path damage_mark(const std::string& folder) { return folder + ".is-damaged"; }

std::unique_ptr<RocksStore> begin_webhooks_anew(const std::string& folder, const RocksOptions& options,
                                                const std::string& why) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto aside = folder + ".damaged-" + std::to_string(std::chrono::floor<Milliseconds>(now).count());
  log_error("the webhooks' store is damaged: it is set aside, and webhooks must be registered again",
            {{"event", "webhooks_damaged"}, {"why", why}, {"aside", aside}});
  std::filesystem::rename(folder, aside);
  std::filesystem::remove(damage_mark(folder));
  return std::make_unique<RocksStore>(folder, WebhookStore::spaces(), options);
}

}  // namespace

std::unique_ptr<RocksStore> open_rows(const std::string& folder, const RocksOptions& options) {
  const std::vector<RocksSpace> spaces{{"rows"}};
  try {
    return std::make_unique<RocksStore>(folder, spaces, options);
  } catch (const JournalDamaged& damaged) {
    log_warn("the views are damaged and will be built again from the journal",
             {{"event", "views_damaged"}, {"why", damaged.what()}});
    std::filesystem::remove_all(folder);
    return std::make_unique<RocksStore>(folder, spaces, options);
  }
}

std::unique_ptr<RocksStore> open_webhooks(const std::string& folder, const RocksOptions& options) {
  if (std::filesystem::exists(damage_mark(folder)))
    return begin_webhooks_anew(folder, options, "a read met damage before the last stop");
  std::unique_ptr<RocksStore> store;
  try {
    store = std::make_unique<RocksStore>(folder, WebhookStore::spaces(), options);
  } catch (const JournalDamaged& damaged) {
    return begin_webhooks_anew(folder, options, damaged.what());
  }
  try {
    // All that is read at start.
    const WebhookStore entries{*store};
    entries.webhooks(), entries.known(), entries.ended_notices();
  } catch (const StorageError& damaged) {
    store.reset();
    return begin_webhooks_anew(folder, options, damaged.what());
  }
  return store;
}

std::unique_ptr<RocksStore> open_operations(const std::string& folder, const std::vector<RocksSpace>& spaces,
                                            const RocksOptions& options) {
  const auto refuse = [&](const std::exception& fault) {
    throw JournalDamaged(std::string{"what is paused, set aside and imported can't be read: "} + fault.what() +
                         "; restore " + folder +
                         " from a backup, or move it away: then all components run, and an import that was under "
                         "way may have to be sent again");
  };
  std::unique_ptr<RocksStore> store;
  try {
    store = std::make_unique<RocksStore>(folder, spaces, options);
  } catch (const JournalDamaged& fault) {
    refuse(fault);
  }
  try {
    for (std::uint8_t space = 0; space < spaces.size(); ++space)
      store->scan(
          space, {}, {}, [](std::string_view, std::string_view) { return true; }, Caching::no);
  } catch (const StorageError& fault) {
    refuse(fault);
  }
  return store;
}

void mark_webhooks_damaged(const std::string& folder, const std::string& why) {
  std::ofstream{damage_mark(folder)} << why << "\n";
}

}  // namespace sugang
