#include <gtest/gtest.h>

#include "domain/ids.hpp"

namespace sugang {
namespace {

/// As docs/journal-format.md gives them.
TEST(PartitionVectors, AreThoseOfTheFormat) {
  constexpr std::pair<std::string_view, int> vectors[]{
      {"", 17},       {"a", 427},         {"b", 134},         {"music", 483},
      {"CS101", 263}, {"music-101", 431}, {"musical-2", 718}, {"course.with_every-Char.09", 688},
  };
  for (const auto& [name, partition] : vectors) EXPECT_EQ(partition_of_name(name).number, partition) << name;
}

TEST(PartitionVectors, AServerMadeIdCarriesItsPartition) {
  for (std::uint16_t number : {0, 1, 483, 1023})
    EXPECT_EQ(make_uid(TimePoint{Milliseconds{1'772'445'600'123}}, {number}, ~0ULL, 0xff).partition().number,
              number);
}

}  // namespace
}  // namespace sugang
