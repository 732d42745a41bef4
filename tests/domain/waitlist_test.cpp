#include <gtest/gtest.h>

#include "domain/course.hpp"
#include "tests/domain/given.hpp"
#include "tests/domain/waitlist_position.hpp"

namespace sugang {
namespace {

const StudentId ann{"ann"}, ben{"ben"}, cho{"cho"}, dai{"dai"};

/// A show that keeps a line.
CourseRegistered show(std::uint32_t capacity, std::uint32_t seats_per_student = 0) {
  auto definition = performance(capacity);
  definition.waitlist = true;
  definition.seats_per_student = seats_per_student;
  return {definition};
}
SeatsHeld held(std::uint64_t n, const StudentId& student, std::uint32_t seats = 1) {
  return {enrollment(n), student, seats};
}
SeatsWaitlisted waits(std::uint64_t n, const StudentId& student, std::uint32_t seats, std::uint64_t ticket) {
  return {enrollment(n), student, seats, ticket};
}
WaiterPromoted promoted(std::uint64_t n, std::uint32_t seats = 1) { return {enrollment(n), seats}; }
SeatsReleased released(std::uint64_t n, std::uint32_t seats = 1) { return {enrollment(n), seats}; }
HoldSeats hold_or_wait(std::uint64_t n, const StudentId& student, std::uint32_t seats = 1) {
  return {enrollment(n), student, seats, PaymentSide::available, true};
}
HoldSeats hold_only(std::uint64_t n, const StudentId& student, std::uint32_t seats = 1) {
  return {enrollment(n), student, seats};
}
ReleaseSeats release(std::uint64_t n) { return {enrollment(n)}; }
ReviseCourse capacity_to(std::uint32_t capacity) {
  return {.expected_definition = 1, .title = {}, .capacity = capacity, .state = {}};
}
ReviseCourse close_it() {
  return {.expected_definition = 1, .title = {}, .capacity = {}, .state = CourseState::closed};
}
const CourseRevised closed{.title = {}, .capacity = {}, .state = CourseState::closed};

TEST(Waitlist, TakesWhatFindsTheCourseFull) {
  EXPECT_THAT(given<Course>(show(1), held(1, ann)).when(hold_or_wait(2, ben)), Causes(waits(2, ben, 1, 1)));
  EXPECT_THAT(given<Course>(show(3), held(1, ann, 2)).when(hold_or_wait(2, ben, 2)), Causes(waits(2, ben, 2, 1)));
}

TEST(Waitlist, IsOnlyJoinedOnRequestInACourseThatHasOne) {
  EXPECT_THAT(given<Course>(show(1), held(1, ann)).when(hold_only(2, ben)), Refuses(CourseError::sold_out));
  EXPECT_THAT(given<Course>(CourseRegistered{performance(1)}, held(1, ann)).when(hold_or_wait(2, ben)),
              Refuses(CourseError::sold_out));
}

TEST(Waitlist, IsNotForWhomThereIsASeat) {
  EXPECT_THAT(given<Course>(show(2), held(1, ann)).when(hold_or_wait(2, ben)), Causes(held(2, ben)));
}

TEST(Waitlist, IsNotForWhatCouldNeverFit) {
  EXPECT_THAT(given<Course>(show(2)).when(hold_or_wait(1, ann, 3)), Refuses(CourseError::sold_out));
  EXPECT_THAT(given<Course>(show(2), held(1, ann)).when(hold_or_wait(2, ben, 2)), Causes(waits(2, ben, 2, 1)));
}

TEST(Waitlist, GivesEachTicketOnce) {
  const auto past =
      given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1), waits(3, cho, 1, 2), WaiterLeft{enrollment(3)});
  EXPECT_THAT(past.when(hold_or_wait(4, dai)), Causes(waits(4, dai, 1, 3)));
}

TEST(Waitlist, HoldsABoundedNumberOfSeats) {
  const auto past = given<Course>(show(waitlist_seats_max), held(1, ann), waits(2, ben, waitlist_seats_max - 1, 1));
  EXPECT_THAT(past.when(hold_or_wait(3, cho, 2)), Refuses(CourseError::sold_out));
  EXPECT_THAT(past.when(hold_or_wait(3, cho, 1)), Causes(waits(3, cho, 1, 2)));
}

