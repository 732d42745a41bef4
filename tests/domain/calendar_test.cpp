#include "domain/calendar.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/domain/given.hpp"

namespace sugang {
namespace {

/// From `from` to `to` o'clock, in hours behind noon.
constexpr TimeSlot hours(int from, int to) {
  return {noon + std::chrono::hours{from}, noon + std::chrono::hours{to}};
}
BookSlot book(std::uint64_t n, TimeSlot slot) { return {enrollment(n), slot, {}}; }
SlotBooked booked(std::uint64_t n, TimeSlot slot) { return {enrollment(n), slot}; }
SlotReleased released(std::uint64_t n) { return {enrollment(n)}; }

TEST(TimeSlot, OverlapsWhatSharesAMillisecond) {
  EXPECT_TRUE(hours(1, 3).overlaps(hours(2, 4)));
  EXPECT_TRUE(hours(2, 4).overlaps(hours(1, 3)));
  EXPECT_TRUE(hours(1, 4).overlaps(hours(2, 3)));
  EXPECT_TRUE(hours(2, 3).overlaps(hours(1, 4)));
  EXPECT_TRUE(hours(1, 2).overlaps(hours(1, 2)));
  EXPECT_FALSE(hours(1, 2).overlaps(hours(2, 3))) << "one ends as the next begins";
  EXPECT_FALSE(hours(2, 3).overlaps(hours(1, 2)));
  EXPECT_FALSE(hours(1, 2).overlaps(hours(5, 6)));
  EXPECT_TRUE((TimeSlot{noon, noon + Milliseconds{2}}).overlaps({noon + Milliseconds{1}, noon + Milliseconds{3}}));
}

TEST(BookSlot, TakesATimeThatIsFree) {
  EXPECT_THAT(given<InstructorCalendar>().when(book(1, hours(1, 2))), Causes(booked(1, hours(1, 2))));
  EXPECT_THAT(given<InstructorCalendar>(booked(1, hours(1, 2))).when(book(2, hours(2, 3))),
              Causes(booked(2, hours(2, 3))));
}

TEST(BookSlot, OfATimeThatAnotherHasIsRefused) {
  const auto past = given<InstructorCalendar>(booked(1, hours(1, 3)), booked(2, hours(5, 6)));
  for (auto slot : {hours(1, 3), hours(0, 2), hours(2, 4), hours(0, 9), hours(5, 6)})
    EXPECT_THAT(past.when(book(3, slot)), Refuses(CalendarError::slot_taken));
}

TEST(BookSlot, TwiceIsOnce) {
  EXPECT_THAT(given<InstructorCalendar>(booked(1, hours(1, 2))).when(book(1, hours(1, 2))), ChangesNothing());
}

TEST(BookSlot, OfAnotherTimeMovesTheClass) {
  const auto past = given<InstructorCalendar>(booked(1, hours(1, 3)));
  EXPECT_THAT(past.when(book(1, hours(2, 4))), Causes(booked(1, hours(2, 4)))) << "its own old time is free for it";
  const auto moved = given<InstructorCalendar>(booked(1, hours(1, 3)), booked(1, hours(5, 6)));
  EXPECT_THAT(moved.when(book(2, hours(1, 3))), Causes(booked(2, hours(1, 3))));
  EXPECT_THAT(moved.when(book(2, hours(5, 6))), Refuses(CalendarError::slot_taken));
}

TEST(BookSlot, MovesAClassUntilItBegins) {
  const auto past = given<InstructorCalendar>(booked(1, hours(1, 3)));
  const auto move = [](TimeSlot from) { return BookSlot{enrollment(1), hours(5, 6), from}; };
  EXPECT_THAT(past.when(move(hours(1, 3))), Causes(booked(1, hours(5, 6))));
  EXPECT_THAT(given<InstructorCalendar>(booked(1, hours(0, 3))).when(move(hours(0, 3))),
              Refuses(CalendarError::class_began));
  EXPECT_THAT(given<InstructorCalendar>().when(BookSlot{enrollment(1), hours(-1, 3), hours(-1, 3)}),
              Refuses(CalendarError::class_began))
      << "of another instructor's calendar";
}

TEST(FreeSlot, GivesTheTimeBackAndTheClassMayReturn) {
  EXPECT_THAT(given<InstructorCalendar>().when(FreeSlot{enrollment(1)}), ChangesNothing());
  EXPECT_THAT(given<InstructorCalendar>(booked(1, hours(1, 2))).when(FreeSlot{enrollment(1)}),
              Causes(SlotFreed{enrollment(1)}));
  const auto past = given<InstructorCalendar>(booked(1, hours(1, 2)), SlotFreed{enrollment(1)});
  EXPECT_THAT(past.when(book(2, hours(1, 2))), Causes(booked(2, hours(1, 2))));
  EXPECT_THAT(past.when(book(1, hours(1, 2))), Causes(booked(1, hours(1, 2))));
}

TEST(ReleaseSlot, FreesTheTimeOnce) {
  EXPECT_THAT(given<InstructorCalendar>(booked(1, hours(1, 2))).when(ReleaseSlot{enrollment(1)}),
              Causes(released(1)));
  const auto past = given<InstructorCalendar>(booked(1, hours(1, 2)), released(1));
  EXPECT_THAT(past.when(ReleaseSlot{enrollment(1)}), ChangesNothing());
  EXPECT_THAT(past.when(book(2, hours(1, 2))), Causes(booked(2, hours(1, 2))));
}

TEST(ReleaseSlot, BeforeTheBookingLeavesATombstone) {
  EXPECT_THAT(given<InstructorCalendar>().when(ReleaseSlot{enrollment(1)}), Causes(released(1)));
  const auto past = given<InstructorCalendar>(released(1));
  EXPECT_THAT(past.when(book(1, hours(1, 2))), Refuses(CalendarError::undone));
  EXPECT_THAT(past.when(ReleaseSlot{enrollment(1)}), ChangesNothing());
}

RC_GTEST_PROP(Invariant5, TwoClassesOfAnInstructorNeverOverlapAndReleasedTimesAreFree, ()) {
  InstructorCalendar calendar;
  std::vector<CalendarEvent> events;
  std::set<EnrollmentId> released;
  const auto moves = *rc::gen::inRange<std::size_t>(0, 120);
  for (std::size_t i = 0; i < moves; ++i) {
    const auto id = enrollment(*rc::gen::inRange<std::uint64_t>(0, 20));
    const auto from = *rc::gen::inRange(0, 24);
    const TimeSlot slot = hours(from, from + *rc::gen::inRange(1, 6));
    const bool ledger = *rc::gen::inRange(0, 4) > 0;
    const auto decision =
        decide(calendar, ledger ? CalendarCommand{BookSlot{id, slot, {}}} : CalendarCommand{ReleaseSlot{id}}, noon);
    bool clashes = false;
    for (const auto& [other, theirs] : calendar.slots) clashes = clashes || (other != id && theirs.overlaps(slot));
    if (ledger && !released.contains(id)) RC_ASSERT(clashes == (decision.error == CalendarError::slot_taken));
    if (ledger && released.contains(id)) RC_ASSERT(decision.error == CalendarError::undone);
    for (const auto& event : decision.events) {
      apply(calendar, event);
      events.push_back(event);
    }
    if (!ledger) released.insert(id);
    for (const auto& [one, a] : calendar.slots) {
      RC_ASSERT(!released.contains(one));
      for (const auto& [two, b] : calendar.slots) RC_ASSERT(one == two || !a.overlaps(b));
    }
  }
  RC_ASSERT(replay<InstructorCalendar>(events) == calendar);
}

}  // namespace
}  // namespace sugang
