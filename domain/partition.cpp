#include "domain/partition.hpp"

namespace sugang {

Partition partition_of_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  std::uint64_t folded = 0;
  for (; hash != 0; hash >>= 10) folded ^= hash & (partition_count - 1);
  return Partition{static_cast<std::uint16_t>(folded)};
}

}  // namespace sugang
