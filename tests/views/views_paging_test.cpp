#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_history.hpp"
#include "reading.hpp"
#include "storage/memory_store.hpp"
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

TEST_F(Paging, NeitherSkipsNorRepeatsARowWhateverTheLimit) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  const auto expected = values_of(history_.enrollments(end_));
  for (std::size_t limit = 1; limit <= expected.size() + 1; ++limit)
    ASSERT_THAT(all_enrollments(made, {}, limit), ElementsAreArray(expected));
  const auto courses = values_of(history_.courses(end_, test_now));
  for (std::size_t limit = 1; limit <= courses.size() + 1; ++limit)
    ASSERT_THAT(all_courses(made, {}, limit), ElementsAreArray(courses));
}

TEST_F(Paging, TellsOfANextPageOnlyWhenThereIsOne) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  const auto count = history_.enrollments(end_).size();
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
  for (const auto& [id, fold] : history_.enrollments(end_))
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
  auto expected = history_.enrollments(end_);
  std::erase_if(expected, [&](const auto& row) { return row.first <= first.listing.items.back().id; });
  EXPECT_THAT(second.listing.items, ElementsAreArray(values_of(expected)));
}

TEST_F(Paging, FiltersCoursesByKind) {
  auto made = make_views(history_.source(&end_), store_);
  while (made.run_once()) continue;
  std::vector<CourseSnapshot> expected;
  for (const auto& [name, course] : history_.courses(end_, test_now))
    if (course.definition.kind == CourseKind::performance) expected.push_back(course);
  ASSERT_FALSE(expected.empty());
  EXPECT_THAT(all_courses(made, CourseKind::performance, 1), ElementsAreArray(expected));
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
