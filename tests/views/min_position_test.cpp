#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "random_history.hpp"
#include "reading.hpp"
#include "tests/simulation/memory_store.hpp"
#include "views/position_waits.hpp"
#include "views/row_keys.hpp"

namespace sugang {
namespace {

using Waits = PositionWaits;

class MinPosition : public ::testing::Test {
 protected:
  void expect_word(Views& views, Position position) {
    views.when_reached({ViewId::courses}, position, [this](bool reached) {
      EXPECT_FALSE(word_) << "answered twice";
      word_ = reached;
    });
  }

  const RandomHistory history_{31};
  Position end_ = 0;
  MemoryStore store_{views_space_count};
  std::optional<bool> word_;
};

TEST_F(MinPosition, IsKnownAtOnceWhenItWasReached) {
  auto views = make_views(history_.source(&end_), store_);
  expect_word(views, 0);
  EXPECT_EQ(word_, true);
}

TEST_F(MinPosition, IsReachedOnceTheRowsShowIt) {
  auto views = make_views(history_.source(&end_), store_);
  expect_word(views, 10);
  end_ = 9;
  views.run_once();
  EXPECT_EQ(word_, std::nullopt);
  end_ = 10;
  views.run_once();
  EXPECT_EQ(word_, true);
  EXPECT_EQ(views.list_courses({}, {}).listing.position, 10u);
}

TEST_F(MinPosition, IsGivenUpAtTheDeadline) {
  Views::Limits limits;
  limits.min_position_timeout_ms = std::chrono::milliseconds{0};
  auto views = make_views(history_.source(&end_), store_, limits);
  expect_word(views, 1);
  views.run_once();
  EXPECT_EQ(word_, false);
}

TEST_F(MinPosition, IsGivenUpAtOnceWhilePaused) {
  auto views = make_views(history_.source(&end_), store_);
  end_ = 10;
  views.run_once();
  expect_word(views, 20);
  EXPECT_EQ(word_, std::nullopt);
  views.pause(true);
  EXPECT_EQ(std::exchange(word_, std::nullopt), false);
  end_ = 20;
  views.run_once();
  EXPECT_EQ(views.position(), 10u);
  expect_word(views, 20);
  EXPECT_EQ(std::exchange(word_, std::nullopt), false);
  expect_word(views, 10);
  EXPECT_EQ(std::exchange(word_, std::nullopt), true);

  views.pause(false);
  views.run_once();
  EXPECT_EQ(views.position(), 20u);
}

TEST_F(MinPosition, IsGivenUpWhenTheServerStops) {
  auto views = make_views(history_.source(&end_), store_);
  views.start();
  std::atomic<int> unreached{0};
  views.when_reached({ViewId::courses}, 10, [&](bool reached) { unreached += reached ? 0 : 1; });
  views.stop();
  views.when_reached({ViewId::courses}, 10, [&](bool reached) { unreached += reached ? 0 : 1; });
  EXPECT_EQ(unreached, 2);
}

TEST_F(MinPosition, IsGivenUpByTheThreadWithoutAnyNewRecord) {
  Views::Limits limits;
  limits.min_position_timeout_ms = std::chrono::milliseconds{10};
  auto views = make_views(history_.source(&end_), store_, limits);
  views.start();
  std::atomic<bool> given_up{false};
  views.when_reached({ViewId::courses}, 10, [&](bool reached) { given_up = !reached; });
  EXPECT_TRUE(eventually([&] { return given_up.load(); }));
  views.stop();
}

TEST_F(MinPosition, IsReachedByTheThreadThatARecordWakes) {
  std::atomic<Position> end{0};
  RecordSource source{[&](Position after, std::size_t limit) {
                        const Position until = end;
                        return history_.source(&until).read(after, limit);
                      },
                      [&] { return end.load(); }};
  Views::Limits limits;
  limits.min_position_timeout_ms = std::chrono::seconds{30};
  auto views = make_views(source, store_, limits);
  views.start();
  std::atomic<Position> reached{0};
  for (Position position = 1; position <= history_.end(); ++position) {
    views.when_reached({ViewId::courses}, position,
                       [&, position](bool in_time) { reached = in_time ? position : 0; });
    end = position;
    views.wake();
    ASSERT_TRUE(eventually([&] { return reached == position; }));
  }
  views.stop();
}

TEST(PositionWaits, EndEachOnceByPositionOrByDeadline) {
  Waits waits{10};
  const auto start = Waits::Clock::time_point{};
  const auto ms = [&](int n) { return start + std::chrono::milliseconds{n}; };
  std::vector<std::string> words;
  auto wait = [&](std::string name, Position position, int deadline) {
    ASSERT_TRUE(waits.add(position, ms(deadline), [&words, name](bool reached) {
      words.push_back(name + (reached ? " reached" : " late"));
    }));
  };
  wait("a", 5, 100);
  wait("b", 6, 50);
  wait("c", 7, 100);
  EXPECT_EQ(waits.next_deadline(), ms(50));
  waits.advance(4, ms(49));
  EXPECT_TRUE(words.empty());
  waits.advance(5, ms(50));
  EXPECT_THAT(words, ::testing::UnorderedElementsAre("a reached", "b late"));
  waits.give_up();
  EXPECT_EQ(words.back(), "c late");
  EXPECT_TRUE(waits.empty());
  EXPECT_EQ(waits.next_deadline(), std::nullopt);
}

TEST(PositionWaits, AreBounded) {
  Waits waits{1};
  EXPECT_TRUE(waits.add(1, {}, [](bool) {}));
  EXPECT_FALSE(waits.add(1, {}, [](bool) {}));
}

}  // namespace
}  // namespace sugang
