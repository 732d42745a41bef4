#include "tests/storage/failing_reads.hpp"

#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <stdexcept>

namespace sugang {
namespace {

std::atomic<bool> fails{false};
std::mutex mutex;
std::string ending_of_path;
int error_number = 0;
unsigned left = 0;
unsigned failures = 0;
std::function<void()> before_first;

bool fails_read(int file) {
  if (!fails.load(std::memory_order_acquire)) return false;
  std::error_code unknown;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), unknown).string();
  std::function<void()> before;
  {
    const std::lock_guard lock{mutex};
    if (left == 0 || !path.ends_with(ending_of_path)) return false;
    if (left != FailingReads::all) --left;
    ++failures;
    before.swap(before_first);
  }
  if (before) before();
  errno = error_number;
  return true;
}

}  // namespace

FailingReads::FailingReads(std::string ending, int error, unsigned count, std::function<void()> before) {
  const std::lock_guard lock{mutex};
  if (fails.exchange(true)) throw std::logic_error("reads fail already");
  ending_of_path = std::move(ending);
  error_number = error;
  left = count;
  failures = 0;
  before_first = std::move(before);
}

FailingReads::~FailingReads() { fails.store(false, std::memory_order_release); }

unsigned FailingReads::failed() {
  const std::lock_guard lock{mutex};
  return failures;
}

}  // namespace sugang

// In front of libc's, by the names under which a library may call it. Not named so here, since headers may have
// inline definitions of them.
extern "C" {
ssize_t pread_or_fail(int file, void* to, size_t size, off_t offset) asm("pread");
ssize_t pread64_or_fail(int file, void* to, size_t size, off_t offset) asm("pread64");

ssize_t pread_or_fail(int file, void* to, size_t size, off_t offset) {
  using Read = ssize_t (*)(int, void*, size_t, off_t);
  static const auto read = reinterpret_cast<Read>(dlsym(RTLD_NEXT, "pread"));
  return sugang::fails_read(file) ? -1 : read(file, to, size, offset);
}
ssize_t pread64_or_fail(int file, void* to, size_t size, off_t offset) {
  return pread_or_fail(file, to, size, offset);
}
}
