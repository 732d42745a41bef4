#pragma once

#include <optional>
#include <string>

namespace sugang {

/// Why no file could be written into the folder `path`, or into the nearest folder above it where it does not exist
/// yet and would be created; nothing if one could. Creates nothing.
std::optional<std::string> why_not_writable(const std::string& path);

/// Keeps a data folder to one process. The kernel takes the lock back at the end of the process, however that ends.
class DataFolderLock {
 public:
  /// Creates the folder where it does not exist. Throws std::runtime_error: another process has the folder;
  /// std::system_error: the lock file `<path>/lock` cannot be opened.
  explicit DataFolderLock(const std::string& path);
  ~DataFolderLock();
  DataFolderLock(const DataFolderLock&) = delete;
  DataFolderLock& operator=(const DataFolderLock&) = delete;

 private:
  int file_;
};

/// A folder with a name of its own below the system's folder for temporary files, removed with all that is in it at
/// the end of its life.
class TemporaryFolder {
 public:
  /// Throws std::system_error.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sugang
