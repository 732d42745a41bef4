#include "storage/durable_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "storage/key_value_store.hpp"

namespace sugang {

void sync_folder(const std::filesystem::path& folder) {
  const auto path = folder.empty() ? std::filesystem::path{"."} : folder;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int fault = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) throw StorageError("cannot make the folder " + path.string() + " durable: " + std::strerror(fault));
}

void make_folder(const std::filesystem::path& folder) {
  if (folder.empty() || std::filesystem::is_directory(folder)) return;
  const auto parent = folder.has_filename() ? folder.parent_path() : folder.parent_path().parent_path();
  if (parent != folder) make_folder(parent);
  std::error_code error;
  const bool is_new = std::filesystem::create_directory(folder, error);
  if (error) throw StorageError("cannot make the folder " + folder.string() + ": " + error.message());
  if (is_new) sync_folder(parent);
}

}  // namespace sugang
