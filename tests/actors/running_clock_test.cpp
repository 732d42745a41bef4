#include <gtest/gtest.h>

#include "tests/simulation/simulated_time.hpp"

namespace sugang {
namespace {

constexpr Milliseconds hour = std::chrono::hours{1};
constexpr TimePoint start{std::chrono::hours{500'000}};

TEST(RunningClock, GoesOnByTheUptimeThoughTheWallClockIsSet) {
  SimulatedTimers timers{start};
  timers.advance(hour);
  const RunningClock clock{timers};
  EXPECT_EQ(clock.now(), start + hour);
  timers.set_clock(1'000 * hour);
  timers.advance(hour);
  EXPECT_EQ(clock.now(), start + 2 * hour);
  timers.set_clock(-5'000 * hour);
  timers.advance(hour);
  EXPECT_EQ(clock.now(), start + 3 * hour);
}

TEST(RunningClock, CountsAgesByTheEarlierOfTheTwoClocks) {
  SimulatedTimers timers{start};
  const RunningClock clock{timers};
  timers.advance(hour);
  EXPECT_EQ(clock.earliest(), start + hour);
  timers.set_clock(1'000 * hour);
  EXPECT_EQ(clock.earliest(), start + hour);
  timers.set_clock(-1'006 * hour);
  EXPECT_EQ(clock.earliest(), start - 5 * hour);
}

}  // namespace
}  // namespace sugang
