#include "domain/partition.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace sugang {
namespace {

// For ever: a course that moved would not be found where its events are. Computed apart from this code.
TEST(PartitionOfName, IsAsInTheTestVectors) {
  EXPECT_EQ(partition_of_name("").number, 17);
  EXPECT_EQ(partition_of_name("a").number, 427);
  EXPECT_EQ(partition_of_name("lecture-1").number, 277);
  EXPECT_EQ(partition_of_name("musical-2").number, 718);
  EXPECT_EQ(partition_of_name(std::string(64, 'x')).number, 824);
  EXPECT_EQ(partition_of_name(std::string(31, 'A') + "-" + std::string(32, 'z')).number, 667);
}

RC_GTEST_PROP(PartitionOfName, IsOneOfThePartitionsForAnyBytes, (const std::string& name)) {
  RC_ASSERT(partition_of_name(name).number < partition_count);
  RC_ASSERT(partition_of_name(name) == partition_of_name(std::string{name}));
}

/// Chi-squared over 1024 cells has the mean 1023 and the deviation 45: 1250 is five deviations away.
void expect_even(const std::string& prefix) {
  constexpr int mean = 100;
  std::array<int, partition_count> counts{};
  for (int n = 0; n < mean * partition_count; ++n) ++counts[partition_of_name(prefix + std::to_string(n)).number];
  double chi_squared = 0;
  for (int count : counts) chi_squared += double(count - mean) * (count - mean) / mean;
  EXPECT_LT(chi_squared, 1250.0) << prefix;
  EXPECT_GT(*std::min_element(counts.begin(), counts.end()), mean / 2) << prefix;
  EXPECT_LT(*std::max_element(counts.begin(), counts.end()), mean * 3 / 2) << prefix;
}

TEST(PartitionOfName, SpreadsNamesThatCountUpEvenly) {
  expect_even("course-");
  expect_even("lecture-");
  expect_even("");
}

}  // namespace
}  // namespace sugang
