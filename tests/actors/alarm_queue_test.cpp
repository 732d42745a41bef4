#include "actors/alarm_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sugang {
namespace {

constexpr TimePoint noon{std::chrono::hours{500'000}};
constexpr Milliseconds second{1'000}, minute{60'000};

struct Alarms : testing::Test {
  AlarmQueue queue;
  std::string seen;

  AlarmQueue::Alarm says(char what) {
    return [this, what] { seen += what; };
  }
  /// What is due by these clocks, in order.
  std::string due(TimePoint wall, Milliseconds uptime) {
    seen.clear();
    while (auto alarm = queue.pop_due(wall, uptime)) (*alarm)();
    return seen;
  }
};

TEST_F(Alarms, ThatWaitAWhileSoundThenWhateverTheWallClockShows) {
  queue.after(3 * second, says('a'));
  EXPECT_EQ(due(noon + 1000 * minute, 3 * second - Milliseconds{1}), "");
  EXPECT_EQ(queue.look_again_at(noon - minute, Milliseconds{0}), 3 * second);
  EXPECT_EQ(due(noon - minute, 3 * second), "a");
  EXPECT_EQ(queue.look_again_at(noon, Milliseconds{0}), std::nullopt);
}

TEST_F(Alarms, OfATimeSoundWhenTheClockShowsItAndAreLookedAtAgainSoon) {
  queue.at(noon, says('a'));
  EXPECT_EQ(queue.look_again_at(noon - 90 * minute, second), second + AlarmQueue::wall_look_interval);
  EXPECT_EQ(queue.look_again_at(noon - Milliseconds{7}, second), second + Milliseconds{7});
  EXPECT_EQ(due(noon - Milliseconds{1}, 90 * minute), "") << "the clock was set back meanwhile";
  EXPECT_EQ(due(noon, second), "a") << "or forward";
}

TEST_F(Alarms, SoundInTheOrderOfTheirTimesAndOfTheirComing) {
  queue.after(2 * second, says('c'));
  queue.after(second, says('a'));
  queue.after(second, says('b'));
  queue.at(noon + second, says('e'));
  queue.at(noon, says('d'));
  EXPECT_EQ(due(noon + second, 2 * second), "abcde");
}

TEST_F(Alarms, WaitForTheEarlierOfTheTwoClocks) {
  queue.at(noon + Milliseconds{200}, says('a'));
  queue.after(Milliseconds{100}, says('b'));
  EXPECT_EQ(queue.look_again_at(noon, Milliseconds{0}), Milliseconds{100});
  EXPECT_EQ(due(noon, Milliseconds{100}), "b");
  EXPECT_EQ(queue.look_again_at(noon + Milliseconds{100}, Milliseconds{100}), Milliseconds{200});
}

}  // namespace
}  // namespace sugang
