#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/charge_ledger.hpp"
#include "storage/rocks_store.hpp"
#include "storage/segment_folder.hpp"
#include "storage/two_slot_head_file.hpp"

namespace sugang {

/// The ledger of the embedded gateway in a folder: `log/` and `head`, and what is derived from them in `index/`.
class ChargeLedgerFolder {
 public:
  /// Makes what is missing. An index that is damaged is built again, and `report` called with the reason. Throws
  /// JournalDamaged, StorageError.
  ChargeLedgerFolder(const std::string& folder, const RocksOptions& options,
                     const std::function<void(const std::string& why)>& report);

  ChargeLedger& ledger() { return *ledger_; }

 private:
  void open(const std::string& index, const RocksOptions& options);

  SegmentFolder segments_;
  TwoSlotHeadFile head_;
  Log log_;
  std::unique_ptr<RocksStore> index_;
  std::unique_ptr<ChargeLedger> ledger_;
};

}  // namespace sugang
