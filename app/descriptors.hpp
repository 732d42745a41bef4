#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace sugang {

/// How the files that this process may have open are shared out: a crowd of connections takes none from the disk.
struct DescriptorShares {
  /// The limit that is shared out (RLIMIT_NOFILE).
  std::uint64_t limit = 0;
  /// Of each store, sorted files that stay open.
  std::uint32_t store_files_max = 0;
  std::uint32_t management_connections_max = 0;
  std::uint32_t connections_max = 0;
};

/// Stores that a server has open at a time: the journal, the gateway's ledger, webhooks, operations and views.
inline constexpr std::uint32_t store_count = 5;

/// `connections_wanted`, or fewer when the limit does not carry them; nothing when it carries no server at all.
std::optional<DescriptorShares> share_descriptors(std::uint64_t limit, std::uint32_t connections_wanted);
/// The least limit that carries a server.
std::uint64_t descriptor_limit_min();

/// Raises the soft limit of open files to the hard one; the limit that then holds.
std::uint64_t raise_descriptor_limit();

}  // namespace sugang
