#include "domain/money.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/course.hpp"

namespace sugang {
namespace {

TEST(MileageFor, IsWholePointsRoundedDown) {
  EXPECT_EQ(mileage_for({12'000, {}}, 1), 120);
  EXPECT_EQ(mileage_for({12'099, {}}, 1), 120);
  EXPECT_EQ(mileage_for({99, {}}, 1), 0);
  EXPECT_EQ(mileage_for({50, {}}, 3), 1);
  EXPECT_EQ(mileage_for({150, {}}, 33), 49);
  EXPECT_EQ(mileage_for({150, {}}, 100), 150);
  EXPECT_EQ(mileage_for({150, {}}, 0), 0);
  EXPECT_EQ(mileage_for({0, {}}, 100), 0);
}

TEST(MileageFor, TheDearestPurchaseFitsItsNumbers) {
  const Money dearest = Money{price_max, {}} * capacity_max;
  EXPECT_EQ(mileage_for(dearest, 100), dearest.amount);
  EXPECT_EQ(mileage_for(dearest, 1), dearest.amount / 100);
}

RC_GTEST_PROP(MileageFor, IsThePercentageInWiderNumbers, ()) {
  const auto amount = *rc::gen::inRange<std::int64_t>(0, price_max);
  const auto percent = *rc::gen::inRange<std::uint32_t>(0, 101);
  const auto exact = static_cast<std::int64_t>(static_cast<__int128>(amount) * percent / 100);
  RC_ASSERT(mileage_for({amount, {}}, percent) == exact);
}

}  // namespace
}  // namespace sugang
