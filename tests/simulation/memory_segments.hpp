#pragma once

#include <map>
#include <string>

#include "storage/segment_files.hpp"
#include "tests/simulation/dice.hpp"

namespace sugang {

/// Segments in memory. A write can be broken off: then each of its sectors is as it was (so a sector of an earlier
/// write that was broken off stays), or written, or written up to some byte; or all of them are written up to some
/// byte. What a process wrote stays visible after its end; a power cut takes what was not durable.
class MemorySegments final : public SegmentFiles {
 public:
  explicit MemorySegments(std::uint64_t seed) : dice_(seed) {}

  std::vector<std::uint64_t> list() const override;
  std::uint64_t size(std::uint64_t number) const override { return segments_.at(number).visible.size(); }
  void create(std::uint64_t number, std::uint64_t bytes) override;
  void write(std::uint64_t number, std::uint64_t offset, std::string_view bytes) override;
  void sync(std::uint64_t number) override;
  void read(std::uint64_t number, std::uint64_t offset, char* to, std::size_t bytes) const override;
  std::string name(std::uint64_t number) const override { return "segment " + std::to_string(number); }

  /// The write after so many from now on is broken off, and throws StorageError.
  void break_write_after(std::uint64_t writes) { writes_left_ = static_cast<std::int64_t>(writes); }
  /// The next create throws StorageError.
  void fill_disk() { disk_is_full_ = true; }
  void cut_power();
  std::uint64_t writes() const { return writes_; }
  /// What reads see, to be damaged.
  std::string& bytes_of(std::uint64_t number);
  void remove(std::uint64_t number) { segments_.erase(number); }

 private:
  struct Segment {
    std::string visible;
    std::string durable;
  };

  void break_off(Segment& segment, std::uint64_t offset, std::string_view bytes);

  Dice dice_;
  std::map<std::uint64_t, Segment> segments_;
  std::uint64_t writes_ = 0;
  std::int64_t writes_left_ = -1;
  bool disk_is_full_ = false;
};

}  // namespace sugang
