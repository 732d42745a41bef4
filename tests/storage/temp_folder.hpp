#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace sugang {

/// A folder of its own, which goes with the test.
class TempFolder {
 public:
  /// `in_memory`: where the machine has a file system without a disk, for tests that are not about fsync.
  explicit TempFolder(bool in_memory = false) {
    const std::filesystem::path shared_memory = "/dev/shm";
    const auto parent = in_memory && std::filesystem::is_directory(shared_memory)
                            ? shared_memory
                            : std::filesystem::temp_directory_path();
    auto name = (parent / "sugang-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sugang
