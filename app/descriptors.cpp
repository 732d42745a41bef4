#include "app/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace sugang {
namespace {

/// The least that RocksDB honours, and what a small table cache does well with.
constexpr std::uint64_t store_files_min = 20;
constexpr std::uint64_t store_files_max = 512;
/// Of each store: logs, manifest, lock, folders, and the files that flushes and compactions write.
constexpr std::uint64_t store_other_files = 24;
/// Of all that is left for stores and clients, sorted files get this part.
constexpr std::uint64_t sorted_files_part = 4;
/// As many calls as webhooks have out at a time, and their name look-ups.
constexpr std::uint64_t webhook_files = 80;
constexpr std::uint64_t management_connections = 64;
/// Standard streams, event loops, listening sockets, the head file, reports, and connections being refused.
constexpr std::uint64_t other_files = 64;
constexpr std::uint64_t connections_min = 16;

constexpr std::uint64_t fixed =
    store_count * store_other_files + webhook_files + management_connections + other_files;

}  // namespace

std::uint64_t descriptor_limit_min() { return fixed + store_count * store_files_min + connections_min; }

std::optional<DescriptorShares> share_descriptors(std::uint64_t limit, std::uint32_t connections_wanted) {
  if (limit < descriptor_limit_min()) return std::nullopt;
  const auto left = limit - fixed;
  const auto store_files = std::clamp(left / sorted_files_part / store_count, store_files_min, store_files_max);
  const auto connections = std::min<std::uint64_t>(left - store_count * store_files, connections_wanted);
  return DescriptorShares{.limit = limit,
                          .store_files_max = static_cast<std::uint32_t>(store_files),
                          .management_connections_max = management_connections,
                          .connections_max = static_cast<std::uint32_t>(connections)};
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  return limit.rlim_cur;
}

}  // namespace sugang
