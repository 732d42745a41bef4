#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace sugang {

/// While it lives, reads of files at an offset (pread) fail with `error`, where the file's path ends with `ending`:
/// the next `count` of them, or all. `before` runs before the first. One at a time; from any thread.
class FailingReads {
 public:
  static constexpr unsigned all = ~0U;
  FailingReads(std::string ending, int error, unsigned count = all, std::function<void()> before = {});
  ~FailingReads();
  FailingReads(const FailingReads&) = delete;
  FailingReads& operator=(const FailingReads&) = delete;

  /// How many have failed.
  static unsigned failed();
};

}  // namespace sugang
