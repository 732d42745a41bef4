#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <thread>

#include "views/row_keys.hpp"
#include "views/views.hpp"

namespace sugang {

inline constexpr TimePoint test_now{Milliseconds{1'700'000'100'000}};

inline constexpr std::array every_view{ViewId::enrollments, ViewId::courses, ViewId::mileage};

inline void fail_the_test(const std::string& why) { ADD_FAILURE() << why; }

inline Views::Limits small_chunks(std::size_t records) {
  Views::Limits limits;
  limits.projector.chunk_records_max = records;
  // So small that rows and holds are read again all the time.
  limits.summaries_kept_max = 3;
  limits.courses_kept_max = 2;
  limits.held_kept_max = 3;
  limits.balances_kept_max = 2;
  return limits;
}

inline Views make_views(RecordSource source, KeyValueStore& store, Views::Limits limits = {}) {
  return Views{std::move(source), store, limits, fail_the_test, [] { return test_now; }};
}

/// Waits for what another thread does.
inline ::testing::AssertionResult eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return ::testing::AssertionFailure() << "not within 20 s";
    std::this_thread::yield();
  }
  return ::testing::AssertionSuccess();
}

/// All pages of a list, one after the other.
template <class Row>
std::vector<Row> all_pages(std::size_t limit, const std::function<ListResult<Row>(const Page&)>& list) {
  std::vector<Row> rows;
  Page page{.limit = limit, .cursor = {}};
  for (;;) {
    auto result = list(page);
    EXPECT_FALSE(result.cursor_invalid);
    EXPECT_LE(result.listing.items.size(), limit);
    auto& items = result.listing.items;
    rows.insert(rows.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
    if (!result.listing.next || result.cursor_invalid) return rows;
    page.cursor = *result.listing.next;
  }
}

inline std::vector<EnrollmentSummary> all_enrollments(const Views& views, const EnrollmentFilter& filter = {},
                                                      std::size_t limit = 200) {
  return all_pages<EnrollmentSummary>(limit,
                                      [&](const Page& page) { return views.list_enrollments(filter, page); });
}
inline std::vector<CourseSnapshot> all_courses(const Views& views, std::optional<CourseKind> kind = {},
                                               std::size_t limit = 200) {
  return all_pages<CourseSnapshot>(limit, [&](const Page& page) { return views.list_courses(kind, page); });
}

inline std::vector<WaitlistRow> whole_waitlist(const Views& views, const CourseId& course,
                                               std::size_t limit = 200) {
  return all_pages<WaitlistRow>(limit, [&](const Page& page) { return views.list_waitlist(course, page); });
}
inline std::vector<EnrollmentSummary> all_coaching(const Views& views, const CoachingFilter& filter,
                                                   std::size_t limit = 200) {
  return all_pages<EnrollmentSummary>(limit, [&](const Page& page) { return views.list_coaching(filter, page); });
}
inline std::vector<EnrollmentSummary> all_deliveries(const Views& views, const DeliveryFilter& filter,
                                                     std::size_t limit = 200) {
  return all_pages<EnrollmentSummary>(limit, [&](const Page& page) { return views.list_deliveries(filter, page); });
}
inline std::vector<MileageRow> all_mileage(const Views& views, const StudentId& student, std::size_t limit = 200) {
  return all_pages<MileageRow>(limit,
                               [&](const Page& page) { return views.student_mileage(student, page).entries; });
}
inline std::vector<Notice> all_notifications(const Views& views, const StudentId& student,
                                             std::size_t limit = 200) {
  return all_pages<Notice>(limit, [&](const Page& page) { return views.student_notifications(student, page); });
}

template <class Key, class Row>
std::vector<Row> values_of(const std::map<Key, Row>& rows) {
  std::vector<Row> values;
  values.reserve(rows.size());
  for (const auto& [key, row] : rows) values.push_back(row);
  return values;
}

}  // namespace sugang
