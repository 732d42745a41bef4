#include "consumers/set_aside_store.hpp"

#include <utility>

#include "storage/bytes.hpp"
#include "storage/field_codec.hpp"
#include "views/paging.hpp"

namespace sugang {
namespace {

struct Row {
  SetAside entry;
  static void fields(auto& self, auto&& field) {
    auto& entry = self.entry;
    field("last", entry.last);
    field("at", entry.at);
    field("attempts", entry.attempts);
    field("error", entry.error);
  }
};

/// position (8), consumer.
std::string key_of(const SetAside& entry) { return be_bytes(entry.first) + entry.consumer; }

SetAside entry_of(std::string_view key, std::string_view value) {
  try {
    CborReader in{value};
    Row row;
    read_value(in, row);
    ByteReader from{key};
    row.entry.first = from.be<Position>();
    row.entry.consumer = key.substr(sizeof(Position));
    return std::move(row.entry);
  } catch (const DecodeError& error) {
    throw StorageError(std::string{"an entry of what was set aside can't be read: "} + error.what());
  }
}

}  // namespace

SetAsideStore::SetAsideStore(KeyValueStore& store, std::uint8_t space, std::size_t entries_max)
    : store_(store), space_(space), entries_max_(entries_max) {
  std::size_t count = 0;
  store_.scan(space_, {}, {}, [&](std::string_view, std::string_view) { return ++count > 0; });
  count_ = count;
}

bool SetAsideStore::has(const std::string& key) const {
  try {
    return store_.get(space_, key).has_value();
  } catch (const StorageError&) {
    return false;
  }
}

/// Nothing, too, when it can't be read: then it stays.
std::optional<std::string> SetAsideStore::oldest() const {
  try {
    auto entries = read_entries(store_, space_, {}, std::nullopt, 1);
    return entries.empty() ? std::nullopt : std::optional{std::move(entries.front().first)};
  } catch (const StorageError&) {
    return std::nullopt;
  }
}

void SetAsideStore::put(const SetAside& entry) {
  auto key = key_of(entry);
  if (has(key)) return;
  WriteSet changes;
  std::size_t count = count_ + 1;
  if (count > entries_max_)
    if (auto first = oldest()) {
      changes.erase(space_, *std::move(first));
      --count;
    }
  std::string bytes;
  CborWriter out{bytes};
  write_value(out, Row{entry});
  changes.put(space_, std::move(key), std::move(bytes));
  store_.write(changes, Sync::yes);
  count_ = count;
}

ListResult<SetAside> SetAsideStore::list(const Page& page) const {
  auto row_of = [](std::string_view key, std::string_view value) { return std::optional{entry_of(key, value)}; };
  return list_page<SetAside>("set-aside", page, {}, [&](KeyPage wanted) {
    return list_rows<SetAside>(store_, space_, {}, std::move(wanted), row_of);
  });
}

}  // namespace sugang
