#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/key_value_store.hpp"
#include "views/listing.hpp"

namespace sugang {

/// What one call to a list may cost.
struct ListBounds {
  std::size_t page_rows_max = 200;
  /// Rows looked at; a list whose filter passes few of them ends its page early, with `next`.
  std::size_t examined_rows_max = 2'000;
};

/// The first key that sorts after every key with this prefix; empty when there is none.
inline std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
  return prefix;
}

/// Up to `count` entries whose keys begin with `prefix` and stand after `after` (both without the store's other
/// keys); each key comes without the prefix.
inline std::vector<std::pair<std::string, std::string>> read_entries(const KeyValueStore& store, std::uint8_t space,
                                                                     const std::string& prefix,
                                                                     const std::optional<std::string>& after,
                                                                     std::size_t count) {
  std::vector<std::pair<std::string, std::string>> entries;
  const auto from = after ? prefix + *after + '\0' : prefix;
  store.scan(space, from, after_prefix(prefix), [&](std::string_view key, std::string_view value) {
    entries.emplace_back(key.substr(prefix.size()), value);
    return entries.size() < count;
  });
  return entries;
}

/// A page of the rows under `prefix`, after the key `after`. `row_of(key, value)` gives the row, or nothing when
/// the filter drops it. `next` in the answer is a key, not yet a cursor. Rows are made outside of the store's scan,
/// so `row_of` may read the store.
template <class Row, class RowOf>
Listing<Row> list_rows(const KeyValueStore& store, std::uint8_t space, const std::string& prefix,
                       std::optional<std::string> after, std::size_t limit, const ListBounds& bounds,
                       RowOf&& row_of) {
  limit = std::clamp<std::size_t>(limit, 1, bounds.page_rows_max);
  const auto examined_max = std::max(bounds.examined_rows_max, limit + 1);
  Listing<Row> page;
  std::string last_item;
  for (std::size_t examined = 0; examined < examined_max;) {
    const auto count = std::min(limit + 1, examined_max - examined);
    const auto entries = read_entries(store, space, prefix, after, count);
    for (const auto& [key, value] : entries) {
      after = key;
      auto row = row_of(std::string_view{key}, std::string_view{value});
      if (!row) continue;
      // One row more than fits shows that there is a next page.
      if (page.items.size() == limit) {
        page.next = last_item;
        return page;
      }
      page.items.push_back(std::move(*row));
      last_item = key;
    }
    if (entries.size() < count) return page;
    examined += entries.size();
  }
  page.next = after;
  return page;
}

}  // namespace sugang
