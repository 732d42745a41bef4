#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_history.hpp"
#include "reading.hpp"
#include "replay.hpp"
#include "tests/simulation/memory_store.hpp"
#include "views/cursor.hpp"
#include "views/row_keys.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAreArray;

class Paging : public ::testing::Test {
 protected:
  const RandomHistory history_{21};
  Position end_ = history_.end();
  MemoryStore store_{views_space_count};
};

/// `list(limit)`: all rows, read in pages of `limit`.
template <class Row, class List>
void expect_in_pages_of_any_size(const std::vector<Row>& expected, List list) {
  for (std::size_t limit = 1; limit <= expected.size() + 1; ++limit)
    ASSERT_THAT(list(limit), ElementsAreArray(expected)) << limit;
}

TEST_F(Paging, NeitherSkipsNorRepeatsARowWhateverTheLimit) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  expect_in_pages_of_any_size(values_of(enrollments_of(history_, end_)),
                              [&](auto limit) { return all_enrollments(made, {}, limit); });
  expect_in_pages_of_any_size(values_of(courses_of(history_, end_, test_now)),
                              [&](auto limit) { return all_courses(made, {}, limit); });
  for (const auto& [course, line] : lines_of(history_, end_))
    expect_in_pages_of_any_size(line, [&](auto limit) { return whole_waitlist(made, {course}, limit); });
  for (const auto& [student, ledger] : ledgers_of(history_, end_))
    expect_in_pages_of_any_size(ledger.rows, [&](auto limit) { return all_mileage(made, {student}, limit); });
  for (const auto& [student, box] : notifications_of(history_, end_))
    expect_in_pages_of_any_size(box, [&](auto limit) { return all_notifications(made, {student}, limit); });
  expect_in_pages_of_any_size(all_coaching(made, {}), [&](auto limit) { return all_coaching(made, {}, limit); });
  expect_in_pages_of_any_size(all_deliveries(made, {}),
                              [&](auto limit) { return all_deliveries(made, {}, limit); });
}

TEST_F(Paging, HasTheWholeBalanceOnEveryPage) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  for (const auto& [student, ledger] : ledgers_of(history_, end_)) {
    Page page{.limit = 1, .cursor = {}};
    for (std::size_t pages = 1;; ++pages) {
      const auto statement = made.student_mileage({student}, page);
      EXPECT_EQ(statement.balances, ledger.balances);
      EXPECT_EQ(statement.entries.listing.position, end_);
      if (!statement.entries.listing.next) {
        EXPECT_EQ(pages, std::max<std::size_t>(ledger.rows.size(), 1));
        break;
      }
      page.cursor = *statement.entries.listing.next;
    }
  }
}

TEST_F(Paging, HasANextPageOnlyWhenThereIsOne) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  const auto count = enrollments_of(history_, end_).size();
  EXPECT_FALSE(made.list_enrollments({}, {.limit = count, .cursor = {}}).listing.next);
  EXPECT_TRUE(made.list_enrollments({}, {.limit = count - 1, .cursor = {}}).listing.next);
}

TEST_F(Paging, EndsAPageEarlyWhenTooManyRowsWereExamined) {
  Views::Limits limits;
  limits.lists.examined_rows_max = 4;
  auto made = make_views(history_.source(&end_), store_, limits);
  while (made.run_once()) continue;
  EnrollmentFilter filter;
  filter.state = EnrollmentState::confirmed;
  const auto page = made.list_enrollments(filter, {.limit = 3, .cursor = {}});
  EXPECT_LT(page.listing.items.size(), 3u);
  EXPECT_TRUE(page.listing.next);
  std::vector<EnrollmentSummary> expected;
  for (const auto& [id, fold] : enrollments_of(history_, end_))
    if (fold.state == EnrollmentState::confirmed) expected.push_back(fold);
  EXPECT_THAT(all_enrollments(made, filter, 3), ElementsAreArray(expected));
}

TEST_F(Paging, GoesOnBehindRowsThatCameMeanwhile) {
  end_ = history_.end() / 2;
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  const auto first = made.list_enrollments({}, {.limit = 5, .cursor = {}});
  ASSERT_TRUE(first.listing.next);
  end_ = history_.end();
  while (made.run_once()) continue;
  const auto second = made.list_enrollments({}, {.limit = 200, .cursor = *first.listing.next});
  auto expected = enrollments_of(history_, end_);
  std::erase_if(expected, [&](const auto& row) { return row.first <= first.listing.items.back().id; });
  EXPECT_THAT(second.listing.items, ElementsAreArray(values_of(expected)));
}

