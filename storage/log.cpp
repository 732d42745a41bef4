#include "storage/log.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <random>
#include <utility>

#include "storage/journal.hpp"

namespace sugang {
namespace {

constexpr std::uint64_t block_bytes = SegmentFiles::block_bytes;
/// Read from a file at a time.
constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

struct Free {
  void operator()(char* bytes) const { std::free(bytes); }
};
using Blocks = std::unique_ptr<char, Free>;

/// Aligned, so that it may be written past the page cache.
Blocks make_blocks(std::uint64_t bytes) {
  const auto whole = (bytes + block_bytes - 1) / block_bytes * block_bytes;
  Blocks blocks{static_cast<char*>(std::aligned_alloc(block_bytes, whole))};
  if (!blocks) throw std::bad_alloc{};
  return blocks;
}

/// A segment's file from a place on, a chunk at a time.
class SegmentReader {
 public:
  SegmentReader(const SegmentFiles& files, std::uint64_t number)
      : files_(files), number_(number), size_(files.size(number)) {}

  /// Whatever the chunk holds from `offset` on, and all of the frame there, if the file does.
  std::string_view at(std::uint64_t offset) {
    auto bytes = from(offset, std::min<std::uint64_t>(block_bytes, size_ - std::min(size_, offset)));
    if (const auto frame = frame_bytes(bytes); frame > bytes.size() && frame <= size_ - offset)
      bytes = from(offset, frame);
    return bytes;
  }

 private:
  std::string_view from(std::uint64_t offset, std::size_t bytes) {
    if (offset < start_ || offset + bytes > start_ + chunk_.size()) {
      chunk_.resize(std::min<std::uint64_t>(std::max(bytes, chunk_bytes), size_ - offset));
      start_ = offset;
      files_.read(number_, offset, chunk_.data(), chunk_.size());
    }
    return std::string_view{chunk_}.substr(offset - start_);
  }

  const SegmentFiles& files_;
  const std::uint64_t number_;
  const std::uint64_t size_;
  std::uint64_t start_ = 0;
  std::string chunk_;
};

}  // namespace

/// As it is in its file, up to `used`.
struct Log::Open {
  Open(std::uint64_t n, std::uint64_t s) : number(n), size(s), blocks(make_blocks(s)) {}

  std::string_view frames() const { return {blocks.get(), used.load(std::memory_order_acquire)}; }

  const std::uint64_t number;
  const std::uint64_t size;
  const Blocks blocks;
  std::atomic<std::uint64_t> used{block_bytes};
};

Log::Log(SegmentFiles& files, HeadFile& head, Limits limits) : files_(files), head_(head), limits_(limits) {
  recover();
}

Log::~Log() = default;

std::uint64_t Log::bytes_of(std::uint64_t number) const {
  auto bytes = limits_.segment_bytes_min;
  for (std::uint64_t i = 1; i < number && bytes < limits_.segment_bytes_max; ++i) bytes *= 2;
  return std::min(bytes, limits_.segment_bytes_max);
}

std::size_t Log::payload_bytes_max() const {
  return limits_.segment_bytes_min - block_bytes - LogFrame::header_bytes;
}

void Log::damaged(std::uint64_t position, std::uint64_t number, const std::string& what) const {
  const auto file = files_.name(number);
  throw JournalDamaged(
      "journal damaged at position " + std::to_string(position) + ": " + what + " (file " + file + ")", position,
      file, what);
}

void Log::recover() {
  const auto acknowledged = head_.load();
  const auto numbers = files_.list();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] != i + 1) damaged(0, i + 1, "the segment is missing");
  read_headers(numbers.size());
  prepared_number_ = numbers.size() > headers_.size() ? headers_.size() + 1 : 0;
  if (!headers_.empty()) load(headers_.size(), acknowledged);
  for (auto number = headers_.size() + 1; number <= numbers.size(); ++number)
    refuse_frames_beyond(whole(number), number);
  if (acknowledged && acknowledged->position > end_.end.position)
    damaged(end_.end.position + 1, missing_in(numbers.size()),
            "what was acknowledged up to position " + std::to_string(acknowledged->position) + " is missing");
  if (!acknowledged && !headers_.empty())
    damaged(end_.end.position, headers_.size(),
            "up to which position it was acknowledged is unknown: " + head_.name() + " is missing");
  erase_broken(numbers.size());
  // Before the first segment, so that one without a head shows that the head was lost.
  if (!acknowledged) head_.store({});
  if (!headers_.empty() && prepared_number_ == 0) prepare(headers_.size() + 1);
  if (headers_.empty()) id_ = std::random_device{}() | std::uint64_t{std::random_device{}()} << 32;
}

