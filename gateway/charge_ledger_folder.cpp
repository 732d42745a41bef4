#include "gateway/charge_ledger_folder.hpp"

#include <filesystem>

namespace sugang {
namespace {

/// Small: most folders hold few charges.
constexpr Log::Limits limits{.segment_bytes_min = 1 << 20};

}  // namespace

ChargeLedgerFolder::ChargeLedgerFolder(const std::string& folder, const RocksOptions& options,
                                       const std::function<void(const std::string& why)>& report)
    : segments_(std::filesystem::path{folder} / "log"),
      head_((std::filesystem::path{folder} / "head").string()),
      log_(segments_, head_, limits) {
  auto derived = options;
  derived.write_ahead_log = false;
  const auto index = (std::filesystem::path{folder} / "index").string();
  try {
    open(index, derived);
  } catch (const DamagedEntry& damaged) {
    // The log's own damage is not the index's.
    log_.verify();
    report(damaged.what());
    ledger_.reset();
    index_.reset();
    std::filesystem::remove_all(index);
    open(index, derived);
  }
}

void ChargeLedgerFolder::open(const std::string& index, const RocksOptions& options) {
  index_ = std::make_unique<RocksStore>(index, std::vector<RocksSpace>{{"charges"}}, options);
  ledger_ = std::make_unique<ChargeLedger>(log_, *index_);
}

}  // namespace sugang
