#pragma once

#include <string>

#include "storage/head_file.hpp"

namespace sugang {

/// The head in a file of two slots, written in turn, each in a sector of its own: a write that is torn spoils one
/// slot, and the other still holds the head before. Written without fsync, after the batch that it names is
/// durable: a kill of the process leaves it exact, a power cut may leave it behind, and nothing leaves it ahead.
class TwoSlotHeadFile final : public HeadFile {
 public:
  /// Nothing is created before the first store().
  explicit TwoSlotHeadFile(std::string path);
  ~TwoSlotHeadFile() override;
  TwoSlotHeadFile(const TwoSlotHeadFile&) = delete;
  TwoSlotHeadFile& operator=(const TwoSlotHeadFile&) = delete;

  std::optional<Head> load() override;
  /// Throws StorageError naming the file. From one thread at a time.
  void store(const Head& head) override;
  std::string name() const override { return path_; }

 private:
  void create(const Head& head);
  void open_existing();
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t counter_ = 0;
};

}  // namespace sugang
