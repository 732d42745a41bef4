#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace sugang {

/// A constant for ever: ids that were handed out carry their partition.
inline constexpr std::uint16_t partition_count = 1024;

struct Partition {
  std::uint16_t number = 0;
  auto operator<=>(const Partition&) const = default;
};

/// FNV-1a, 64 bits (offset basis 0xcbf29ce484222325, prime 0x100000001b3), xor-folded to ten bits as the FNV
/// authors advise. Test vectors stand in docs/journal-format.md.
Partition partition_of_name(std::string_view name);

}  // namespace sugang
