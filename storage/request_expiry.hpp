#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "domain/record.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

/// How long the answer to a keyed request is kept at least.
inline constexpr Milliseconds requests_kept{24 * 3'600'000};

/// Finds answers to keyed requests that are older than `before`, one bounded step at a time, from the index key
/// `from` on ("": the beginning). A step examines `entries_max` index entries and a seek for each partition passed,
/// and gives the entries to erase to `erase`. Damage at a key is given to `found`; the rest of its partition is
/// passed over. Returns where to continue; nothing: all were examined.
std::optional<std::string> find_expired_requests(
    const KeyValueStore& store, TimePoint before, std::string from, std::size_t entries_max,
    const std::function<void(WriteSet)>& erase,
    const std::function<void(const DamagedEntry&, const std::string&)>& found);

}  // namespace sugang
