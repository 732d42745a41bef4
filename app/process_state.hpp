#pragma once

#include <cstdint>
#include <string>

namespace sugang {

/// This process as the kernel accounts for it (proc(5)). What cannot be read is 0.
struct ProcessState {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t open_files_max = 0;
  /// Since the epoch.
  double start_seconds = 0;
};

ProcessState read_process_state();

}  // namespace sugang
