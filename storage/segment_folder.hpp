#pragma once

#include <filesystem>
#include <map>
#include <mutex>

#include "storage/segment_files.hpp"

namespace sugang {

/// The segments of a log as files of a folder: `0000000001.log` and so on. Writes go past the page cache where the
/// file system can do that.
class SegmentFolder final : public SegmentFiles {
 public:
  /// Makes the folder when it is missing.
  explicit SegmentFolder(std::filesystem::path folder);
  ~SegmentFolder() override;
  SegmentFolder(const SegmentFolder&) = delete;
  SegmentFolder& operator=(const SegmentFolder&) = delete;

  std::vector<std::uint64_t> list() const override;
  std::uint64_t size(std::uint64_t number) const override;
  void create(std::uint64_t number, std::uint64_t bytes) override;
  void write(std::uint64_t number, std::uint64_t offset, std::string_view bytes) override;
  void sync(std::uint64_t number) override;
  void read(std::uint64_t number, std::uint64_t offset, char* to, std::size_t bytes) const override;
  std::string name(std::uint64_t number) const override;

 private:
  std::filesystem::path path_of(std::uint64_t number) const;
  int reader(std::uint64_t number) const;
  int writer(std::uint64_t number);

  const std::filesystem::path folder_;
  /// Of the one segment that is written to.
  int writer_ = -1;
  std::uint64_t writes_to_ = 0;
  mutable std::mutex readers_mutex_;
  mutable std::map<std::uint64_t, int> readers_;
};

}  // namespace sugang