TEST(Waitlist, CountsItsSeatsAgainstTheLimitPerStudent) {
  const auto past = given<Course>(show(2, 2), held(1, ann, 2), waits(2, ben, 1, 1));
  EXPECT_THAT(past.when(hold_or_wait(3, ben, 2)), Refuses(CourseError::too_many_seats));
  EXPECT_THAT(past.when(hold_or_wait(3, ben, 1)), Causes(waits(3, ben, 1, 2)));
  EXPECT_THAT(past.when(hold_or_wait(3, ann, 1)), Refuses(CourseError::too_many_seats));
  EXPECT_EQ(past.state().share_of.at(ben).seats, 1u);
  EXPECT_EQ(past.state().waitlisted, 1u);
  EXPECT_EQ(past.state().available(), 0u);
}

TEST(Waitlist, IsEnteredWhilePaymentsAreDownAsAPromotionWaitsForThem) {
  auto definition = show(1).definition;
  definition.payment_unavailable = PaymentUnavailable::refuse;
  auto command = hold_or_wait(2, ben);
  command.payments = PaymentSide::unavailable;
  EXPECT_THAT(given<Course>(CourseRegistered{definition}, held(1, ann)).when(command), Causes(waits(2, ben, 1, 1)));
}

TEST(Waitlist, IsEnteredOnceHoweverOftenOneAsks) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1));
  EXPECT_THAT(past.when(hold_or_wait(2, ben)), ChangesNothing());
  EXPECT_THAT(past.when(hold_only(2, ben)), ChangesNothing());
}

TEST(Waitlist, OfAClosedCourseTakesNothing) {
  EXPECT_THAT(given<Course>(show(1), held(1, ann), closed).when(hold_or_wait(2, ben)),
              Refuses(CourseError::not_open));
}

TEST(Invariant12, NothingOvertakesTheWaitlist) {
  // One seat is free, and the head needs two.
  const auto past = given<Course>(show(3), held(1, ann, 2), waits(2, ben, 2, 1));
  EXPECT_THAT(past.when(hold_or_wait(3, cho, 1)), Causes(waits(3, cho, 1, 2)));
  EXPECT_THAT(past.when(hold_only(3, cho, 1)), Refuses(CourseError::sold_out));
}

TEST(Invariant12, AReleasePromotesTheHeadInTheSameDecision) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1), waits(3, cho, 1, 2));
  EXPECT_THAT(past.when(release(1)), Causes(released(1), promoted(2)));
}

TEST(Invariant12, ATakenSeatThatIsReleasedPromotesTheHeadToo) {
  const auto past = given<Course>(show(1), held(1, ann), SeatsTaken{enrollment(1)}, waits(2, ben, 1, 1));
  EXPECT_THAT(past.when(release(1)), Causes(released(1), promoted(2)));
}

TEST(Invariant12, AReleasePromotesAllWhoFitUpToTheFirstWhoDoesNot) {
  const auto past = given<Course>(show(4), held(1, ann, 4), waits(2, ben, 1, 1), waits(3, cho, 2, 2),
                                  waits(4, dai, 2, 3), waits(5, dai, 1, 4));
  EXPECT_THAT(past.when(release(1)), Causes(released(1, 4), promoted(2), promoted(3, 2)));
}

TEST(Invariant12, AHeadThatDoesNotFitHoldsUpWhoWould) {
  const auto past = given<Course>(show(3), held(1, ann), held(2, ann, 2), waits(3, ben, 3, 1), waits(4, cho, 1, 2));
  EXPECT_THAT(past.when(release(1)), Causes(released(1)));
  EXPECT_FALSE(waitlist_advances(given<Course>(show(3), held(2, ann, 2), waits(3, ben, 3, 1)).state(), noon));
}

