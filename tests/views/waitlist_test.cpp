#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reading.hpp"
#include "tests/simulation/memory_store.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A course of one seat, and students who want it, each with two records: the request, then the course's.
class Waitlist : public ::testing::Test {
 protected:
  void SetUp() override {
    add(CourseRegistered{{.kind = CourseKind::lecture, .title = "Full", .capacity = 1, .waitlist = true}});
  }

  static EnrollmentId id(std::uint64_t number) { return {make_uid(test_now, Partition{7}, number << 2, 0)}; }
  void add(const CourseEvent& event) { add(AggregateId{course_}, event, enrollment_in(event)); }
  void add(const AggregateId& aggregate, const Event& event, std::optional<EnrollmentId> enrollment) {
    end_ = records_.size() + 1;
    records_.push_back({.position = end_,
                        .aggregate = aggregate,
                        .sequence = end_,
                        .id = {make_uid(test_now, {}, end_ << 2, 2)},
                        .time = test_now,
                        .enrollment = enrollment,
                        .causation = {},
                        .trace = {},
                        .event = event});
  }
  void request(std::uint64_t number, std::uint32_t seats = 1) {
    const EnrollmentRequested request{.course = course_, .student = student(number), .seats = seats, .amount = {}};
    add(id(number), EnrollmentEvent{request}, id(number));
  }
  void wait(std::uint64_t number, std::uint64_t ticket, std::uint32_t seats = 1) {
    request(number, seats);
    add(SeatsWaitlisted{id(number), student(number), seats, ticket});
  }
  static StudentId student(std::uint64_t number) { return {"s" + std::to_string(number)}; }

  /// `s2@1`: the student of the row, at its place.
  std::vector<std::string> line(std::size_t limit = 200) {
    while (views_.run_once()) continue;
    std::vector<std::string> texts;
    for (const auto& row : whole_waitlist(views_, course_, limit))
      texts.push_back(row.enrollment.student.text + "@" + std::to_string(row.place));
    return texts;
  }
  std::uint32_t waitlisted() {
    while (views_.run_once()) continue;
    return all_courses(views_).front().waitlisted;
  }

  const CourseId course_{"full"};
  std::vector<Record> records_;
  Position end_ = 0;
  MemoryStore store_{views_space_count};
  Views views_ = make_views({[this](Position after, std::size_t limit) {
                               std::vector<Record> read;
                               for (auto at = after; at < end_ && read.size() < limit; ++at)
                                 read.push_back(records_[at]);
                               return read;
                             },
                             [this] { return end_; }},
                            store_);
};

TEST_F(Waitlist, IsInTheOrderOfTicketsAndNotOfIds) {
  wait(30, 1);
  wait(20, 2, 3);
  wait(10, 3);
  EXPECT_THAT(line(), ElementsAre("s30@1", "s20@2", "s10@3"));
  EXPECT_THAT(line(1), ElementsAre("s30@1", "s20@2", "s10@3"));
  EXPECT_EQ(waitlisted(), 5u);
}

TEST_F(Waitlist, LosesWhatIsPromotedWhatLeavesAndWhatIsDismissed) {
  for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) wait(10 * ticket, ticket);
  EXPECT_EQ(line().size(), 5u);
  add(WaiterPromoted{id(10), 1});
  EXPECT_THAT(line(), ElementsAre("s20@1", "s30@2", "s40@3", "s50@4"));
  EXPECT_EQ(waitlisted(), 4u);
  EXPECT_EQ(all_courses(views_).front().held, 1u);
  add(WaiterLeft{id(30)});
  EXPECT_THAT(line(), ElementsAre("s20@1", "s40@2", "s50@3"));
  add(CourseCancelled{"ill"});
  add(WaiterDismissed{id(20)});
  add(WaiterDismissed{id(40)});
  EXPECT_THAT(line(), ElementsAre("s50@1"));
  EXPECT_EQ(waitlisted(), 1u);
  EXPECT_TRUE(all_courses(views_).front().cancelled);
  EXPECT_EQ(all_courses(views_).front().state, CourseState::closed);
}

TEST_F(Waitlist, NeverShowsWhatCameAndLeftBetweenTwoLooks) {
  wait(10, 1);
  wait(20, 2);
  add(WaiterLeft{id(10)});
  EXPECT_THAT(line(), ElementsAre("s20@1"));
  add(WaiterPromoted{id(20), 1});
  EXPECT_THAT(line(), IsEmpty());
}

TEST_F(Waitlist, CountsOnFromThePageBeforeThoughItsHeadWasPromotedMeanwhile) {
  for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) wait(10 * ticket, ticket);
  line();
  const auto first = views_.list_waitlist(course_, {.limit = 2, .cursor = {}});
  ASSERT_EQ(first.listing.items.size(), 2u);
  EXPECT_EQ(first.listing.position, end_);
  add(WaiterPromoted{id(10), 1});
  while (views_.run_once()) continue;
  const auto second = views_.list_waitlist(course_, {.limit = 2, .cursor = *first.listing.next});
  ASSERT_EQ(second.listing.items.size(), 2u);
  EXPECT_EQ(second.listing.items[0].enrollment.student, student(30));
  EXPECT_EQ(second.listing.items[0].place, 3u);
  EXPECT_EQ(second.listing.items[1].place, 4u);
  EXPECT_FALSE(second.listing.next);
}

TEST_F(Waitlist, OfOneCourseIsNotAnothers) {
  wait(10, 1);
  line();
  EXPECT_THAT(whole_waitlist(views_, {"ful"}), IsEmpty());
  EXPECT_THAT(whole_waitlist(views_, {"full2"}), IsEmpty());
}

}  // namespace
}  // namespace sugang
