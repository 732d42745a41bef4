#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/domain/course_moves.hpp"
#include "tests/domain/waitlist_position.hpp"

namespace sugang {
namespace {

CourseDefinition any_definition_with_waitlist() {
  auto definition = any_definition();
  definition.waitlist = true;
  definition.seats_per_student = 0;
  return definition;
}

bool is_open(const Course& course) { return course.definition.state == CourseState::open; }

RC_GTEST_PROP(Invariant12, NoSeatIsIdleWhileTheHeadFits, ()) {
  DrivenCourse driven{any_definition_with_waitlist()};
  for (const auto& move : *any_moves()) {
    driven.accept(command_of(move, driven.course));
    const auto& course = driven.course;
    if (is_open(course) && !course.waitlist.empty())
      RC_ASSERT(course.waitlist.begin()->second.seats > course.available());
    RC_ASSERT(!is_open(course) || !waitlist_advances(course, noon));
    // Nor does one wait at its head who can never fit.
    if (is_open(course) && !course.waitlist.empty())
      RC_ASSERT(course.waitlist.begin()->second.seats <= course.definition.capacity);
  }
}

RC_GTEST_PROP(Invariant12, TheFirstIsPromotedFirstAndOnce, ()) {
  DrivenCourse driven{any_definition_with_waitlist()};
  for (const auto& move : *any_moves()) driven.accept(command_of(move, driven.course));
  std::vector<EnrollmentId> waiting;
  std::set<EnrollmentId> was_promoted;
  for (const auto& event : driven.events) {
    if (const auto* waits = std::get_if<SeatsWaitlisted>(&event)) waiting.push_back(waits->enrollment);
    // Nothing gets a seat past the waitlist.
    if (std::holds_alternative<SeatsHeld>(event)) RC_ASSERT(waiting.empty());
    if (const auto* promoted = std::get_if<WaiterPromoted>(&event)) {
      RC_ASSERT(!waiting.empty() && waiting.front() == promoted->enrollment);
      RC_ASSERT(was_promoted.insert(promoted->enrollment).second);
      waiting.erase(waiting.begin());
    }
    if (std::holds_alternative<WaiterLeft>(event) || std::holds_alternative<WaiterDismissed>(event))
      RC_ASSERT(std::erase(waiting, *enrollment_in(event)) == 1u);
  }
  RC_ASSERT(waiting.size() == driven.course.waitlist.size());
}

RC_GTEST_PROP(Invariant12, TicketsAreGivenInOrderWithoutAGap, ()) {
  DrivenCourse driven{any_definition_with_waitlist()};
  for (const auto& move : *any_moves()) driven.accept(command_of(move, driven.course));
  std::uint64_t last = 0;
  for (const auto& event : driven.events)
    if (const auto* waits = std::get_if<SeatsWaitlisted>(&event)) RC_ASSERT(waits->ticket == ++last);
}

RC_GTEST_PROP(WaitlistPosition, IsThePlaceInTheOrderOfArrival, ()) {
  DrivenCourse driven{any_definition_with_waitlist()};
  for (const auto& move : *any_moves()) driven.accept(command_of(move, driven.course));
  std::uint64_t place = 0;
  for (const auto& [ticket, waiter] : driven.course.waitlist)
    RC_ASSERT(waitlist_position_of(driven.course, waiter.enrollment) == ++place);
}

/// A full course with a line longer than a chunk; ids all of one day.
DrivenCourse with_long_waitlist(std::size_t count) {
  auto definition = performance(1);
  definition.waitlist = true;
  DrivenCourse driven{definition};
  driven.accept(HoldSeats{enrollment(0), student(0), 1});
  driven.accept(ReviseCourse{.expected_definition = 1, .title = {}, .capacity = 1'000, .state = {}});
  driven.accept(HoldSeats{enrollment(1), student(0), 999});
  for (std::size_t n = 0; n < count; ++n)
    driven.accept(HoldSeats{enrollment(n + 2), student(n), *rc::gen::inRange<std::uint32_t>(1, 6),
                            PaymentSide::available, true});
  RC_ASSERT(driven.course.waitlist.size() == count);
  return driven;
}

RC_GTEST_PROP(Invariant12, ALongLineIsPromotedInChunksUntilTheHeadDoesNotFit, ()) {
  auto driven = with_long_waitlist(*rc::gen::inRange<std::size_t>(1, 4 * waitlist_chunk));
  std::vector<CourseCommand> causes{ReleaseSeats{enrollment(1)},
                                    ReviseCourse{.expected_definition = driven.course.definition_version,
                                                 .title = {},
                                                 .capacity = 1'000 + *rc::gen::inRange<std::uint32_t>(0, 800),
                                                 .state = {}}};
  driven.accept(causes[*rc::gen::inRange<std::size_t>(0, 2)]);
  for (int turns = 0; waitlist_advances(driven.course, noon); ++turns) {
    RC_ASSERT(turns < 10);
    const auto promoted = driven.accept(AdvanceWaitlist{}).events.size();
    RC_ASSERT(promoted > 0u && promoted <= waitlist_chunk);
  }
  const auto& course = driven.course;
  RC_ASSERT(course.waitlist.empty() || course.waitlist.begin()->second.seats > course.available());
  RC_ASSERT(course.held + course.taken <= course.definition.capacity);
}

RC_GTEST_PROP(Invariant12, ACourseThatClosesTurnsItsWholeLineAway, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 3 * waitlist_chunk);
  auto driven = with_long_waitlist(count);
  driven.accept(ReviseCourse{.expected_definition = driven.course.definition_version,
                             .title = {},
                             .capacity = {},
                             .state = CourseState::closed});
  const auto held_before = driven.course.held;
  std::size_t dismissed = 0;
  for (int turns = 0; waitlist_advances(driven.course, noon); ++turns) {
    RC_ASSERT(turns < 10);
    if (*rc::gen::arbitrary<bool>()) driven.accept(ReleaseSeats{enrollment(1)});
    dismissed += driven.accept(AdvanceWaitlist{}).events.size();
  }
  RC_ASSERT(dismissed == count);
  RC_ASSERT(driven.course.waitlist.empty() && driven.course.tickets.empty());
  RC_ASSERT(driven.course.held <= held_before);
}

}  // namespace
}  // namespace sugang
