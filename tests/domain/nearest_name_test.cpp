#include "domain/nearest_name.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sugang {
namespace {

const std::array<std::string, 4> known{"listen", "management", "data", "webhook-retry-ms"};

TEST(NearestName, IsTheOneWithTheFewestEdits) {
  EXPECT_EQ(nearest_name("listn", known), "listen");
  EXPECT_EQ(nearest_name("lisetn", known), "listen");
  EXPECT_EQ(nearest_name("webhook-rety-ms", known), "webhook-retry-ms");
  EXPECT_EQ(nearest_name("dat", known), "data");
}

TEST(NearestName, IsNoneForANameThatIsNoTypingError) {
  EXPECT_EQ(nearest_name("colour", known), std::nullopt);
  EXPECT_EQ(nearest_name("", known), std::nullopt);
  EXPECT_EQ(nearest_name("listen", {}), std::nullopt);
}

}  // namespace
}  // namespace sugang
