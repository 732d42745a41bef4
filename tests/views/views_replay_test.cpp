#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "storage/memory_store.hpp"
#include "views/row_keys.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAreArray;

using Folds = std::map<EnrollmentId, EnrollmentSummary>;

template <class Passes>
std::vector<EnrollmentSummary> those_of(const Folds& folds, Passes passes) {
  std::vector<EnrollmentSummary> expected;
  for (const auto& [id, fold] : folds)
    if (passes(fold)) expected.push_back(fold);
  return expected;
}

void expect_enrollments(const Views& views, const Folds& folds) {
  ASSERT_THAT(all_enrollments(views), ElementsAreArray(values_of(folds)));
  auto expect_filtered = [&](const EnrollmentFilter& filter, auto&& passes) {
    ASSERT_THAT(all_enrollments(views, filter), ElementsAreArray(those_of(folds, passes)));
  };
  for (std::size_t i = 0; i < EnumNames<SagaState>::values.size(); ++i) {
    EnrollmentFilter filter;
    filter.saga = static_cast<SagaState>(i);
    expect_filtered(filter, [&](const auto& fold) { return fold.saga == *filter.saga; });
  }
  for (std::size_t i = 0; i < EnumNames<EnrollmentState>::values.size(); ++i) {
    EnrollmentFilter filter;
    filter.state = static_cast<EnrollmentState>(i);
    expect_filtered(filter, [&](const auto& fold) { return fold.state == *filter.state; });
  }
  for (const auto* student : {"s0", "s1", "s2", "nobody"}) {
    EnrollmentFilter filter;
    filter.student = StudentId{student};
    expect_filtered(filter, [&](const auto& fold) { return fold.student == *filter.student; });
    filter.course = CourseId{"course-1"};
    expect_filtered(
        filter, [&](const auto& fold) { return fold.student == *filter.student && fold.course == *filter.course; });
  }
  EnrollmentFilter filter;
  filter.course = CourseId{"course-1"};
  expect_filtered(filter, [&](const auto& fold) { return fold.course == *filter.course; });
  filter.state = EnrollmentState::confirmed;
  expect_filtered(filter, [&](const auto& fold) {
    return fold.course == *filter.course && fold.state == EnrollmentState::confirmed;
  });
}

void expect_coaching(const Views& views, const Folds& folds) {
  std::vector<CoachingFilter> filters(1);
  for (std::size_t i = 0; i < EnumNames<CoachingState>::values.size(); ++i)
    filters.push_back({.state = static_cast<CoachingState>(i), .instructor = {}});
  for (const auto* instructor : {"i0", "i1", "nobody"}) {
    filters.push_back({.state = {}, .instructor = InstructorId{instructor}});
    filters.push_back({.state = CoachingState::scheduled, .instructor = InstructorId{instructor}});
  }
  for (const auto& filter : filters)
    ASSERT_THAT(all_coaching(views, filter), ElementsAreArray(those_of(folds, [&](const auto& fold) {
                  return fold.coaching && (!filter.state || fold.coaching->state == *filter.state) &&
                         (!filter.instructor || fold.coaching->instructor == filter.instructor);
                })));
}

void expect_deliveries(const Views& views, const Folds& folds) {
  std::vector<DeliveryFilter> filters(1);
  for (std::size_t i = 0; i < EnumNames<DeliveryState>::values.size(); ++i)
    filters.push_back({.state = static_cast<DeliveryState>(i), .student = {}});
  for (const auto* student : {"s0", "s1", "nobody"}) {
    filters.push_back({.state = {}, .student = StudentId{student}});
    filters.push_back({.state = DeliveryState::cancelled, .student = StudentId{student}});
  }
  for (const auto& filter : filters)
    ASSERT_THAT(all_deliveries(views, filter), ElementsAreArray(those_of(folds, [&](const auto& fold) {
                  return fold.delivery != DeliveryState::none &&
                         (!filter.state || fold.delivery == *filter.state) &&
                         (!filter.student || fold.student == *filter.student);
                })));
}

void expect_lines(const Views& views, const RandomHistory& history) {
  ASSERT_TRUE(whole_line(views, {"nothing"}).empty());
  for (const auto& [course, line] : lines_of(history, views.position()))
    ASSERT_THAT(whole_line(views, {course}), ElementsAreArray(line)) << course;
}

void expect_students(const Views& views, const RandomHistory& history) {
  const auto end = views.position();
  auto ledgers = ledgers_of(history, end);
  auto boxes = notifications_of(history, end);
  for (const std::string student : {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "nobody"}) {
    ASSERT_THAT(all_mileage(views, {student}), ElementsAreArray(ledgers[student].rows)) << student;
    ASSERT_EQ(views.student_mileage({student}, {}).balance, ledgers[student].balance) << student;
    ASSERT_THAT(all_notifications(views, {student}), ElementsAreArray(boxes[student])) << student;
  }
}

/// Every list, unfiltered and by each index, against the folds of the journal up to the views' position.
void expect_a_replay(const Views& views, const RandomHistory& history) {
  const auto folds = enrollments_of(history, views.position());
  ASSERT_NO_FATAL_FAILURE(expect_enrollments(views, folds));
  ASSERT_THAT(all_courses(views), ElementsAreArray(values_of(courses_of(history, views.position(), test_now))));
  ASSERT_NO_FATAL_FAILURE(expect_coaching(views, folds));
  ASSERT_NO_FATAL_FAILURE(expect_deliveries(views, folds));
  ASSERT_NO_FATAL_FAILURE(expect_lines(views, history));
  ASSERT_NO_FATAL_FAILURE(expect_students(views, history));
}

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