TEST(Invariant12, AHeadThatLeavesLetsTheNextPass) {
  const auto past = given<Course>(show(3), held(1, ann, 2), waits(2, ben, 2, 1), waits(3, cho, 1, 2));
  EXPECT_THAT(past.when(release(2)), Causes(WaiterLeft{enrollment(2)}, promoted(3)));
}

TEST(Invariant12, LeavingTheMiddlePromotesNothing) {
  const auto past = given<Course>(show(3), held(1, ann, 2), waits(2, ben, 2, 1), waits(3, cho, 1, 2));
  EXPECT_THAT(past.when(release(3)), Causes(WaiterLeft{enrollment(3)}));
}

TEST(Invariant12, AGrowingCapacityPromotesWhoFits) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1), waits(3, cho, 1, 2));
  EXPECT_THAT(past.when(capacity_to(2)), Causes(CourseRevised{{}, 2, {}}, promoted(2)));
  EXPECT_THAT(past.when(capacity_to(9)), Causes(CourseRevised{{}, 9, {}}, promoted(2), promoted(3)));
}

TEST(Invariant12, AShrinkingCapacityLeavesTheLineAsItIs) {
  const auto past = given<Course>(show(3), held(1, ann, 2), waits(2, ben, 2, 1));
  EXPECT_THAT(past.when(capacity_to(2)), Causes(CourseRevised{{}, 2, {}}));
  EXPECT_THAT(past.when(capacity_to(1)), Refuses(CourseError::capacity_below_taken));
}

TEST(Invariant12, AHeadThatTheShrunkCourseCanNeverSeatDelaysNothing) {
  const auto past = given<Course>(show(4), held(1, ann), waits(2, ben, 4, 1), waits(3, cho, 1, 2));
  EXPECT_THAT(
      past.when(capacity_to(3)),
      Causes(CourseRevised{{}, 3, {}}, WaiterDismissed{enrollment(2), Dismissal::capacity_reduced}, promoted(3)));
}

TEST(Invariant12, ManyWhoCanNeverFitAreDismissedInChunksAndThenTheOthersMove) {
  std::vector<CourseEvent> events{show(10), held(0, ann, 9)};
  const std::uint64_t large = 2 * waitlist_chunk + 5;
  for (std::uint64_t n = 1; n <= large; ++n) events.push_back(waits(n, ben, 10, n));
  events.push_back(waits(large + 1, cho, 1, large + 1));
  auto course = replay<Course>(events);
  std::size_t dismissed = 0;
  CourseCommand command = ReviseCourse{.expected_definition = 1, .title = {}, .capacity = 9, .state = {}};
  for (int turns = 0; turns == 0 || waitlist_advances(course, noon); ++turns, command = AdvanceWaitlist{}) {
    ASSERT_LT(turns, 5);
    const auto decision = decide(course, command, noon);
    EXPECT_LE(decision.events.size(), 1 + waitlist_chunk);
    for (const auto& event : decision.events) {
      if (std::holds_alternative<WaiterDismissed>(event)) ++dismissed;
      apply(course, event);
    }
  }
  EXPECT_EQ(dismissed, large);
  EXPECT_EQ(course.waitlist.size(), 1u) << "who can still fit waits on";
  EXPECT_THAT(decide(course, release(0), noon), Causes(released(0, 9), promoted(large + 1)));
}

TEST(Invariant12, NothingIsPromotedTwice) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1), released(1), promoted(2));
  EXPECT_THAT(past.when(AdvanceWaitlist{}), ChangesNothing());
  EXPECT_THAT(past.when(release(1)), ChangesNothing());
  EXPECT_THAT(past.when(hold_or_wait(2, ben)), ChangesNothing());
  const auto course = past.state();
  EXPECT_EQ(course.held, 1u);
  EXPECT_EQ(course.waitlisted, 0u);
  EXPECT_EQ(course.share_of.at(ben).seats, 1u);
  EXPECT_EQ(waitlist_position_of(course, enrollment(2)), std::nullopt);
}

