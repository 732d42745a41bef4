#include "app/descriptors.hpp"

#include <gtest/gtest.h>

namespace sugang {
namespace {

TEST(DescriptorShares, NeverPassTheLimit) {
  for (std::uint64_t limit = descriptor_limit_min(); limit < 300'000; limit += limit / 50) {
    const auto shares = share_descriptors(limit, UINT32_MAX);
    ASSERT_TRUE(shares);
    EXPECT_EQ(shares->limit, limit);
    EXPECT_GE(shares->connections_max, 16u);
    EXPECT_GE(shares->store_files_max, 20u);
    const auto shared =
        shares->connections_max + shares->management_connections_max + store_count * shares->store_files_max;
    // Logs, webhooks and the process itself have theirs too.
    EXPECT_LE(shared + 200u, limit);
  }
}

TEST(DescriptorShares, GiveNoMoreConnectionsThanAreWanted) {
  EXPECT_EQ(share_descriptors(1'048'576, 10'000)->connections_max, 10'000u);
  EXPECT_EQ(share_descriptors(1'048'576, 10'000)->store_files_max, 512u);
  EXPECT_EQ(share_descriptors(1024, 7)->connections_max, 7u);
}

TEST(DescriptorShares, OfTheUsualLimitAreMostlyTheClients) {
  EXPECT_GE(share_descriptors(1024, 10'000)->connections_max, 500u);
}

TEST(DescriptorShares, OfTooLowALimitAreNone) {
  EXPECT_FALSE(share_descriptors(descriptor_limit_min() - 1, 1));
  EXPECT_FALSE(share_descriptors(0, 1));
}

}  // namespace
}  // namespace sugang
