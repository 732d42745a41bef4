#pragma once

#include <optional>
#include <string>

namespace sugang {

/// The format and the checksum that a RocksStore writes its sorted files with; the check below reads no other.
inline constexpr unsigned sorted_file_format = 5;

/// The first sorted file in `folder` whose properties do not agree with their checksum, or nothing. RocksDB parses
/// that block before it verifies it, and a spoiled one can meet an assertion and end the process without a message.
/// Every other block it verifies first.
std::optional<std::string> find_spoiled_properties(const std::string& folder);

}  // namespace sugang
