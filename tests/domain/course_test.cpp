#include "domain/course.hpp"

#include <gtest/gtest.h>

#include "tests/domain/given.hpp"

namespace sugang {
namespace {

using std::chrono::hours;

const StudentId ann{"ann"}, ben{"ben"}, cho{"cho"};

CourseRegistered registered(CourseDefinition definition) { return {std::move(definition)}; }
CourseDefinition in_state(CourseState state) {
  auto definition = lecture(10);
  definition.state = state;
  return definition;
}
SeatsHeld held(std::uint64_t n, const StudentId& student = ann, std::uint32_t seats = 1) {
  return {enrollment(n), student, seats};
}
SeatsTaken taken(std::uint64_t n) { return {enrollment(n)}; }
SeatsReleased released(std::uint64_t n, std::uint32_t seats) { return {enrollment(n), seats}; }
HoldSeats hold(std::uint64_t n, const StudentId& student = ann, std::uint32_t seats = 1) {
  return {enrollment(n), student, seats};
}
ReviseCourse capacity_to(std::uint32_t capacity, std::uint64_t definition = 1) {
  return {.expected_definition = definition, .title = {}, .capacity = capacity, .state = {}};
}
ReviseCourse state_to(CourseState state, std::uint64_t definition = 1) {
  return {.expected_definition = definition, .title = {}, .capacity = {}, .state = state};
}
CourseRevised now_holding(std::uint32_t capacity) { return {.title = {}, .capacity = capacity, .state = {}}; }
CourseRevised now_in(CourseState state) { return {.title = {}, .capacity = {}, .state = state}; }

TEST(RegisterCourse, IsRememberedAsItWasGiven) {
  EXPECT_THAT(given<Course>().when(RegisterCourse{lecture(10)}), Causes(registered(lecture(10))));
  const auto course = given<Course>(registered(lecture(10))).state();
  EXPECT_EQ(course.definition, lecture(10));
  EXPECT_EQ(course.available(), 10u);
}

TEST(RegisterCourse, TwiceIsRefused) {
  EXPECT_THAT(given<Course>(registered(lecture(10))).when(RegisterCourse{lecture(10)}),
              Refuses(CourseError::already_exists));
  EXPECT_THAT(given<Course>(registered(lecture(10))).when(RegisterCourse{performance(3)}),
              Refuses(CourseError::already_exists));
}

TEST(UnregisteredCourse, HasNoSeats) {
  const auto nothing = given<Course>();
  EXPECT_THAT(nothing.when(hold(1)), Refuses(CourseError::not_found));
  EXPECT_THAT(nothing.when(TakeSeats{enrollment(1)}), Refuses(CourseError::not_found));
  EXPECT_THAT(nothing.when(ReleaseSeats{enrollment(1)}), Refuses(CourseError::not_found));
  EXPECT_THAT(nothing.when(capacity_to(5, 0)), Refuses(CourseError::not_found));
}

TEST(ReviseCourse, HasOnlyWhatWasRequested) {
  const ReviseCourse all{
      .expected_definition = 1, .title = "Compilers", .capacity = 20, .state = CourseState::closed};
  EXPECT_THAT(given<Course>(registered(lecture(10))).when(all),
              Causes(CourseRevised{"Compilers", 20, CourseState::closed}));
  EXPECT_THAT(given<Course>(registered(lecture(10))).when(capacity_to(11)), Causes(now_holding(11)));
}

TEST(ReviseCourse, ToWhatItIsAlreadyChangesNothing) {
  const auto past = given<Course>(registered(lecture(10)));
  EXPECT_THAT(past.when(capacity_to(10)), ChangesNothing());
  EXPECT_THAT(past.when(state_to(CourseState::open)), ChangesNothing());
  EXPECT_THAT(past.when(ReviseCourse{.expected_definition = 1, .title = "Databases", .capacity = {}, .state = {}}),
              ChangesNothing());
  EXPECT_THAT(past.when(ReviseCourse{.expected_definition = 1, .title = {}, .capacity = {}, .state = {}}),
              ChangesNothing());
}

TEST(ReviseCourse, OfADefinitionThatHasChangedIsRefused) {
  const auto past = given<Course>(registered(lecture(10)), now_holding(11));
  EXPECT_THAT(past.when(capacity_to(12, 1)), Refuses(CourseError::definition_changed));
  EXPECT_THAT(past.when(capacity_to(12, 3)), Refuses(CourseError::definition_changed));
  EXPECT_THAT(past.when(capacity_to(12, 2)), Causes(now_holding(12)));
}

TEST(ReviseCourse, IsNotDisturbedByMovingSeats) {
  const auto past = given<Course>(registered(lecture(10)), held(1), taken(1), held(2, ben), released(2, 1));
  EXPECT_THAT(past.when(capacity_to(12, 1)), Causes(now_holding(12)));
}

TEST(ReviseCourse, NeverTakesASeatFromAClaim) {
  const auto past = given<Course>(registered(performance(10)), held(1, ann, 3), taken(1), held(2, ben, 2));
  EXPECT_THAT(past.when(capacity_to(4)), Refuses(CourseError::capacity_below_taken));
  EXPECT_THAT(past.when(capacity_to(0)), Refuses(CourseError::capacity_below_taken));
  EXPECT_THAT(past.when(capacity_to(5)), Causes(now_holding(5)));
}

TEST(ReviseCourse, MayShrinkAgainOnceSeatsAreReleased) {
  const auto past = given<Course>(registered(performance(10)), held(1, ann, 3), released(1, 3));
  EXPECT_THAT(past.when(capacity_to(0)), Causes(now_holding(0)));
}

TEST(ReviseCourse, MovesTheStateOnlyForward) {
  using enum CourseState;
  const CourseState states[] = {draft, open, closed};
  for (auto from : states)
    for (auto to : states) {
      const auto decision = given<Course>(registered(in_state(from))).when(state_to(to));
      if (to < from)
        EXPECT_THAT(decision, Refuses(CourseError::state_not_reachable)) << to_text(from) << " → " << to_text(to);
      else if (to == from)
        EXPECT_THAT(decision, ChangesNothing()) << to_text(from) << " → " << to_text(to);
      else
        EXPECT_THAT(decision, Causes(now_in(to))) << to_text(from) << " → " << to_text(to);
    }
}

TEST(HoldSeats, IsForOpenCoursesOnly) {
  EXPECT_THAT(given<Course>(registered(in_state(CourseState::draft))).when(hold(1)),
              Refuses(CourseError::not_open));
  EXPECT_THAT(given<Course>(registered(in_state(CourseState::open))).when(hold(1)), Causes(held(1)));
  EXPECT_THAT(given<Course>(registered(in_state(CourseState::closed))).when(hold(1)),
              Refuses(CourseError::not_open));
}

TEST(HoldSeats, BeginsAtOpensAtWithoutACommand) {
  auto definition = in_state(CourseState::draft);
  definition.opens_at = noon;
  const auto past = [&](TimePoint now) { return given<Course>(registered(definition)).at(now); };
  EXPECT_THAT(past(noon - Milliseconds{1}).when(hold(1)), Refuses(CourseError::not_open));
  EXPECT_THAT(past(noon).when(hold(1)), Causes(held(1)));
}

TEST(HoldSeats, EndsAtClosesAt) {
  auto definition = in_state(CourseState::open);
  definition.closes_at = noon;
  const auto past = [&](TimePoint now) { return given<Course>(registered(definition)).at(now); };
  EXPECT_THAT(past(noon - Milliseconds{1}).when(hold(1)), Causes(held(1)));
  EXPECT_THAT(past(noon).when(hold(1)), Refuses(CourseError::not_open));
}

TEST(CourseState, FollowsItsTimes) {
  auto definition = in_state(CourseState::draft);
  EXPECT_EQ(state_at(definition, noon + hours{100'000}), CourseState::draft);
  definition.opens_at = noon;
  definition.closes_at = noon + hours{1};
  EXPECT_EQ(state_at(definition, noon - Milliseconds{1}), CourseState::draft);
  EXPECT_EQ(state_at(definition, noon), CourseState::open);
  EXPECT_EQ(state_at(definition, noon + hours{1} - Milliseconds{1}), CourseState::open);
  EXPECT_EQ(state_at(definition, noon + hours{1}), CourseState::closed);
}

TEST(CourseState, ClosedByHandStaysClosedWhateverTheTimes) {
  auto definition = in_state(CourseState::closed);
  definition.opens_at = noon;
  definition.closes_at = noon + hours{1};
  for (auto now : {noon - hours{1}, noon, noon + hours{2}})
    EXPECT_EQ(state_at(definition, now), CourseState::closed);
}

TEST(ClosedCourse, LetsItsHoldersFinish) {
  const auto past =
      given<Course>(registered(lecture(10)), held(1), held(2, ben), taken(2), now_in(CourseState::closed));
  EXPECT_THAT(past.when(TakeSeats{enrollment(1)}), Causes(taken(1)));
  EXPECT_THAT(past.when(ReleaseSeats{enrollment(1)}), Causes(released(1, 1)));
  EXPECT_THAT(past.when(ReleaseSeats{enrollment(2)}), Causes(released(2, 1)));
}

TEST(HoldSeats, IsRefusedWhenTooFewAreLeft) {
  const auto past = given<Course>(registered(performance(5)), held(1, ann, 3), taken(1));
  EXPECT_THAT(past.when(hold(2, ben, 3)), Refuses(CourseError::sold_out));
  EXPECT_THAT(past.when(hold(2, ben, 2)), Causes(held(2, ben, 2)));
}

TEST(HoldSeats, OfACourseWithoutSeatsIsSoldOut) {
  EXPECT_THAT(given<Course>(registered(lecture(0))).when(hold(1)), Refuses(CourseError::sold_out));
}

TEST(HoldSeats, OfMoreSeatsThanThereAreNumbersIsSoldOut) {
  const auto past = given<Course>(registered(performance(5)), held(1, ann, 3));
  for (auto seats : {0xffffffffu, 0xfffffffdu, 0x80000000u})
    EXPECT_THAT(past.when(hold(2, ann, seats)), Refuses(CourseError::sold_out));
}

TEST(HoldSeats, CountsHeldSeatsAsGone) {
  EXPECT_THAT(given<Course>(registered(lecture(1)), held(1)).when(hold(2, ben)), Refuses(CourseError::sold_out));
}

TEST(HoldSeats, FindsReleasedSeatsAgain) {
  EXPECT_THAT(given<Course>(registered(lecture(1)), held(1), released(1, 1)).when(hold(2, ben)),
              Causes(held(2, ben)));
  EXPECT_THAT(given<Course>(registered(lecture(1)), held(1), taken(1), released(1, 1)).when(hold(2, ben)),
              Causes(held(2, ben)));
}

TEST(HoldSeats, SecondTimeOfAStudentInALectureIsAlreadyEnrolled) {
  const auto past = given<Course>(registered(lecture(10)), held(1));
  EXPECT_THAT(past.when(hold(2, ann)), Refuses(CourseError::already_enrolled));
  EXPECT_THAT(past.when(hold(2, ben)), Causes(held(2, ben)));
}

TEST(AlreadyEnrolled, NamesTheOneEnrollmentOfTheStudent) {
  EXPECT_EQ(only_enrollment_of(given<Course>(registered(lecture(10)), held(1)).state(), ann), enrollment(1));
  const auto gone = given<Course>(registered(performance(10)), held(1), held(2), held(3, ben), released(1, 1));
  EXPECT_EQ(only_enrollment_of(gone.state(), ann), enrollment(2));
  EXPECT_EQ(only_enrollment_of(given<Course>(registered(performance(10)), held(1), held(2)).state(), ann),
            std::nullopt);
  EXPECT_EQ(only_enrollment_of(given<Course>(registered(lecture(10)), held(1), released(1, 1)).state(), ann),
            std::nullopt);
}

TEST(HoldSeats, OfAStudentAfterACancelIsTaken) {
  const auto past = given<Course>(registered(lecture(10)), held(1), taken(1), released(1, 1));
  EXPECT_THAT(past.when(hold(2, ann)), Causes(held(2, ann)));
}

TEST(HoldSeats, AboveTheLimitPerStudentAtOnceIsTooMany) {
  auto definition = performance(10);
  definition.seats_per_student = 3;
  const auto past = given<Course>(registered(definition), held(1, ann, 2));
  EXPECT_THAT(past.when(hold(2, ben, 4)), Refuses(CourseError::too_many_seats));
  EXPECT_THAT(past.when(hold(2, ben, 3)), Causes(held(2, ben, 3)));
  EXPECT_THAT(past.when(hold(2, ann, 2)), Refuses(CourseError::too_many_seats));
  EXPECT_EQ(seats_left_for(past.state(), ann), 1u);
  EXPECT_EQ(seats_left_for(past.state(), ben), 3u);
  EXPECT_THAT(past.when(hold(2, ann, 1)), Causes(held(2, ann, 1)));
}

TEST(HoldSeats, WithoutALimitIsRepeatedAnyNumberOfTimes) {
  const auto past = given<Course>(registered(performance(10)), held(1), held(2), held(3), taken(1));
  EXPECT_THAT(past.when(hold(4, ann, 7)), Causes(held(4, ann, 7)));
}

TEST(HoldSeats, WhenFullIsSoldOutRatherThanPaymentUnavailable) {
  auto command = hold(2, ben);
  command.payments = PaymentSide::unavailable;
  EXPECT_THAT(given<Course>(registered(lecture(1)), held(1)).when(command), Refuses(CourseError::sold_out));
}

TEST(HoldSeats, RepeatedIsHeldOnce) {
  EXPECT_THAT(given<Course>(registered(lecture(10)), held(1)).when(hold(1)), ChangesNothing());
  EXPECT_THAT(given<Course>(registered(lecture(10)), held(1), taken(1)).when(hold(1)), ChangesNothing());
}

TEST(HoldSeats, RepeatedAfterTheLastSeatOrTheCloseIsStillHeld) {
  EXPECT_THAT(given<Course>(registered(lecture(1)), held(1)).when(hold(1)), ChangesNothing());
  EXPECT_THAT(given<Course>(registered(lecture(1)), held(1), now_in(CourseState::closed)).when(hold(1)),
              ChangesNothing());
}

TEST(TakeSeats, TurnsHeldIntoTakenOnce) {
  EXPECT_THAT(given<Course>(registered(lecture(10)), held(1)).when(TakeSeats{enrollment(1)}), Causes(taken(1)));
  EXPECT_THAT(given<Course>(registered(lecture(10)), held(1), taken(1)).when(TakeSeats{enrollment(1)}),
              ChangesNothing());
  const auto course = given<Course>(registered(performance(10)), held(1, ann, 4), taken(1)).state();
  EXPECT_EQ(course.held, 0u);
  EXPECT_EQ(course.taken, 4u);
  EXPECT_EQ(course.available(), 6u);
}

TEST(TakeSeats, WithoutAClaimIsRefused) {
  EXPECT_THAT(given<Course>(registered(lecture(10))).when(TakeSeats{enrollment(1)}), Refuses(CourseError::undone));
  EXPECT_THAT(given<Course>(registered(lecture(10)), held(1), released(1, 1)).when(TakeSeats{enrollment(1)}),
              Refuses(CourseError::undone));
}

TEST(ReleaseSeats, ReturnsTheSeatExactlyOnce) {
  EXPECT_THAT(given<Course>(registered(lecture(10)), held(1)).when(ReleaseSeats{enrollment(1)}),
              Causes(released(1, 1)));
  const auto past = given<Course>(registered(lecture(10)), held(1), held(2, ben), released(1, 1));
  EXPECT_THAT(past.when(ReleaseSeats{enrollment(1)}), ChangesNothing());
  EXPECT_EQ(past.state().available(), 9u);
}

TEST(ReleaseSeats, HasTheNumberOfSeats) {
  EXPECT_THAT(
      given<Course>(registered(performance(10)), held(1, ann, 4), taken(1)).when(ReleaseSeats{enrollment(1)}),
      Causes(released(1, 4)));
}

TEST(ReleaseSeats, BeforeTheHoldLeavesATombstone) {
  EXPECT_THAT(given<Course>(registered(lecture(10))).when(ReleaseSeats{enrollment(1)}), Causes(released(1, 0)));
  const auto past = given<Course>(registered(lecture(10)), released(1, 0));
  EXPECT_THAT(past.when(hold(1)), Refuses(CourseError::undone));
  EXPECT_THAT(past.when(ReleaseSeats{enrollment(1)}), ChangesNothing());
  EXPECT_EQ(past.state().available(), 10u);
}

TEST(HoldSeats, AfterItsReleaseIsUndone) {
  EXPECT_THAT(given<Course>(registered(lecture(10)), held(1), released(1, 1)).when(hold(1)),
              Refuses(CourseError::undone));
}

TEST(Tombstones, AreForgottenInTheOrderOfTheReleasesWhateverTheirIds) {
  Course course;
  // The first released is the youngest by its id.
  for (std::uint64_t n = 0; n <= released_max; ++n)
    apply(course, SeatsReleased{enrollment(n, hours{static_cast<int>(n % 100)}), 0});
  EXPECT_EQ(course.released.size(), released_max);
  EXPECT_FALSE(course.released.contains(enrollment(0)));
  EXPECT_TRUE(course.released.contains(enrollment(1, hours{1})));
}

TEST(HoldSeats, OfAnIdFromAnyTimeIsHeld) {
  const auto past = given<Course>(registered(lecture(10)), held(3));
  for (const auto age : {hours{24 * 365}, hours{25}, hours{-24 * 365}})
    EXPECT_THAT(past.when(HoldSeats{enrollment(1, age), ben}), Causes(SeatsHeld{enrollment(1, age), ben, 1}));
}

TEST(EnrollmentFromAClockThatRanAhead, MakesNoOtherOneLate) {
  const auto ahead = enrollment(1, -hours{24 * 365});
  const auto past = given<Course>(registered(lecture(10)), SeatsHeld{ahead, ann, 1}, SeatsReleased{ahead, 1});
  EXPECT_THAT(past.when(hold(2, ben)), Causes(held(2, ben)));
  EXPECT_THAT(past.when(ReleaseSeats{enrollment(2)}), Causes(released(2, 0)));
  EXPECT_THAT(past.when(HoldSeats{ahead, ann}), Refuses(CourseError::undone));
}

TEST(SeatsOfAnOldEnrollment, StayUntilTheyAreReleased) {
  const auto old = enrollment(1, hours{24 * 60});
  const auto past = given<Course>(registered(lecture(10)), SeatsHeld{old, ann, 1}, SeatsTaken{old}, held(2, ben));
  EXPECT_EQ(past.state().taken, 1u);
  EXPECT_THAT(past.when(HoldSeats{old, ann}), ChangesNothing());
  EXPECT_THAT(past.when(ReleaseSeats{old}), Causes(SeatsReleased{old, 1}));
}

CourseDefinition priced(std::int64_t amount, PaymentUnavailable policy) {
  auto definition = lecture(10);
  definition.price = {amount, {}};
  definition.payment_unavailable = policy;
  return definition;
}
HoldSeats hold_while_payments_are_down() {
  auto command = hold(1);
  command.payments = PaymentSide::unavailable;
  return command;
}

TEST(PaymentsUnavailable, HoldsNothingInACourseThatRefuses) {
  EXPECT_THAT(given<Course>(registered(priced(1, PaymentUnavailable::refuse))).when(hold_while_payments_are_down()),
              Refuses(CourseError::payment_unavailable));
}

TEST(PaymentsUnavailable, HoldsInACourseThatDefers) {
  EXPECT_THAT(given<Course>(registered(priced(1, PaymentUnavailable::defer))).when(hold_while_payments_are_down()),
              Causes(held(1)));
}

TEST(PaymentsUnavailable, HoldsNothingOnceTheQueueOfDeferredChargesIsFull) {
  auto command = hold(1);
  command.payments = PaymentSide::queue_full;
  for (auto policy : {PaymentUnavailable::refuse, PaymentUnavailable::defer})
    EXPECT_THAT(given<Course>(registered(priced(1, policy))).when(command),
                Refuses(CourseError::payment_unavailable));
}

TEST(PaymentsUnavailable, IsNoConcernOfAFreeCourse) {
  for (auto payments : {PaymentSide::unavailable, PaymentSide::queue_full}) {
    auto command = hold(1);
    command.payments = payments;
    EXPECT_THAT(given<Course>(registered(priced(0, PaymentUnavailable::refuse))).when(command), Causes(held(1)));
  }
}

TEST(PaymentsUnavailable, DoesNotUnmakeAHold) {
  EXPECT_THAT(given<Course>(registered(priced(1, PaymentUnavailable::refuse)), held(1))
                  .when(hold_while_payments_are_down()),
              ChangesNothing());
}

}  // namespace
}  // namespace sugang
