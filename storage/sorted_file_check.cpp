#include "storage/sorted_file_check.hpp"

#include <xxhash.h>

#include <filesystem>
#include <fstream>

#include "storage/bytes.hpp"

namespace sugang {
namespace {

// RocksDB's block-based table, format 5 (its table/format.h): blocks, each with a type byte and a checksum behind
// it, and a footer of checksum type, handles of the metaindex and the index, padding, version and magic number.
constexpr std::size_t footer_bytes = 53;
constexpr std::size_t version_offset = 41;
constexpr std::uint64_t magic_number = 0x88e241b785f4cff7ULL;
constexpr std::uint8_t checksum_xxhash64 = 3;
constexpr std::size_t type_bytes = 1;
constexpr std::size_t checksum_bytes = 4;
/// Properties are a kilobyte or two; a handle with far more is spoiled.
constexpr std::uint64_t meta_block_bytes_max = 1 << 20;
constexpr std::string_view properties_name = "rocksdb.properties";

struct Handle {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

Handle take_handle(ByteReader& in) {
  const auto offset = in.varint();
  return {offset, in.varint()};
}

/// The block's content, if it agrees with its checksum.
std::optional<std::string> read_block(std::ifstream& file, Handle handle) {
  if (handle.size > meta_block_bytes_max) return std::nullopt;
  std::string block(handle.size + type_bytes + checksum_bytes, '\0');
  file.seekg(static_cast<std::streamoff>(handle.offset));
  if (!file.read(block.data(), static_cast<std::streamsize>(block.size()))) return std::nullopt;
  const auto covered = handle.size + type_bytes;
  const auto checksum = ByteReader{std::string_view{block}.substr(covered)}.le<std::uint32_t>();
  if (checksum != static_cast<std::uint32_t>(XXH64(block.data(), covered, 0))) return std::nullopt;
  block.resize(handle.size);
  return block;
}

/// Where the metaindex, whose keys share prefixes with the ones before, has the properties.
std::optional<Handle> find_properties(std::string_view metaindex) {
  if (metaindex.size() < sizeof(std::uint32_t)) return std::nullopt;
  const auto restarts =
      ByteReader{metaindex.substr(metaindex.size() - sizeof(std::uint32_t))}.le<std::uint32_t>() & 0x7fffffffu;
  const auto tail = (std::uint64_t{restarts} + 1) * sizeof(std::uint32_t);
  if (tail > metaindex.size()) return std::nullopt;
  ByteReader in{metaindex.substr(0, metaindex.size() - tail)};
  std::string key;
  while (in.ok() && !in.at_end()) {
    const auto shared = in.varint();
    const auto unshared = in.varint();
    const auto value_bytes = in.varint();
    if (shared > key.size()) return std::nullopt;
    key.resize(shared);
    key.append(in.take(unshared));
    ByteReader value{in.take(value_bytes)};
    if (key == properties_name) return take_handle(value);
  }
  return std::nullopt;
}

/// Files of another format or kind are left to RocksDB.
bool has_sound_properties(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::string footer(footer_bytes, '\0');
  file.seekg(-static_cast<std::streamoff>(footer_bytes), std::ios::end);
  if (!file.read(footer.data(), footer_bytes)) return true;
  ByteReader ending{std::string_view{footer}.substr(version_offset)};
  const auto version = ending.le<std::uint32_t>();
  if (version != sorted_file_format || ending.le<std::uint64_t>() != magic_number) return true;
  ByteReader in{footer};
  if (in.le<std::uint8_t>() != checksum_xxhash64) return true;
  const auto metaindex = read_block(file, take_handle(in));
  if (!metaindex) return false;
  const auto properties = find_properties(*metaindex);
  return !properties || read_block(file, *properties).has_value();
}

}  // namespace

std::optional<std::string> find_spoiled_properties(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".sst" && !has_sound_properties(it->path())) return it->path().string();
  return std::nullopt;
}

}  // namespace sugang
