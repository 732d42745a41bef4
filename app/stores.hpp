#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/rocks_store.hpp"

namespace sugang {

// The stores beside the journal, and what is done when they are damaged.

/// Rows are derived: a damaged folder of them costs the time to fold the journal again, and nothing else.
std::unique_ptr<RocksStore> open_rows(const std::string& folder, const RocksOptions& options);
/// No store is open on the folder.
std::unique_ptr<RocksStore> begin_rows_anew(const std::string& folder, const RocksOptions& options,
                                            const std::string& why);

/// Which calls are pending stands nowhere else, so a damaged store is set aside and kept; an empty one takes its
/// place.
std::unique_ptr<RocksStore> open_webhooks(const std::string& folder, const RocksOptions& options);
/// A read met damage: the next open drops the rows, or sets the webhooks aside.
void mark_damaged(const std::string& folder, const std::string& why);

/// What is paused, what was set aside and an import under way stand nowhere else either, and half of an import must
/// not be served: only an operator can decide to do without. Reads all of it; throws JournalDamaged with what
/// to do.
std::unique_ptr<RocksStore> open_operations(const std::string& folder, const std::vector<RocksSpace>& spaces,
                                            const RocksOptions& options);

}  // namespace sugang
