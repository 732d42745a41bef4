#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>

#include <algorithm>
#include <atomic>
#include <thread>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "replay_check.hpp"
#include "tests/simulation/memory_store.hpp"
#include "views/row_keys.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAreArray;

std::size_t keys_in(const MemoryStore& store) {
  std::size_t count = 0;
  store.scan(views_space, "", "", [&](std::string_view, std::string_view) { return ++count > 0; });
  return count;
}

class Rebuild : public ::testing::Test {
 protected:
  void SetUp() override {
    auto views = make_views(history_.source(&end_), store_, small_chunks(10));
    while (views.run_once()) continue;
  }
  std::vector<EnrollmentSummary> expected_enrollments() const { return values_of(enrollments_of(history_, end_)); }
  std::vector<CourseSnapshot> expected_courses() const { return values_of(courses_of(history_, end_, test_now)); }

  bool is_empty(const Views& views, ViewId view) const {
    switch (view) {
      case ViewId::enrollments: return all_enrollments(views).empty();
      case ViewId::courses: return all_courses(views).empty();
      case ViewId::mileage: return all_mileage(views, {"s1"}).empty();
    }
    return false;
  }

  const RandomHistory history_{11};
  Position end_ = history_.end();
  MemoryStore store_{views_space_count};
};

TEST_F(Rebuild, ServesTheOldRowsInFullUntilTheNewOnesHaveCaughtUp) {
  auto views = make_views(history_.source(&end_), store_, small_chunks(10));
  for (const auto& name : Views::names()) {
    ASSERT_TRUE(views.rebuild(name));
    std::size_t passes = 0;
    for (; views.run_once(); ++passes) {
      ASSERT_NO_FATAL_FAILURE(expect_a_replay(views, history_));
      ASSERT_EQ(views.position(), end_);
    }
    EXPECT_GT(passes, history_.end() / 20);
    EXPECT_FALSE(views.rebuilding(name));
  }
}

TEST_F(Rebuild, LeavesNothingOfTheOldRows) {
  const auto before = keys_in(store_);
  auto views = make_views(history_.source(&end_), store_);
  for (const auto& name : Views::names()) views.rebuild(name);
  while (views.run_once()) continue;
  EXPECT_EQ(keys_in(store_), before);
}

TEST_F(Rebuild, LeavesNothingOfWhatACrashKeptItFromErasing) {
  const auto before = keys_in(store_);
  for (const auto view : every_view) {
    WriteSet left_behind;
    left_behind.put(views_space, generation_prefix(view, 0) + "r", "an old row");
    left_behind.put(views_space, position_key(view, 0), "an old position");
    store_.write(left_behind, Sync::no);
  }
  auto views = make_views(history_.source(&end_), store_);
  EXPECT_EQ(keys_in(store_), before);
}

TEST_F(Rebuild, RepairsRowsThatAreGone) {
  for (std::size_t i = 0; i < every_view.size(); ++i) {
    WriteSet damage;
    const auto prefix = generation_prefix(every_view[i], 1);
    store_.scan(views_space, prefix, "", [&](std::string_view key, std::string_view) {
      if (key.starts_with(prefix)) damage.erase(views_space, std::string{key});
      return true;
    });
    ASSERT_FALSE(damage.empty());
    store_.write(damage, Sync::no);
    auto views = make_views(history_.source(&end_), store_);
    ASSERT_TRUE(is_empty(views, every_view[i]));
    views.rebuild(Views::names()[i]);
    while (views.run_once()) continue;
    expect_a_replay(views, history_);
  }
}

TEST_F(Rebuild, GoesOnAfterARestart) {
  for (const auto& name : Views::names()) {
    {
      auto views = make_views(history_.source(&end_), store_, small_chunks(10));
      views.rebuild(name);
      views.run_once();
      views.run_once();
    }
    auto views = make_views(history_.source(&end_), store_);
    EXPECT_TRUE(views.rebuilding(name));
    while (views.run_once()) continue;
    EXPECT_FALSE(views.rebuilding(name));
    expect_a_replay(views, history_);
  }
}

TEST_F(Rebuild, RepairsABalanceThatIsWrong) {
  const auto ledgers = ledgers_of(history_, end_);
  // A ledger that is shown in one page shows the balance of its last line.
  const auto of_two_pages =
      std::find_if(ledgers.begin(), ledgers.end(), [](const auto& each) { return each.second.rows.size() > 1; });
  ASSERT_NE(of_two_pages, ledgers.end());
  const auto student = of_two_pages->first;
  WriteSet damage;
  damage.put(views_space, Table{ViewId::mileage, 1, 'b'}.key(student), std::string(8, '\x7f'));
  store_.write(damage, Sync::no);
  auto views = make_views(history_.source(&end_), store_);
  const Page short_page{.limit = 1, .cursor = {}};
  ASSERT_NE(views.student_mileage({student}, short_page).balances, ledgers_of(history_, end_)[student].balances);
  views.rebuild("mileage");
  while (views.run_once()) continue;
  EXPECT_EQ(views.student_mileage({student}, short_page).balances, ledgers_of(history_, end_)[student].balances);
}

TEST_F(Rebuild, KeepsCursorsGood) {
  auto views = make_views(history_.source(&end_), store_);
  const auto first = views.list_enrollments({}, {.limit = 5, .cursor = {}});
  views.rebuild("enrollments");
  while (views.run_once()) continue;
  ASSERT_TRUE(first.listing.next);
  const auto second = views.list_enrollments({}, {.limit = 5, .cursor = *first.listing.next});
  ASSERT_EQ(second.listing.items.size(), 5u);
  EXPECT_EQ(second.listing.items.front(), expected_enrollments()[5]);
}

TEST_F(Rebuild, RefusesAViewThatThereIsNot) {
  auto views = make_views(history_.source(&end_), store_);
  EXPECT_FALSE(views.rebuild("mileages"));
  EXPECT_FALSE(views.rebuilding("mileages"));
}

TEST_F(Rebuild, ShowsReadersOnOtherThreadsFullRowsAllTheTime) {
  auto views = make_views(history_.source(&end_), store_, small_chunks(7));
  views.start();
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> reads{0};
  const auto enrollments = expected_enrollments();
  const auto courses = expected_courses();
  const auto ledger = ledgers_of(history_, end_).at("s1").rows;
  const auto box = notifications_of(history_, end_).at("s1");
  auto read = [&] {
    while (!stop) {
      // Pages may straddle the moment when the new rows begin to serve.
      EXPECT_EQ(all_enrollments(views, {}, 9), enrollments);
      EXPECT_EQ(all_courses(views, {}, 2), courses);
      EXPECT_EQ(all_mileage(views, {"s1"}, 2), ledger);
      EXPECT_EQ(all_notifications(views, {"s1"}, 2), box);
      ++reads;
    }
  };
  std::thread one{read}, two{read};
  for (int round = 0; round < 10; ++round) {
    const auto before = reads.load();
    for (const auto& name : Views::names()) views.rebuild(name);
    for (const auto& name : Views::names()) EXPECT_TRUE(eventually([&] { return !views.rebuilding(name); }));
    EXPECT_TRUE(eventually([&] { return reads > before; }));
  }
  stop = true;
  one.join();
  two.join();
  views.stop();
}

}  // namespace
}  // namespace sugang
