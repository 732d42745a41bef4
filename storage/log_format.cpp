#include "storage/log_format.hpp"

#include <xxhash.h>

#include <algorithm>

#include "storage/bytes.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {
namespace {

constexpr std::string_view segment_magic = "SUGLOG";
constexpr std::uint16_t format_version = 1;
constexpr std::size_t header_content_bytes = 48;
constexpr std::uint32_t frame_magic = 0x52464753;  // "SGFR"
/// The checksum covers what stands behind it, to the end of the last block.
constexpr std::size_t checksum_offset = 8;
constexpr std::size_t covered_offset = 16;

std::uint64_t checksum(std::string_view bytes, std::uint64_t log) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), log);
}

}  // namespace

std::string encode(const SegmentHeader& header) {
  std::string block{segment_magic};
  put_le(block, format_version);
  put_le(block, header.number);
  put_le(block, header.log);
  put_le(block, header.before.position);
  put_le(block, header.before.chain);
  put_le(block, std::uint64_t{0});
  put_le(block, checksum(block, header.log));
  block.resize(SegmentFiles::block_bytes);
  return block;
}

std::optional<SegmentHeader> decode_header(std::string_view block, const std::string& file) {
  ByteReader in{block};
  if (in.take(segment_magic.size()) != segment_magic) return std::nullopt;
  const auto version = in.le<std::uint16_t>();
  SegmentHeader header;
  header.number = in.le<std::uint64_t>();
  header.log = in.le<std::uint64_t>();
  header.before.position = in.le<std::uint64_t>();
  header.before.chain = in.le<std::uint64_t>();
  in.take(sizeof(std::uint64_t));
  const auto expected = in.le<std::uint64_t>();
  if (!in.ok() || expected != checksum(block.substr(0, header_content_bytes), header.log)) return std::nullopt;
  if (version != format_version)
    throw StorageError(file + " has version " + std::to_string(version) +
                       " of the format of logs; this program reads " + std::to_string(format_version));
  return header;
}

std::size_t LogFrame::blocks_bytes(std::size_t payload_bytes) {
  constexpr auto block = SegmentFiles::block_bytes;
  return (header_bytes + payload_bytes + block - 1) / block * block;
}

void encode_to(char* to, LogFrame& frame, std::uint64_t log) {
  const auto size = LogFrame::blocks_bytes(frame.payload.size());
  std::string head;
  put_le(head, frame_magic);
  put_le(head, static_cast<std::uint32_t>(frame.payload.size()));
  put_le(head, std::uint64_t{0});
  put_le(head, frame.first);
  put_le(head, frame.entries);
  put_le(head, std::uint32_t{0});
  put_le(head, frame.previous_chain);
  head.copy(to, head.size());
  frame.payload.copy(to + head.size(), frame.payload.size());
  const auto written = head.size() + frame.payload.size();
  std::fill(to + written, to + size, '\0');
  frame.chain = checksum({to + covered_offset, size - covered_offset}, log);
  std::string chain;
  put_le(chain, frame.chain);
  chain.copy(to + checksum_offset, chain.size());
}

std::size_t frame_bytes(std::string_view bytes) {
  ByteReader in{bytes};
  if (in.le<std::uint32_t>() != frame_magic) return 0;
  return LogFrame::blocks_bytes(in.le<std::uint32_t>());
}

std::optional<LogFrame> decode_frame(std::string_view bytes, std::uint64_t log) {
  const auto size = frame_bytes(bytes);
  if (size == 0 || size > bytes.size()) return std::nullopt;
  ByteReader in{bytes};
  in.take(sizeof frame_magic);
  const auto payload_bytes = in.le<std::uint32_t>();
  LogFrame frame;
  frame.chain = in.le<std::uint64_t>();
  frame.first = in.le<std::uint64_t>();
  frame.entries = in.le<std::uint32_t>();
  in.take(sizeof(std::uint32_t));
  frame.previous_chain = in.le<std::uint64_t>();
  frame.payload = in.take(payload_bytes);
  if (frame.entries == 0 || frame.chain != checksum(bytes.substr(covered_offset, size - covered_offset), log))
    return std::nullopt;
  return frame;
}

}  // namespace sugang
