#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/segment_files.hpp"

namespace sugang {

// The bytes of a log's segments. The layout stands in docs/log-format.md.

/// Where a log ends: at this position, with this value of the chain.
struct LogEnd {
  std::uint64_t position = 0;
  std::uint64_t chain = 0;
  bool operator==(const LogEnd&) const = default;
};

/// The first block of a segment; written with its first frame.
struct SegmentHeader {
  std::uint64_t number = 0;
  /// Random, of the log: no block of another log passes for one of this.
  std::uint64_t log = 0;
  /// Of the log before this segment.
  LogEnd before;
};

/// A whole block.
std::string encode(const SegmentHeader& header);
/// Nothing: the block holds no header, or one that does not verify. Throws StorageError for one of another version.
std::optional<SegmentHeader> decode_header(std::string_view block, const std::string& file);

/// What one append wrote: entries at consecutive positions, in one payload.
struct LogFrame {
  static constexpr std::size_t header_bytes = 40;

  /// Of the first entry.
  std::uint64_t first = 0;
  std::uint32_t entries = 0;
  std::uint64_t previous_chain = 0;
  /// Its checksum, which covers the chain before.
  std::uint64_t chain = 0;
  std::string_view payload;

  LogEnd end() const { return {first + entries - 1, chain}; }
  bool follows(const LogEnd& before) const {
    return first == before.position + 1 && previous_chain == before.chain;
  }
  /// What it takes of a segment: whole blocks.
  static std::size_t blocks_bytes(std::size_t payload_bytes);
};

/// Writes the frame to `to`, as whole blocks, and sets its chain.
void encode_to(char* to, LogFrame& frame, std::uint64_t log);
/// The frame that `bytes` begin with. Nothing: none that is whole and verifies.
std::optional<LogFrame> decode_frame(std::string_view bytes, std::uint64_t log);
/// What the frame that `bytes` begin with takes, by its header alone, which may be damaged. 0: no header.
std::size_t frame_bytes(std::string_view bytes);

}  // namespace sugang