/// What a write that was broken off left behind the end. Under a later one that is broken off, too, it could show
/// as the frame of the first again, though a start has found that frame missing.
void Log::erase_broken(std::uint64_t files) {
  for (auto number = std::max<std::uint64_t>(1, headers_.size()); number <= files; ++number) {
    const bool is_open = number == headers_.size();
    const auto read = is_open ? std::string{} : whole(number);
    const auto bytes = is_open ? std::string_view{open_->blocks.get(), open_->size} : std::string_view{read};
    const auto from = is_open ? end_.offset : 0;
    const auto first = bytes.find_first_not_of('\0', from);
    if (first == std::string_view::npos) continue;
    const auto begin = first / block_bytes * block_bytes;
    const auto end = (bytes.find_last_not_of('\0') / block_bytes + 1) * block_bytes;
    const auto zeros = make_blocks(end - begin);
    std::fill_n(zeros.get(), end - begin, '\0');
    files_.write(number, begin, {zeros.get(), end - begin});
  }
}

/// The segment that the frame behind the end would stand in: the one behind the open one, if anything was written
/// to its beginning.
std::uint64_t Log::missing_in(std::uint64_t files) const {
  const auto open = headers_.size();
  if (files == open) return std::max<std::uint64_t>(1, open);
  const auto bytes = whole(open + 1);
  const bool written = std::any_of(bytes.begin(), bytes.end(), [](char byte) { return byte != 0; });
  return written || open == 0 ? open + 1 : open;
}

/// Of the segments that have begun. Behind the last of them is at most the one that was prepared, or whose first
/// write was cut off.
void Log::read_headers(std::uint64_t files) {
  std::vector<std::optional<SegmentHeader>> found;
  for (std::uint64_t number = 1; number <= files; ++number) {
    std::string block(block_bytes, '\0');
    files_.read(number, 0, block.data(), block.size());
    found.push_back(decode_header(block, files_.name(number)));
  }
  while (!found.empty() && !found.back()) found.pop_back();
  for (const auto& header : found) {
    const auto number = headers_.size() + 1;
    const auto position = headers_.empty() ? 1 : headers_.back().before.position + 1;
    if (!header || header->number != number) damaged(position, number, "the segment's header does not verify");
    if (headers_.empty()) id_ = header->log;
    if (header->log != id_) damaged(position, number, "the segment is of another log");
    headers_.push_back(*header);
  }
}

std::string Log::whole(std::uint64_t number) const {
  std::string bytes(files_.size(number), '\0');
  files_.read(number, 0, bytes.data(), bytes.size());
  return bytes;
}

/// As the open one; the log ends in it.
void Log::load(std::uint64_t number, const std::optional<Head>& acknowledged) {
  // What a process wrote that was killed may not be durable yet.
  files_.sync(number);
  auto open = std::make_shared<Open>(number, files_.size(number));
  files_.read(number, 0, open->blocks.get(), open->size);
  const std::string_view bytes{open->blocks.get(), open->size};
  end_ = {headers_.back().before, number};
  const auto& end = end_.end;
  const auto check = [&] {
    if (acknowledged && acknowledged->position == end.position && acknowledged->chain != end.chain)
      damaged(end.position, number, "it is not what was acknowledged");
  };
  for (check(); end_.offset < bytes.size(); check()) {
    const auto frame = decode_frame(bytes.substr(end_.offset), id_);
    if (!frame || !frame->follows(end)) break;
    end_ = {frame->end(), number, end_.offset + LogFrame::blocks_bytes(frame->payload.size())};
  }
  open->used = end_.offset;
  open_ = std::move(open);
  refuse_frames_beyond(bytes.substr(end_.offset), number);
}

/// A frame is written when the one before it is durable. So behind what does not verify none may stand, but for
/// that one itself.
void Log::refuse_frames_beyond(std::string_view bytes, std::uint64_t number) const {
  for (std::size_t offset = 0; offset + block_bytes <= bytes.size(); offset += block_bytes) {
    const auto frame = decode_frame(bytes.substr(offset), id_);
    if (frame && frame->first > end_.end.position + 1)
      damaged(end_.end.position + 1, number,
              "the frame does not verify, and position " + std::to_string(frame->first) + " stands behind it");
  }
}

std::uint64_t Log::segments() const {
  const std::lock_guard lock{mutex_};
  return headers_.size();
}

