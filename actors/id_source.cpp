#include "actors/id_source.hpp"

#include <random>

namespace sugang {
namespace {

std::mt19937_64 seeded_generator() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
  return std::mt19937_64{seed};
}

}  // namespace

Uid RandomIds::mint(TimePoint now, Partition partition) {
  thread_local std::mt19937_64 generator = seeded_generator();
  auto random = generator();
  return make_uid(now, partition, random, static_cast<std::uint8_t>(random & 3u));
}

}  // namespace sugang
