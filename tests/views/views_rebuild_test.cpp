#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "storage/memory_store.hpp"
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
      ASSERT_THAT(all_enrollments(views), ElementsAreArray(expected_enrollments()));
      ASSERT_THAT(all_courses(views), ElementsAreArray(expected_courses()));
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

TEST_F(Rebuild, MendsRowsThatAreGone) {
  WriteSet damage;
  const auto prefix = generation_prefix(ViewId::enrollments, 1);
  store_.scan(views_space, prefix, "", [&](std::string_view key, std::string_view) {
    if (key.starts_with(prefix)) damage.erase(views_space, std::string{key});
    return true;
  });
  ASSERT_FALSE(damage.empty());
  store_.write(damage, Sync::no);
  auto views = make_views(history_.source(&end_), store_);
  ASSERT_TRUE(all_enrollments(views).empty());
  views.rebuild("enrollments");
  while (views.run_once()) continue;
  EXPECT_THAT(all_enrollments(views), ElementsAreArray(expected_enrollments()));
}

TEST_F(Rebuild, GoesOnAfterARestart) {
  {
    auto views = make_views(history_.source(&end_), store_, small_chunks(10));
    views.rebuild("courses");
    views.run_once();
    views.run_once();
  }
  auto views = make_views(history_.source(&end_), store_);
  EXPECT_TRUE(views.rebuilding("courses"));
  while (views.run_once()) continue;
  EXPECT_FALSE(views.rebuilding("courses"));
  EXPECT_THAT(all_courses(views), ElementsAreArray(expected_courses()));
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
  auto read = [&] {
    while (!stop) {
      // Pages may straddle the moment when the new rows begin to serve.
      EXPECT_EQ(all_enrollments(views, {}, 9), enrollments);
      EXPECT_EQ(all_courses(views, {}, 2), courses);
      ++reads;
    }
  };
  std::thread one{read}, two{read};
  for (int round = 0; round < 10; ++round) {
    const auto before = reads.load();
    for (const auto& name : Views::names()) views.rebuild(name);
    EXPECT_TRUE(eventually([&] { return !views.rebuilding("courses") && !views.rebuilding("enrollments"); }));
    EXPECT_TRUE(eventually([&] { return reads > before; }));
  }
  stop = true;
  one.join();
  two.join();
  views.stop();
}

}  // namespace
}  // namespace sugang
