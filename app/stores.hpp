#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/descriptors.hpp"
#include "storage/rocks_store.hpp"

namespace sugang {

// The stores in the data folder, and what is done when they are damaged.

/// The folder of one; makes it.
std::string store_folder(const std::string& data, const char* name);
RocksOptions store_options(const DescriptorShares& shares);
/// Of one with few entries, seldom read.
RocksOptions small_store_options(const DescriptorShares& shares);

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

/// The index of the gateway's ledger is damaged, and built again from the log.
void log_index_anew(const std::string& why);

// Key spaces of the operations' store; each has one writer.
inline constexpr std::uint8_t paused_space = 0;
inline constexpr std::uint8_t set_aside_space = 1;
inline constexpr std::uint8_t import_space = 2;

/// What is paused, what was set aside and an import under way stand nowhere else either, and half of an import must
/// not be served: only an operator can decide to do without. Reads all of it; throws JournalDamaged with what
/// to do.
std::unique_ptr<RocksStore> open_operations(const std::string& folder, const RocksOptions& options);

}  // namespace sugang