void Log::prepare(std::uint64_t number) {
  prepared_number_ = number;
  prepared_ = std::async(limits_.prepares_ahead ? std::launch::async : std::launch::deferred,
                         [this, number] { files_.create(number, bytes_of(number)); });
}

void Log::begin_segment() {
  const auto number = headers_.size() + 1;
  if (prepared_number_ != number) prepare(number);
  if (prepared_.valid()) prepared_.get();
  auto open = std::make_shared<Open>(number, files_.size(number));
  const SegmentHeader header{number, id_, end_.end};
  const auto block = encode(header);
  std::copy(block.begin(), block.end(), open->blocks.get());
  const std::lock_guard lock{mutex_};
  headers_.push_back(header);
  open_ = std::move(open);
  end_ = {end_.end, number};
}

void Log::append(std::string_view payload, std::uint32_t entries) {
  if (failed_) throw StorageError("the log takes nothing more: a write failed");
  const auto size = LogFrame::blocks_bytes(payload.size());
  if (payload.size() > payload_bytes_max()) throw StorageError("a frame is larger than a segment");
  failed_ = true;
  const bool begins = !open_ || end_.offset + size > open_->size;
  if (begins) begin_segment();
  auto& open = *open_;
  LogFrame frame{
      .first = end_.end.position + 1, .entries = entries, .previous_chain = end_.end.chain, .payload = payload};
  encode_to(open.blocks.get() + end_.offset, frame, id_);
  // The header becomes durable with the first frame.
  const auto from = begins ? 0 : end_.offset;
  files_.write(open.number, from, {open.blocks.get() + from, end_.offset + size - from});
  end_ = {frame.end(), open.number, end_.offset + size};
  // Behind the write and never before it: the head may lag, but what it names is durable.
  head_.store({end_.end.position, end_.end.chain});
  open.used.store(end_.offset, std::memory_order_release);
  if (begins) prepare(open.number + 1);
  failed_ = false;
}

bool Log::read(LogCursor& cursor, const Visit& visit) const {
  for (;;) {
    std::shared_ptr<const Open> open;
    std::optional<LogEnd> sealed_at;
    {
      const std::lock_guard lock{mutex_};
      if (cursor.segment > headers_.size()) return headers_.empty() && cursor == LogCursor{};
      if (cursor.segment == headers_.size())
        open = open_;
      else
        sealed_at = headers_[cursor.segment].before;
    }
    if (open) {
      const auto bytes = open->frames();
      if (cursor.offset > bytes.size()) return false;
      return read_frames(
          cursor, [&] { return bytes.substr(cursor.offset); }, [&] { return cursor.offset == bytes.size(); },
          visit);
    }
    SegmentReader reader{files_, cursor.segment};
    if (!read_frames(
            cursor, [&] { return reader.at(cursor.offset); }, [&] { return cursor.end == *sealed_at; }, visit))
      return false;
    cursor = {*sealed_at, cursor.segment + 1};
  }
}

/// To the end of the segment. False: the cursor is not behind a frame of it.
template <class BytesAt, class AtEnd>
bool Log::read_frames(LogCursor& cursor, BytesAt bytes_at, AtEnd at_end, const Visit& visit) const {
  for (bool first = true; !at_end(); first = false) {
    const auto frame = decode_frame(bytes_at(), id_);
    if (!frame || !frame->follows(cursor.end)) {
      // The header of a segment shows that a cursor at its first frame is right.
      const std::lock_guard lock{mutex_};
      if (first && cursor != LogCursor{headers_[cursor.segment - 1].before, cursor.segment}) return false;
      damaged(cursor.end.position + 1, cursor.segment, "the frame does not verify");
    }
    visit(*frame);
    cursor.end = frame->end();
    cursor.offset += LogFrame::blocks_bytes(frame->payload.size());
  }
  return true;
}

void Log::verify(const std::function<void(std::uint64_t position)>& progress) const {
  const auto sealed = segments();
  for (std::uint64_t number = 1; number < sealed; ++number) {
    std::optional<SegmentHeader> header, next;
    {
      const std::lock_guard lock{mutex_};
      header = headers_[number - 1];
      next = headers_[number];
    }
    std::string block(block_bytes, '\0');
    files_.read(number, 0, block.data(), block.size());
    if (encode(*header) != block)
      damaged(header->before.position + 1, number, "the segment's header does not verify");
    LogCursor cursor{header->before, number};
    SegmentReader reader{files_, number};
    read_frames(
        cursor, [&] { return reader.at(cursor.offset); }, [&] { return cursor.end == next->before; },
        [](const LogFrame&) {});
    if (progress) progress(next->before.position);
  }
}

}  // namespace sugang
