#include "storage/segment_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "storage/durable_folder.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {
namespace {

constexpr std::string_view suffix = ".log";
constexpr std::size_t digits = 10;
/// Written to a new segment at a time.
constexpr std::size_t zeros_bytes = std::size_t{1} << 20;

[[noreturn]] void fail(const char* what, const std::filesystem::path& path, int error) {
  throw StorageError(std::string{what} + " " + path.string() + ": " + std::strerror(error));
}

/// All of it, though the system may take it in parts. The error; 0: none.
int write_whole(int descriptor, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto count = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return ENOSPC;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return 0;
}

std::uint64_t number_of(const std::string& file) {
  std::uint64_t number = 0;
  if (file.size() != digits + suffix.size() || !file.ends_with(suffix)) return 0;
  const auto end = file.data() + digits;
  const auto parsed = std::from_chars(file.data(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end ? number : 0;
}

}  // namespace

SegmentFolder::SegmentFolder(std::filesystem::path folder) : folder_(std::move(folder)) { make_folder(folder_); }

SegmentFolder::~SegmentFolder() {
  if (writer_ >= 0) ::close(writer_);
  for (const auto& [number, descriptor] : readers_) ::close(descriptor);
}

std::filesystem::path SegmentFolder::path_of(std::uint64_t number) const {
  const auto text = std::to_string(number);
  return folder_ / (std::string(digits - std::min(digits, text.size()), '0') + text + std::string{suffix});
}

std::string SegmentFolder::name(std::uint64_t number) const { return path_of(number).string(); }

std::vector<std::uint64_t> SegmentFolder::list() const {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{folder_, error})
    if (const auto number = number_of(entry.path().filename().string())) numbers.push_back(number);
  if (error) throw StorageError("cannot list the folder " + folder_.string() + ": " + error.message());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::uint64_t SegmentFolder::size(std::uint64_t number) const {
  struct stat status {};
  if (::fstat(reader(number), &status) != 0) fail("cannot read", path_of(number), errno);
  return static_cast<std::uint64_t>(status.st_size);
}

/// Under another name first. Zeros are written, since blocks that are only allocated cost a write of metadata when
/// they are first used.
void SegmentFolder::create(std::uint64_t number, std::uint64_t bytes) {
  const auto path = path_of(number);
  auto unfinished = path;
  unfinished += ".new";
  const int descriptor = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (descriptor < 0) fail("cannot create", unfinished, errno);
  int error = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
  const std::string zeros(std::min<std::uint64_t>(zeros_bytes, bytes), '\0');
  for (std::uint64_t offset = 0; error == 0 && offset < bytes; offset += zeros.size())
    error = write_whole(descriptor, std::string_view{zeros}.substr(0, bytes - offset), offset);
  if (error == 0 && ::fsync(descriptor) != 0) error = errno;
  // Read again only when the process is started anew.
  if (error == 0) ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  ::close(descriptor);
  if (error == 0 && ::rename(unfinished.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(unfinished.c_str());
    fail("cannot create", path, error);
  }
  sync_folder(folder_);
}

int SegmentFolder::writer(std::uint64_t number) {
  if (writer_ >= 0 && writes_to_ == number) return writer_;
  if (writer_ >= 0) ::close(writer_);
  const auto path = path_of(number);
  constexpr int flags = O_WRONLY | O_DSYNC | O_CLOEXEC;
  writer_ = ::open(path.c_str(), flags | O_DIRECT);
  if (writer_ < 0 && errno == EINVAL) writer_ = ::open(path.c_str(), flags);
  if (writer_ < 0) fail("cannot open", path, errno);
  writes_to_ = number;
  return writer_;
}

void SegmentFolder::write(std::uint64_t number, std::uint64_t offset, std::string_view bytes) {
  if (const int error = write_whole(writer(number), bytes, offset); error != 0)
    fail("cannot write", path_of(number), error);
}

void SegmentFolder::sync(std::uint64_t number) {
  if (::fdatasync(writer(number)) != 0) fail("cannot make durable", path_of(number), errno);
}

int SegmentFolder::reader(std::uint64_t number) const {
  const std::lock_guard lock{readers_mutex_};
  const auto [it, is_new] = readers_.try_emplace(number, -1);
  if (is_new) it->second = ::open(path_of(number).c_str(), O_RDONLY | O_CLOEXEC);
  if (it->second >= 0) return it->second;
  const int error = errno;
  readers_.erase(it);
  fail("cannot open", path_of(number), error);
}

void SegmentFolder::read(std::uint64_t number, std::uint64_t offset, char* to, std::size_t bytes) const {
  const int descriptor = reader(number);
  while (bytes > 0) {
    const auto count = ::pread(descriptor, to, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EIO) throw DamagedEntry("the disk can't read " + name(number));
    if (count < 0) fail("cannot read", path_of(number), errno);
    if (count == 0) throw DamagedEntry(name(number) + " is cut short");
    to += count;
    offset += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::size_t>(count);
  }
}

}  // namespace sugang