TEST(PromotedEnrollment, TakesAndReleasesItsSeatsLikeAnyOther) {
  const auto past = given<Course>(show(2), held(1, ann, 2), waits(2, ben, 2, 1), released(1, 2), promoted(2, 2));
  EXPECT_THAT(past.when(TakeSeats{enrollment(2)}), Causes(SeatsTaken{enrollment(2)}));
  EXPECT_THAT(past.when(release(2)), Causes(released(2, 2)));
}

TEST(Waiter, HasNoSeatsToTake) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1));
  EXPECT_THAT(past.when(TakeSeats{enrollment(2)}), Refuses(CourseError::undone));
}

TEST(AfterLeavingTheWaitlist, AnEnrollmentIsNotTakenAgain) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1), WaiterLeft{enrollment(2)});
  EXPECT_THAT(past.when(hold_or_wait(2, ben)), Refuses(CourseError::undone));
  EXPECT_THAT(past.when(release(2)), ChangesNothing());
  EXPECT_FALSE(past.state().share_of.contains(ben));
  EXPECT_THAT(past.when(hold_or_wait(3, ben)), Causes(waits(3, ben, 1, 2)));
}

TEST(ReleaseSeats, BeforeTheWaitLeavesATombstone) {
  EXPECT_THAT(given<Course>(show(1), held(1, ann), released(2, 0)).when(hold_or_wait(2, ben)),
              Refuses(CourseError::undone));
}

TEST(WaitlistPosition, CountsFromTheHeadAndMovesUp) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1), waits(3, cho, 1, 2),
                                  waits(4, dai, 1, 3), WaiterLeft{enrollment(3)});
  EXPECT_EQ(waitlist_position_of(past.state(), enrollment(2)), 1u);
  EXPECT_EQ(waitlist_position_of(past.state(), enrollment(3)), std::nullopt);
  EXPECT_EQ(waitlist_position_of(past.state(), enrollment(4)), 2u);
  EXPECT_EQ(waitlist_position_of(past.state(), enrollment(1)), std::nullopt);
}

/// A full course of one seat, and a line of `count` for one seat each.
Course with_waitlist(std::size_t count) {
  std::vector<CourseEvent> events{show(1), held(0, ann)};
  for (std::size_t n = 1; n <= count; ++n) events.push_back(waits(n, {"s" + std::to_string(n)}, 1, n));
  return replay<Course>(events);
}
std::size_t obey(Course& course, const CourseCommand& command, TimePoint now = noon) {
  const auto decision = decide(course, command, now);
  EXPECT_EQ(decision.error, std::nullopt);
  for (const auto& event : decision.events) apply(course, event);
  return decision.events.size();
}

TEST(AdvanceWaitlist, GoesOnWhereAChunkEnded) {
  auto course = with_waitlist(2 * waitlist_chunk + 5);
  EXPECT_EQ(obey(course, capacity_to(1000)), 1 + waitlist_chunk);
  EXPECT_TRUE(waitlist_advances(course, noon));
  // While the rest is on its way, nothing comes in between.
  EXPECT_THAT(decide(course, hold_only(900, dai), noon), Refuses(CourseError::sold_out));
  EXPECT_EQ(obey(course, AdvanceWaitlist{}), waitlist_chunk);
  EXPECT_TRUE(waitlist_advances(course, noon));
  EXPECT_EQ(obey(course, AdvanceWaitlist{}), 5u);
  EXPECT_FALSE(waitlist_advances(course, noon));
  EXPECT_EQ(obey(course, AdvanceWaitlist{}), 0u);
  EXPECT_EQ(course.held, 1 + 2 * waitlist_chunk + 5);
}

TEST(AdvanceWaitlist, PromotesNothingWhileTheHeadDoesNotFit) {
  EXPECT_THAT(given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1)).when(AdvanceWaitlist{}), ChangesNothing());
  EXPECT_FALSE(waitlist_advances(with_waitlist(3), noon));
}

