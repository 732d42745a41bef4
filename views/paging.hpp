#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/key_value_store.hpp"
#include "views/cursor.hpp"
#include "views/listing.hpp"

namespace sugang {

/// What one call to a list may cost.
struct ListBounds {
  std::size_t page_rows_max = 200;
  /// Rows looked at; a list whose filter passes few of them ends its page early, with `next`.
  std::size_t examined_rows_max = 2'000;
};

/// A page whose cursor has been read.
struct KeyPage {
  /// The key of the row before its first.
  std::optional<std::string> after;
  std::size_t limit = 0;
  ListBounds bounds;
};

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

/// The rows under `prefix` that are on the page. `row_of(key, value)` gives the row, or nothing when the filter
/// drops it. `next` in the answer is a key, not yet a cursor. Rows are made outside of the store's scan, so
/// `row_of` may read the store.
template <class Row, class RowOf>
Listing<Row> list_rows(const KeyValueStore& store, std::uint8_t space, const std::string& prefix, KeyPage wanted,
                       RowOf&& row_of) {
  const auto limit = std::clamp<std::size_t>(wanted.limit, 1, wanted.bounds.page_rows_max);
  const auto examined_max = std::max(wanted.bounds.examined_rows_max, limit + 1);
  auto& after = wanted.after;
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

/// Reads the page's cursor, which is good for `scope` alone, lists with the key in it, and makes the next cursor.
template <class Row, class List>
ListResult<Row> list_page(std::string_view scope, const Page& page, const ListBounds& bounds, List&& list) {
  ListResult<Row> result;
  KeyPage wanted{.after = std::nullopt, .limit = page.limit, .bounds = bounds};
  if (!page.cursor.empty() && !(wanted.after = read_cursor(scope, page.cursor))) {
    result.cursor_invalid = true;
    return result;
  }
  result.listing = list(std::move(wanted));
  if (auto& next = result.listing.next) next = make_cursor(scope, *next);
  return result;
}

}  // namespace sugang
