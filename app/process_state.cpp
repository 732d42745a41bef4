#include "app/process_state.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace sugang {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t count_open_files() {
  std::error_code unknown;
  std::filesystem::directory_iterator files{"/proc/self/fd", unknown};
  if (unknown) return 0;
  // The iterator's own file is one of them.
  const auto count = std::distance(begin(files), end(files));
  return static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(count - 1, 0));
}

/// Field 22 of /proc/self/stat, in clock ticks since the boot, whose time is in /proc/stat.
double read_start_seconds() {
  std::ifstream self{"/proc/self/stat"}, machine{"/proc/stat"};
  std::string line;
  std::getline(self, line);
  // The second field is the program's name in parentheses, which may hold blanks.
  std::istringstream rest{line.substr(std::min(line.rfind(')') + 1, line.size()))};
  std::string field;
  for (int number = 3; number <= 22 && rest >> field; ++number) {
  }
  const double ticks = std::strtod(field.c_str(), nullptr);
  for (std::string name; machine >> name; std::getline(machine, line))
    if (double boot = 0; name == "btime" && machine >> boot)
      return boot + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return 0;
}

}  // namespace

ProcessState read_process_state() {
  ProcessState state;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) state.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  std::ifstream memory{"/proc/self/statm"};
  std::uint64_t total_pages = 0, resident_pages = 0;
  if (memory >> total_pages >> resident_pages)
    state.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  state.open_files = count_open_files();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) state.open_files_max = limit.rlim_cur;
  static const double start_seconds = read_start_seconds();
  state.start_seconds = start_seconds;
  return state;
}

}  // namespace sugang
