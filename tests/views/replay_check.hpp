#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "reading.hpp"
#include "replay.hpp"

namespace sugang {

using Folds = std::map<EnrollmentId, EnrollmentSummary>;

template <class Passes>
std::vector<EnrollmentSummary> those_of(const Folds& folds, Passes passes) {
  std::vector<EnrollmentSummary> expected;
  for (const auto& [id, fold] : folds)
    if (passes(fold)) expected.push_back(fold);
  return expected;
}

inline void expect_enrollments(const Views& views, const Folds& folds) {
  ASSERT_THAT(all_enrollments(views), ::testing::ElementsAreArray(values_of(folds)));
  auto expect_filtered = [&](const EnrollmentFilter& filter, auto&& passes) {
    ASSERT_THAT(all_enrollments(views, filter), ::testing::ElementsAreArray(those_of(folds, passes)));
  };
  for (std::size_t i = 0; i < EnumNames<SagaState>::values.size(); ++i) {
    EnrollmentFilter filter;
    filter.saga = static_cast<SagaState>(i);
    const auto in_state = [&](const auto& fold) { return fold.saga == *filter.saga; };
    expect_filtered(filter, in_state);
    if (is_indexed(*filter.saga)) {
      ASSERT_EQ(views.count_sagas()[i], those_of(folds, in_state).size());
    }
  }
  for (std::size_t i = 0; i < EnumNames<EnrollmentState>::values.size(); ++i) {
    EnrollmentFilter filter;
    filter.state = static_cast<EnrollmentState>(i);
    expect_filtered(filter, [&](const auto& fold) { return fold.state == *filter.state; });
  }
  for (const auto* student : {"s0", "s1", "s2", "unknown"}) {
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

inline void expect_coaching(const Views& views, const Folds& folds) {
  std::vector<CoachingFilter> filters(1);
  for (std::size_t i = 0; i < EnumNames<CoachingState>::values.size(); ++i)
    filters.push_back({.state = static_cast<CoachingState>(i), .instructor = {}});
  for (const auto* instructor : {"i0", "i1", "unknown"}) {
    filters.push_back({.state = {}, .instructor = InstructorId{instructor}});
    filters.push_back({.state = CoachingState::scheduled, .instructor = InstructorId{instructor}});
  }
  for (const auto& filter : filters)
    ASSERT_THAT(all_coaching(views, filter), ::testing::ElementsAreArray(those_of(folds, [&](const auto& fold) {
                  if (!fold.coaching || (filter.state && fold.coaching->state != *filter.state)) return false;
                  const bool released = fold.coaching->state == CoachingState::released;
                  return !filter.instructor || (!released && fold.coaching->instructor == filter.instructor);
                })));
}

inline void expect_deliveries(const Views& views, const Folds& folds) {
  std::vector<DeliveryFilter> filters(1);
  for (std::size_t i = 0; i < EnumNames<DeliveryState>::values.size(); ++i)
    filters.push_back({.state = static_cast<DeliveryState>(i), .student = {}});
  for (const auto* student : {"s0", "s1", "unknown"}) {
    filters.push_back({.state = {}, .student = StudentId{student}});
    filters.push_back({.state = DeliveryState::cancelled, .student = StudentId{student}});
  }
  for (const auto& filter : filters)
    ASSERT_THAT(all_deliveries(views, filter), ::testing::ElementsAreArray(those_of(folds, [&](const auto& fold) {
                  return fold.delivery != DeliveryState::none &&
                         (!filter.state || fold.delivery == *filter.state) &&
                         (!filter.student || fold.student == *filter.student);
                })));
}

inline void expect_lines(const Views& views, const RandomHistory& history) {
  ASSERT_TRUE(whole_waitlist(views, {"nothing"}).empty());
  for (const auto& [course, line] : lines_of(history, views.position()))
    ASSERT_THAT(whole_waitlist(views, {course}), ::testing::ElementsAreArray(line)) << course;
}

inline void expect_students(const Views& views, const RandomHistory& history) {
  const auto end = views.position();
  auto ledgers = ledgers_of(history, end);
  auto boxes = notifications_of(history, end);
  for (const std::string student : {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "unknown"}) {
    ASSERT_THAT(all_mileage(views, {student}), ::testing::ElementsAreArray(ledgers[student].rows)) << student;
    ASSERT_EQ(views.student_mileage({student}, {}).balances, ledgers[student].balances) << student;
    ASSERT_THAT(all_notifications(views, {student}), ::testing::ElementsAreArray(boxes[student])) << student;
  }
}

/// Every list, unfiltered and by each index, against the folds of the journal up to the views' position.
inline void expect_a_replay(const Views& views, const RandomHistory& history) {
  const auto folds = enrollments_of(history, views.position());
  ASSERT_NO_FATAL_FAILURE(expect_enrollments(views, folds));
  ASSERT_THAT(all_courses(views),
              ::testing::ElementsAreArray(values_of(courses_of(history, views.position(), test_now))));
  ASSERT_NO_FATAL_FAILURE(expect_coaching(views, folds));
  ASSERT_NO_FATAL_FAILURE(expect_deliveries(views, folds));
  ASSERT_NO_FATAL_FAILURE(expect_lines(views, history));
  ASSERT_NO_FATAL_FAILURE(expect_students(views, history));
}

}  // namespace sugang