TEST(AdvanceWaitlist, OfAClosedCourseDismissesAllInChunks) {
  auto course = with_waitlist(waitlist_chunk + 3);
  EXPECT_EQ(obey(course, close_it()), 1u);
  EXPECT_TRUE(waitlist_advances(course, noon));
  const auto decision = decide(course, AdvanceWaitlist{}, noon);
  ASSERT_EQ(decision.events.size(), waitlist_chunk);
  EXPECT_EQ(decision.events.front(), CourseEvent{WaiterDismissed{enrollment(1)}});
  for (const auto& event : decision.events) apply(course, event);
  EXPECT_EQ(obey(course, AdvanceWaitlist{}), 3u);
  EXPECT_FALSE(waitlist_advances(course, noon));
  EXPECT_EQ(course.waitlisted, 0u);
  EXPECT_EQ(course.share_of.size(), 1u) << "only the holder is left";
  EXPECT_THAT(decide(course, hold_or_wait(1, ben), noon), Refuses(CourseError::undone));
}

TEST(AdvanceWaitlist, OfACourseThatClosesByTheClockDismissesAll) {
  auto definition = show(1).definition;
  definition.closes_at = noon;
  const auto past = given<Course>(CourseRegistered{definition}, held(1, ann), waits(2, ben, 1, 1));
  EXPECT_FALSE(waitlist_advances(past.state(), noon - Milliseconds{1}));
  EXPECT_TRUE(waitlist_advances(past.state(), noon));
  EXPECT_THAT(Past<Course>{past}.at(noon).when(AdvanceWaitlist{}), Causes(WaiterDismissed{enrollment(2)}));
}

TEST(ClosedCourse, PromotesNothingWhateverIsReleased) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1), waits(3, cho, 1, 2), closed);
  EXPECT_THAT(past.when(release(1)), Causes(released(1)));
  EXPECT_THAT(past.when(release(2)), Causes(WaiterLeft{enrollment(2)}));
  EXPECT_THAT(past.when(ReviseCourse{.expected_definition = 2, .title = {}, .capacity = 5, .state = {}}),
              Causes(CourseRevised{{}, 5, {}}));
}

TEST(ReviseCourse, ThatGrowsAndClosesAtOncePromotesNothing) {
  auto grow_and_close = close_it();
  grow_and_close.capacity = 5;
  EXPECT_THAT(given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1)).when(grow_and_close),
              Causes(CourseRevised{{}, 5, CourseState::closed}));
}

TEST(CancelCourse, ClosesItForGoodAndKeepsTheReason) {
  EXPECT_THAT(given<Course>(show(1)).when(CancelCourse{"burst pipe"}), Causes(CourseCancelled{"burst pipe"}));
  const auto past = given<Course>(show(2), held(1, ann), CourseCancelled{"burst pipe"});
  EXPECT_EQ(past.state().cancel_reason, "burst pipe");
  EXPECT_THAT(past.when(hold_or_wait(2, ben)), Refuses(CourseError::not_open));
  EXPECT_THAT(
      past.when(ReviseCourse{.expected_definition = 2, .title = {}, .capacity = {}, .state = CourseState::open}),
      Refuses(CourseError::state_not_reachable));
}

TEST(CancelCourse, IsAChangeOfTheDefinitionForRevisions) {
  EXPECT_THAT(given<Course>(show(2), CourseCancelled{""}).when(capacity_to(5)),
              Refuses(CourseError::definition_changed));
}

TEST(CancelCourse, TwiceIsOnce) {
  EXPECT_THAT(given<Course>(show(1), CourseCancelled{"burst pipe"}).when(CancelCourse{"again"}), ChangesNothing());
  EXPECT_THAT(given<Course>().when(CancelCourse{""}), Refuses(CourseError::not_found));
}

TEST(CancelCourse, LeavesClaimsAndWaitlistToTheirOwnCancels) {
  const auto past = given<Course>(show(1), held(1, ann), waits(2, ben, 1, 1), CourseCancelled{""});
  EXPECT_THAT(past.when(AdvanceWaitlist{}), ChangesNothing());
  EXPECT_FALSE(waitlist_advances(past.state(), noon));
  EXPECT_THAT(past.when(release(1)), Causes(released(1)));
  EXPECT_THAT(past.when(release(2)), Causes(WaiterLeft{enrollment(2)}));
}

}  // namespace
}  // namespace sugang
