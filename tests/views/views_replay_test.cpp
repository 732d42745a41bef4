#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "replay_check.hpp"
#include "tests/simulation/memory_store.hpp"
#include "views/row_keys.hpp"

namespace sugang {
namespace {

RC_GTEST_PROP(ViewsAreAReplay, HoweverTheChunksAreCutAndTheServerRestarted, ()) {
  const RandomHistory history{*rc::gen::arbitrary<std::uint64_t>(), {.courses = 4, .enrollments = 30}};
  Position end = 0;
  MemoryStore store{views_space_count};
  while (end < history.end()) {
    auto views = make_views(history.source(&end), store, small_chunks(*rc::gen::inRange<std::size_t>(1, 60)));
    for (auto passes = *rc::gen::inRange(1, 6); passes > 0; --passes) {
      end = std::min<Position>(history.end(), end + *rc::gen::inRange<Position>(1, 60));
      views.run_once();
    }
    expect_a_replay(views, history);
    RC_ASSERT(!::testing::Test::HasFailure());
  }
  auto views = make_views(history.source(&end), store);
  while (views.run_once()) continue;
  RC_ASSERT(views.position() == history.end());
  expect_a_replay(views, history);
  RC_ASSERT(!::testing::Test::HasFailure());
}

RC_GTEST_PROP(ViewsAreAReplay, WhateverOfTheUnsyncedWritesACrashTakesAndWheneverARebuildBegins, ()) {
  const RandomHistory history{*rc::gen::arbitrary<std::uint64_t>(), {.courses = 4, .enrollments = 30}};
  Position end = 0;
  auto faults = [] {
    MemoryFaults crash;
    crash.seed = *rc::gen::arbitrary<std::uint64_t>();
    crash.tear = true;
    return crash;
  };
  auto store = std::make_unique<MemoryStore>(std::size_t{views_space_count}, faults());
  for (int rounds = 0; rounds < 6; ++rounds) {
    {
      auto views = make_views(history.source(&end), *store, small_chunks(*rc::gen::inRange<std::size_t>(1, 60)));
      for (auto passes = *rc::gen::inRange(1, 8); passes > 0; --passes) {
        end = std::min<Position>(history.end(), end + *rc::gen::inRange<Position>(0, 50));
        if (*rc::gen::inRange(0, 4) == 0) views.rebuild(*rc::gen::elementOf(Views::names()));
        views.run_once();
        expect_a_replay(views, history);
        RC_ASSERT(!::testing::Test::HasFailure());
      }
    }
    store = store->crash(faults());
  }
  end = history.end();
  auto views = make_views(history.source(&end), *store);
  while (views.run_once()) continue;
  for (const auto& name : Views::names()) RC_ASSERT(!views.rebuilding(name));
  expect_a_replay(views, history);
  RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(ViewsAreAReplay, OfThisJournalAndNotOfOneThatWasFurtherOn) {
  const RandomHistory longer{1}, shorter{2, {.courses = 2, .enrollments = 5}};
  MemoryStore store{views_space_count};
  auto end = longer.end();
  {
    auto views = make_views(longer.source(&end), store);
    while (views.run_once()) continue;
  }
  auto other_end = shorter.end();
  auto views = make_views(shorter.source(&other_end), store);
  EXPECT_EQ(views.position(), 0u);
  EXPECT_TRUE(all_enrollments(views).empty());
  while (views.run_once()) continue;
  expect_a_replay(views, shorter);
}

/// Erases all keys of a view, as if the program had not known it so far.
void forget_view(MemoryStore& store, ViewId view) {
  WriteSet erased;
  store.scan(views_space, "", "", [&](std::string_view key, std::string_view) {
    const auto of = key.front() == '\0' ? key[1] : key[0];
    if (of == static_cast<char>(view)) erased.erase(views_space, std::string{key});
    return true;
  });
  store.write(erased, Sync::no);
}

TEST(ViewsAreAReplay, AlsoAViewThatIsNewToTheProgramWhileTheOthersStandStill) {
  const RandomHistory history{5};
  auto end = history.end();
  for (const auto view : every_view) {
    MemoryStore store{views_space_count};
    {
      auto views = make_views(history.source(&end), store);
      while (views.run_once()) continue;
    }
    forget_view(store, view);
    auto views = make_views(history.source(&end), store, small_chunks(20));
    EXPECT_EQ(views.position(), 0u);
    while (views.run_once()) continue;
    expect_a_replay(views, history);
  }
}

TEST(ViewsAreAReplay, OfTheJournalWhenTheRowsAreOfAnotherFormat) {
  const RandomHistory history{6};
  auto end = history.end();
  for (const int other : {views_format - 1, views_format + 1}) {
    MemoryStore store{views_space_count};
    {
      auto views = make_views(history.source(&end), store);
      while (views.run_once()) continue;
    }
    WriteSet changes;
    for (const auto view : every_view)
      changes.put(views_space, serving_key(view), std::string(1, static_cast<char>(other)) + "something");
    store.write(changes, Sync::no);
    auto views = make_views(history.source(&end), store);
    EXPECT_EQ(views.position(), 0u);
    EXPECT_TRUE(all_enrollments(views).empty());
    while (views.run_once()) continue;
    expect_a_replay(views, history);
  }
}

TEST(ViewsAreAReplay, UpToWhereTheyWerePaused) {
  const RandomHistory history{8};
  Position end = history.end() / 2;
  MemoryStore store{views_space_count};
  auto views = make_views(history.source(&end), store);
  while (views.run_once()) continue;
  views.pause(true);
  for (const auto& name : Views::names()) views.rebuild(name);
  end = history.end();
  EXPECT_FALSE(views.run_once());
  EXPECT_EQ(views.position(), history.end() / 2);
  expect_a_replay(views, history);
  views.pause(false);
  while (views.run_once()) continue;
  EXPECT_EQ(views.position(), history.end());
  expect_a_replay(views, history);
}

TEST(ViewsAreAReplay, AndEveryListHasItsPosition) {
  const RandomHistory history{9};
  Position end = history.end() / 2;
  MemoryStore store{views_space_count};
  auto views = make_views(history.source(&end), store);
  for (; end <= history.end(); end += history.end() / 2) {
    while (views.run_once()) continue;
    EXPECT_EQ(views.list_enrollments({}, {}).listing.position, end);
    EXPECT_EQ(views.list_courses({}, {}).listing.position, end);
    EXPECT_EQ(views.list_waitlist({"course-0"}, {}).listing.position, end);
    EXPECT_EQ(views.list_coaching({}, {}).listing.position, end);
    EXPECT_EQ(views.list_deliveries({}, {}).listing.position, end);
    EXPECT_EQ(views.student_mileage({"s0"}, {}).entries.listing.position, end);
    EXPECT_EQ(views.student_notifications({"s0"}, {}).listing.position, end);
    EXPECT_EQ(views.student_page({"s0"}, {}).listing.position, end);
  }
}

TEST(MyPage, ShowsEachEnrollmentWithTheTitleOfItsCourse) {
  const RandomHistory history{3};
  auto end = history.end();
  MemoryStore store{views_space_count};
  auto views = make_views(history.source(&end), store);
  while (views.run_once()) continue;
  const auto courses = courses_of(history, end, test_now);
  std::size_t seen = 0;
  for (int i = 0; i < 7; ++i) {
    const StudentId student{"s" + std::to_string(i)};
    const auto page = views.student_page(student, {.limit = 200, .cursor = {}});
    EXPECT_EQ(page.listing.position, end);
    for (const auto& row : page.listing.items) {
      EXPECT_EQ(row.enrollment.student, student);
      EXPECT_EQ(row.course_title, courses.at(row.enrollment.course.text).definition.title);
    }
    seen += page.listing.items.size();
  }
  EXPECT_EQ(seen, enrollments_of(history, end).size());
}

TEST(Lag, IsWhatIsDurableAndNotShownYet) {
  const RandomHistory history{4};
  Position end = 10;
  MemoryStore store{views_space_count};
  auto views = make_views(history.source(&end), store);
  EXPECT_EQ(views.lag(), 10u);
  views.run_once();
  EXPECT_EQ(views.lag(), 0u);
}

}  // namespace
}  // namespace sugang
