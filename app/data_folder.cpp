#include "app/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "storage/durable_folder.hpp"

namespace sugang {
namespace {

namespace fs = std::filesystem;

/// `path`, or the nearest above it that exists.
fs::path nearest_existing(fs::path path) {
  std::error_code unknown;
  path = fs::absolute(path, unknown);
  while (!fs::exists(fs::symlink_status(path, unknown)) && path.has_relative_path()) path = path.parent_path();
  return path;
}

}  // namespace

std::optional<std::string> why_not_writable(const std::string& path) {
  const auto folder = nearest_existing(path);
  // A file without a name asks the file system itself, also as root and on a read-only mount, and leaves nothing.
  const int file = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
    return std::nullopt;
  }
  int error = errno;
  const bool has_no_such_files = error == EOPNOTSUPP || error == EISDIR;
  if (has_no_such_files && ::access(folder.c_str(), W_OK | X_OK) == 0) return std::nullopt;
  if (has_no_such_files) error = errno;
  return "cannot write into " + folder.string() + ": " + std::strerror(error);
}

DataFolderLock::DataFolderLock(const std::string& path) : file_(-1) {
  make_folder(path);
  const auto name = (fs::path{path} / "lock").string();
  file_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), name);
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(file_);
  if (error == EWOULDBLOCK) throw std::runtime_error("another sugangd uses this folder: " + path);
  throw std::system_error(error, std::generic_category(), name);
}

DataFolderLock::~DataFolderLock() { ::close(file_); }

TemporaryFolder::TemporaryFolder() : path_((fs::temp_directory_path() / "sugang-demo-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace sugang
