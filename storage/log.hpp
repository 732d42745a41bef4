#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "storage/head_file.hpp"
#include "storage/log_format.hpp"
#include "storage/segment_files.hpp"

namespace sugang {

/// Up to where a reader has read: the end of the frame that it read last, and where that frame ends.
struct LogCursor {
  LogEnd end;
  std::uint64_t segment = 1;
  std::uint64_t offset = SegmentFiles::block_bytes;
  bool operator==(const LogCursor&) const = default;
};

/// Frames in one order, in segments that are allocated and written once ahead of use: a frame is one durable write
/// over blocks that there are. No block of an acknowledged frame is written again, and a segment never changes once
/// the next has begun.
///
/// One thread appends; any may read. The newest segment is read from memory, and never from the file that is being
/// written.
class Log {
 public:
  struct Limits {
    /// Each segment is twice as large as the one before, from `min` to `max`. A frame fits into the smallest.
    std::uint64_t segment_bytes_min = 8ULL << 20;
    std::uint64_t segment_bytes_max = 64ULL << 20;
    /// The next segment is made by a thread of its own; otherwise when it is needed.
    bool prepares_ahead = true;
  };

  /// Recovers the end. A last frame that is not whole is passed over, unless `head` has it as acknowledged. Throws
  /// JournalDamaged when what was acknowledged is missing or does not verify, naming position and file; and
  /// StorageError.
  Log(SegmentFiles& files, HeadFile& head, Limits limits);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// One frame of so many entries, one at least, at the next positions. Durable on return. Throws StorageError;
  /// then the log takes nothing more.
  void append(std::string_view payload, std::uint32_t entries);
  std::size_t payload_bytes_max() const;
  /// Behind the last frame. On the thread that appends.
  const LogCursor& end() const { return end_; }

  // From any thread.

  /// Visits the frames behind the cursor, which moves along, in order to the end of the log. False: the cursor is
  /// of another log, or of another past of this one; nothing is visited. Throws JournalDamaged at a frame that does
  /// not verify, and StorageError.
  using Visit = std::function<void(const LogFrame&)>;
  bool read(LogCursor& cursor, const Visit& visit) const;
  /// Reads every sealed segment from the disk. Throws JournalDamaged at the first fault.
  void verify(const std::function<void(std::uint64_t position)>& progress = {}) const;
  /// The number of segments that have begun; all but the last never change.
  std::uint64_t segments() const;

 private:
  struct Open;

  std::uint64_t bytes_of(std::uint64_t number) const;
  void recover();
  void read_headers(std::uint64_t files);
  std::uint64_t missing_in(std::uint64_t files) const;
  void erase_broken(std::uint64_t files);
  void load(std::uint64_t number, const std::optional<Head>& acknowledged);
  void refuse_frames_beyond(std::string_view bytes, std::uint64_t number) const;
  void begin_segment();
  void prepare(std::uint64_t number);
  template <class BytesAt, class AtEnd>
  bool read_frames(LogCursor& cursor, BytesAt bytes_at, AtEnd at_end, const Visit& visit) const;
  [[noreturn]] void damaged(std::uint64_t position, std::uint64_t number, const std::string& what) const;
  std::string whole(std::uint64_t number) const;

  SegmentFiles& files_;
  HeadFile& head_;
  const Limits limits_;
  std::uint64_t id_ = 0;
  LogCursor end_;
  bool failed_ = false;
  mutable std::mutex mutex_;
  /// Of the segments that have begun.
  std::vector<SegmentHeader> headers_;
  /// The newest; none before the first append.
  std::shared_ptr<Open> open_;
  std::uint64_t prepared_number_ = 0;
  std::future<void> prepared_;
};

}  // namespace sugang
