#include "domain/mileage.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <map>

#include "domain/course.hpp"
#include "tests/domain/given.hpp"

namespace sugang {
namespace {

PaymentId payment(std::uint64_t n) { return payment_of(enrollment(n)); }
EarnMileage earn(std::uint64_t n, std::int64_t points) { return {payment(n), points}; }
ReverseMileage reverse(std::uint64_t n) { return {payment(n)}; }
MileageEarned earned(std::uint64_t n, std::int64_t points) { return {payment(n), points}; }
MileageReversed reversed(std::uint64_t n, std::int64_t points) { return {payment(n), points}; }
/// In the one currency of these tests.
std::int64_t balance_of(const MileageAccount& account) {
  const auto it = account.balances.find({});
  return it == account.balances.end() ? 0 : it->second;
}

TEST(EarnMileage, AddsThePointsOfAPaymentOnce) {
  EXPECT_THAT(given<MileageAccount>().when(earn(1, 120)), Causes(earned(1, 120)));
  const auto past = given<MileageAccount>(earned(1, 120));
  EXPECT_THAT(past.when(earn(1, 120)), ChangesNothing());
  EXPECT_THAT(past.when(earn(2, 30)), Causes(earned(2, 30)));
  EXPECT_EQ(balance_of(past.state()), 120);
}

TEST(ReverseMileage, TakesBackExactlyWhatWasEarnedOnce) {
  EXPECT_THAT(given<MileageAccount>(earned(1, 120), earned(2, 30)).when(reverse(1)), Causes(reversed(1, 120)));
  const auto past = given<MileageAccount>(earned(1, 120), earned(2, 30), reversed(1, 120));
  EXPECT_THAT(past.when(reverse(1)), ChangesNothing());
  EXPECT_EQ(balance_of(past.state()), 30);
}

TEST(ReverseMileage, BeforeTheEarnLeavesATombstone) {
  EXPECT_THAT(given<MileageAccount>().when(reverse(1)), Causes(reversed(1, 0)));
  const auto past = given<MileageAccount>(reversed(1, 0));
  EXPECT_THAT(past.when(earn(1, 120)), Refuses(MileageError::undone));
  EXPECT_THAT(past.when(reverse(1)), ChangesNothing());
  EXPECT_EQ(balance_of(past.state()), 0);
}

TEST(EarnMileage, AfterItsReverseIsUndone) {
  EXPECT_THAT(given<MileageAccount>(earned(1, 120), reversed(1, 120)).when(earn(1, 120)),
              Refuses(MileageError::undone));
}

RC_GTEST_PROP(Invariant3, EarnAndReverseInAnyOrderHowOftenSoeverNetRight, ()) {
  MileageAccount account;
  std::vector<MileageEvent> events;
  std::map<std::uint64_t, std::int64_t> earned_by;
  std::map<std::uint64_t, int> earns, reverses;
  std::set<std::uint64_t> was_reversed;
  const auto moves = *rc::gen::inRange<std::size_t>(0, 100);
  for (std::size_t i = 0; i < moves; ++i) {
    const auto n = *rc::gen::inRange<std::uint64_t>(0, 12);
    const bool earns_now = *rc::gen::arbitrary<bool>();
    const auto points = static_cast<std::int64_t>(10 * n);
    const auto decision =
        decide(account, earns_now ? MileageCommand{earn(n, points)} : MileageCommand{reverse(n)}, noon);
    RC_ASSERT(decision.error.has_value() == (earns_now && was_reversed.contains(n)));
    if (earns_now && !was_reversed.contains(n)) earned_by[n] = points;
    if (!earns_now) {
      was_reversed.insert(n);
      earned_by.erase(n);
    }
    for (const auto& event : decision.events) {
      apply(account, event);
      events.push_back(event);
      ++(std::holds_alternative<MileageEarned>(event) ? earns : reverses)[n];
    }
    std::int64_t sum = 0;
    for (const auto& [of, held] : earned_by) sum += held;
    RC_ASSERT(balance_of(account) == sum);
  }
  for (const auto& [n, count] : earns) RC_ASSERT(count == 1);
  for (const auto& [n, count] : reverses) RC_ASSERT(count == 1);
  RC_ASSERT(replay<MileageAccount>(events) == account);
}

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
