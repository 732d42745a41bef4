#include "actors/import_staging.hpp"

#include <span>
#include <string>

#include "storage/bytes.hpp"
#include "storage/codec.hpp"
#include "storage/field_codec.hpp"

namespace sugang {
namespace {

constexpr std::string_view decision_key = "decided";
constexpr std::string_view chunk_prefix = "chunk:";

/// An import with the two halves of its key.
struct DecisionRow {
  DecidedImport import;
  std::optional<RequestId> request;
  std::optional<Uid> body;
  static void fields(auto& self, auto&& field) {
    field("rows", self.import.rows);
    field("chunks", self.import.chunks);
    field("request", self.request);
    field("requestBody", self.body);
    field("status", self.import.answer.status);
    field("contentType", self.import.answer.content_type);
    field("location", self.import.answer.location);
    field("answer", self.import.answer.body);
  }
};

std::string key_of(std::size_t chunk) {
  std::string key{chunk_prefix};
  put_be(key, static_cast<std::uint32_t>(chunk));
  return key;
}

[[noreturn]] void damaged(const std::string& why) { throw StorageError("a staged import can't be read: " + why); }

}  // namespace

void ImportStaging::put(std::size_t chunk, const std::vector<Record>& records) {
  std::string bytes, record;
  for (std::span<const Record> left = records; !left.empty();) {
    record.clear();
    left = left.subspan(encode_events(left, record));
    put_varint(bytes, record.size());
    bytes += record;
  }
  WriteSet changes;
  changes.put(space_, key_of(chunk), std::move(bytes));
  store_.write(changes, Sync::no);
}

void ImportStaging::decide(const DecidedImport& import) {
  DecisionRow row{.import = import};
  if (import.key) {
    row.request = import.key->id;
    row.body = import.key->body;
  }
  std::string bytes;
  CborWriter out{bytes};
  write_value(out, row);
  WriteSet changes;
  changes.put(space_, std::string{decision_key}, std::move(bytes));
  store_.write(changes, Sync::yes);
}

std::optional<DecidedImport> ImportStaging::decided() const {
  const auto bytes = store_.get(space_, decision_key);
  if (!bytes) return std::nullopt;
  DecisionRow row;
  try {
    CborReader in{*bytes};
    read_value(in, row);
  } catch (const DecodeError& error) {
    damaged(error.what());
  }
  if (row.request && row.body) row.import.key = RequestKey{*row.request, *row.body};
  return std::move(row.import);
}

std::vector<Record> ImportStaging::chunk(std::size_t chunk) const {
  const auto bytes = store_.get(space_, key_of(chunk));
  if (!bytes) damaged("chunk " + std::to_string(chunk) + " is missing");
  std::vector<Record> records;
  ByteReader in{*bytes};
  try {
    while (in.ok() && !in.at_end()) decode_events(in.take(in.varint()), records);
  } catch (const DecodeError& error) {
    damaged(error.what());
  }
  if (!in.ok()) damaged("chunk " + std::to_string(chunk) + " was cut");
  return records;
}

void ImportStaging::clear() {
  // The decision first: chunks that nothing decides are nothing.
  WriteSet changes;
  changes.erase(space_, std::string{decision_key});
  store_.write(changes, Sync::no);
  std::string end{chunk_prefix};
  ++end.back();
  store_.erase_range(space_, chunk_prefix, end);
}

}  // namespace sugang