TEST_F(Paging, FiltersCoursesByKind) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  const auto courses = courses_of(history_, end_, test_now);
  std::size_t found = 0;
  for (const auto kind :
       {CourseKind::lecture, CourseKind::performance, CourseKind::product, CourseKind::training}) {
    std::vector<CourseSnapshot> expected;
    for (const auto& [name, course] : courses)
      if (course.definition.kind == kind) expected.push_back(course);
    EXPECT_THAT(all_courses(made, kind, 1), ElementsAreArray(expected));
    EXPECT_LT(expected.size(), courses.size());
    found += expected.size();
  }
  EXPECT_EQ(found, courses.size());
}

TEST_F(Paging, RefusesACursorThatItDidNotMake) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  const auto good = *made.list_enrollments({}, {.limit = 2, .cursor = {}}).listing.next;
  auto is_refused = [&](const std::string& cursor) {
    const auto result = made.list_enrollments({}, {.limit = 2, .cursor = cursor});
    return result.cursor_invalid && result.listing.items.empty();
  };
  EXPECT_FALSE(is_refused(good));
  for (const auto* bad : {"x", "!", "AAAA", "AAAAAAAAAAAAAAAA", "null", "%00"}) EXPECT_TRUE(is_refused(bad)) << bad;
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(is_refused(changed)) << changed;
    EXPECT_TRUE(is_refused(good.substr(0, i)) || i == 0) << i;
  }
}

TEST_F(Paging, RefusesACursorOfAnotherList) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  EnrollmentFilter of_one;
  of_one.course = CourseId{"course-1"};
  const auto cursor = *made.list_enrollments(of_one, {.limit = 1, .cursor = {}}).listing.next;
  EXPECT_TRUE(made.list_enrollments({}, {.limit = 1, .cursor = cursor}).cursor_invalid);
  EXPECT_TRUE(made.list_courses({}, {.limit = 1, .cursor = cursor}).cursor_invalid);
  of_one.course = CourseId{"course-2"};
  EXPECT_TRUE(made.student_page({"s1"}, {.limit = 1, .cursor = cursor}).cursor_invalid);
  EXPECT_TRUE(made.list_enrollments(of_one, {.limit = 1, .cursor = cursor}).cursor_invalid);
  const Page page{.limit = 1, .cursor = cursor};
  EXPECT_TRUE(made.list_waitlist({"course-1"}, page).cursor_invalid);
  EXPECT_TRUE(made.list_coaching({}, page).cursor_invalid);
  EXPECT_TRUE(made.list_deliveries({}, page).cursor_invalid);
  EXPECT_TRUE(made.student_mileage({"s1"}, page).entries.cursor_invalid);
  EXPECT_TRUE(made.student_notifications({"s1"}, page).cursor_invalid);
}

TEST_F(Paging, RefusesACursorOfAnotherStudent) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  const auto mileage = *made.student_mileage({"s1"}, {.limit = 1, .cursor = {}}).entries.listing.next;
  EXPECT_FALSE(made.student_mileage({"s1"}, {.limit = 1, .cursor = mileage}).entries.cursor_invalid);
  EXPECT_TRUE(made.student_mileage({"s2"}, {.limit = 1, .cursor = mileage}).entries.cursor_invalid);
  const auto box = *made.student_notifications({"s1"}, {.limit = 1, .cursor = {}}).listing.next;
  EXPECT_FALSE(made.student_notifications({"s1"}, {.limit = 1, .cursor = box}).cursor_invalid);
  EXPECT_TRUE(made.student_notifications({"s2"}, {.limit = 1, .cursor = box}).cursor_invalid);
}

TEST(Cursor, CarriesAnyKey) {
  std::string key;
  for (int i = 0; i < 300; ++i) {
    key.push_back(static_cast<char>(i * 7));
    const auto cursor = make_cursor("list", key);
    EXPECT_EQ(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_EQ(read_cursor("list", cursor), key);
    EXPECT_EQ(read_cursor("other", cursor), std::nullopt);
  }
}

}  // namespace
}  // namespace sugang
