#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/domain/course_moves.hpp"

namespace sugang {
namespace {

/// Invariant 1 from the claims and the waitlist, in 64 bits, where nothing wraps.
void assert_invariant_1(const Course& course) {
  std::uint64_t held = 0, taken = 0;
  std::map<std::string, std::uint64_t> seats_of;
  std::map<std::string, std::set<EnrollmentId>> enrollments_of;
  for (const auto& [id, claim] : course.claims) {
    RC_ASSERT(claim.seats > 0u);
    (claim.taken ? taken : held) += claim.seats;
    seats_of[claim.student.text] += claim.seats;
    enrollments_of[claim.student.text].insert(id);
  }
  std::uint64_t waited_for = 0;
  for (const auto& [ticket, waiter] : course.waitlist) {
    RC_ASSERT(waiter.seats > 0u);
    RC_ASSERT(ticket <= course.last_ticket);
    RC_ASSERT(course.tickets.at(waiter.enrollment) == ticket);
    RC_ASSERT(!course.claims.contains(waiter.enrollment));
    waited_for += waiter.seats;
    seats_of[waiter.student.text] += waiter.seats;
    enrollments_of[waiter.student.text].insert(waiter.enrollment);
    RC_ASSERT(course.waitlist_by_seats.contains({waiter.seats, ticket}));
  }
  RC_ASSERT(course.waitlist_by_seats.size() == course.waitlist.size());
  RC_ASSERT(course.tickets.size() == course.waitlist.size());
  RC_ASSERT(course.waitlisted == waited_for);
  RC_ASSERT(course.held == held);
  RC_ASSERT(course.taken == taken);
  RC_ASSERT(held + taken <= course.definition.capacity);
  RC_ASSERT(course.available() + held + taken == course.definition.capacity);
  RC_ASSERT(course.share_of.size() == seats_of.size());
  for (const auto& [student, share] : course.share_of) {
    RC_ASSERT(seats_of[student.text] == share.seats);
    const auto& theirs = enrollments_of[student.text];
    RC_ASSERT(theirs.size() == share.enrollments);
    RC_ASSERT(only_enrollment_of(course, student) ==
              (theirs.size() == 1 ? std::optional{*theirs.begin()} : std::nullopt));
  }
}

RC_GTEST_PROP(Invariant1, HoldsAfterEveryEventOfAnyCommandSequence, ()) {
  DrivenCourse driven{any_definition()};
  for (const auto& move : *any_moves()) {
    driven.accept(command_of(move, driven.course));
    assert_invariant_1(driven.course);
  }
}

RC_GTEST_PROP(Invariant1, HoldsAtEveryPrefixOfTheReplay, ()) {
  DrivenCourse driven{any_definition()};
  for (const auto& move : *any_moves()) driven.accept(command_of(move, driven.course));
  Course replayed;
  for (const auto& event : driven.events) {
    apply(replayed, event);
    assert_invariant_1(replayed);
  }
}

RC_GTEST_PROP(Replay, OfACoursesEventsGivesTheCourse, ()) {
  DrivenCourse driven{any_definition()};
  for (const auto& move : *any_moves()) driven.accept(command_of(move, driven.course));
  RC_ASSERT(replay<Course>(driven.events) == driven.course);
  RC_ASSERT(replay<Course>(driven.events) == replay<Course>(driven.events));
}

RC_GTEST_PROP(Refusal, NeverComesWithAnEvent, ()) {
  DrivenCourse driven{any_definition()};
  for (const auto& move : *any_moves()) {
    const auto decision = driven.accept(command_of(move, driven.course));
    RC_ASSERT(!decision.error || decision.events.empty());
  }
}

RC_GTEST_PROP(AnyCourseCommand, MovesTheLineInBoundedChunksBehindItsOwnEvent, ()) {
  DrivenCourse driven{any_definition()};
  for (const auto& move : *any_moves()) {
    const auto events = driven.accept(command_of(move, driven.course)).events;
    RC_ASSERT(events.size() <= 1 + waitlist_chunk);
    for (std::size_t i = 1; i < events.size(); ++i)
      RC_ASSERT(std::holds_alternative<WaiterPromoted>(events[i]) ||
                ((move.what == Move::What::advance || move.what == Move::What::resize) &&
                 std::holds_alternative<WaiterDismissed>(events[i])));
  }
}

RC_GTEST_PROP(AnyCourseCommand, RepeatedAtOnceChangesNothing, ()) {
  DrivenCourse driven{any_definition()};
  for (const auto& move : *any_moves()) {
    const auto command = command_of(move, driven.course);
    driven.accept(command);
    RC_ASSERT(driven.accept(command).events.empty());
  }
}

RC_GTEST_PROP(ReleasedEnrollment, NeverHoldsASeatAgain, ()) {
  DrivenCourse driven{any_definition()};
  std::set<EnrollmentId> ever_released;
  for (const auto& move : *any_moves()) {
    const auto decision = driven.accept(command_of(move, driven.course));
    for (const auto& event : decision.events)
      if (std::holds_alternative<SeatsReleased>(event) || std::holds_alternative<WaiterLeft>(event) ||
          std::holds_alternative<WaiterDismissed>(event))
        ever_released.insert(*enrollment_in(event));
    for (const auto& id : ever_released) {
      RC_ASSERT(!driven.course.claims.contains(id));
      RC_ASSERT(!driven.course.tickets.contains(id));
    }
  }
}

class NaiveCourse {
 public:
  explicit NaiveCourse(CourseDefinition definition) : definition_(std::move(definition)) {}

  /// The error, or whether something happens.
  struct Answer {
    std::optional<CourseError> error;
    bool happens = false;
    bool operator==(const Answer&) const = default;
  };

  Answer answer_to(const Move& move) {
    const auto answer = obey(move);
    // Whatever happened: nothing waits for more than there will ever be, nor at the head for what is there.
    if (definition_.state != CourseState::closed) {
      dismiss_if([this](const Waiter& waiter) { return waiter.seats > definition_.capacity; });
      promote();
    }
    return answer;
  }

  std::uint64_t claimed() const {
    std::uint64_t sum = 0;
    for (const auto& [id, claim] : claims_) sum += claim.seats;
    return sum;
  }
  std::uint64_t taken_seats() const {
    std::uint64_t sum = 0;
    for (const auto& [id, claim] : claims_) sum += claim.taken ? claim.seats : 0;
    return sum;
  }
  std::uint32_t capacity() const { return definition_.capacity; }
  /// Who waits, in order.
  std::vector<EnrollmentId> line() const {
    std::vector<EnrollmentId> ids;
    for (const auto& waiter : line_) ids.push_back(in_play(waiter.enrollment));
    return ids;
  }

 private:
  struct Claim {
    std::size_t student;
    std::uint64_t seats;
    bool taken;
  };
  struct Waiter {
    std::size_t enrollment;
    std::size_t student;
    std::uint64_t seats;
  };

  Answer obey(const Move& move) {
    using What = Move::What;
    switch (move.what) {
      case What::hold: return hold(move);
      case What::take: return take(move.enrollment);
      case What::release: return release(move.enrollment);
      case What::resize:
        if (move.seats < claimed()) return {CourseError::capacity_below_taken};
        return {{}, std::exchange(definition_.capacity, move.seats) != move.seats};
      case What::revise_unseen: return {CourseError::definition_changed};
      case What::close: return {{}, std::exchange(definition_.state, CourseState::closed) != CourseState::closed};
      case What::cancel: definition_.state = CourseState::closed; return {{}, !std::exchange(cancelled_, true)};
      case What::advance: return {{}, dismiss()};
    }
    return {};
  }

  bool gone(std::size_t id) const { return released_.contains(id); }
  auto place(std::size_t id) {
    return std::find_if(line_.begin(), line_.end(), [&](const Waiter& w) { return w.enrollment == id; });
  }

  Answer hold(const Move& move) {
    if (claims_.contains(move.enrollment) || place(move.enrollment) != line_.end()) return {};
    if (gone(move.enrollment)) return {CourseError::undone};
    if (definition_.state != CourseState::open) return {CourseError::not_open};
    const std::uint64_t limit = definition_.seats_per_student;
    std::uint64_t own = 0;
    for (const auto& [id, claim] : claims_) own += claim.student == move.student ? claim.seats : 0;
    for (const auto& waiter : line_) own += waiter.student == move.student ? waiter.seats : 0;
    if (limit == 1 && own > 0) return {CourseError::already_enrolled};
    if (limit != 0 && own + move.seats > limit) return {CourseError::too_many_seats};
    if (!line_.empty() || claimed() + move.seats > definition_.capacity) return wait(move);
    const bool may_charge_later =
        definition_.payment_unavailable == PaymentUnavailable::defer && move.payments != PaymentSide::queue_full;
    if (definition_.price.amount > 0 && move.payments != PaymentSide::available && !may_charge_later)
      return {CourseError::payment_unavailable};
    claims_[move.enrollment] = {move.student, move.seats, false};
    return {{}, true};
  }

  Answer wait(const Move& move) {
    std::uint64_t waited_for = move.seats;
    for (const auto& waiter : line_) waited_for += waiter.seats;
    if (!definition_.waitlist || !move.may_wait || move.seats > definition_.capacity ||
        waited_for > waitlist_seats_max)
      return {CourseError::sold_out};
    line_.push_back({move.enrollment, move.student, move.seats});
    return {{}, true};
  }

  Answer take(std::size_t id) {
    if (!claims_.contains(id)) return {CourseError::undone};
    return {{}, !std::exchange(claims_[id].taken, true)};
  }

  Answer release(std::size_t id) {
    const auto waits = place(id);
    if (waits == line_.end() && !claims_.contains(id) && gone(id)) return {};
    if (waits != line_.end()) line_.erase(waits);
    claims_.erase(id);
    released_.insert(id);
    return {{}, true};
  }

  void promote() {
    while (!line_.empty() && claimed() + line_.front().seats <= definition_.capacity) {
      const auto& head = line_.front();
      claims_[head.enrollment] = {head.student, head.seats, false};
      line_.erase(line_.begin());
    }
  }

  bool dismiss() {
    // Those of a cancelled course are cancelled one by one, not turned away.
    if (definition_.state != CourseState::closed || cancelled_ || line_.empty()) return false;
    dismiss_if([](const Waiter&) { return true; });
    return true;
  }
  template <class Unwanted>
  void dismiss_if(Unwanted unwanted) {
    for (const auto& waiter : line_)
      if (unwanted(waiter)) released_.insert(waiter.enrollment);
    std::erase_if(line_, unwanted);
  }

  CourseDefinition definition_;
  bool cancelled_ = false;
  std::map<std::size_t, Claim> claims_;
  std::vector<Waiter> line_;
  std::set<std::size_t> released_;
};

std::vector<EnrollmentId> line_of(const Course& course) {
  std::vector<EnrollmentId> ids;
  for (const auto& [ticket, waiter] : course.waitlist) ids.push_back(waiter.enrollment);
  return ids;
}

RC_GTEST_PROP(Course, AnswersAsACourseThatCountsEverythingAnew, ()) {
  const auto definition = any_definition();
  DrivenCourse driven{definition};
  NaiveCourse naive{definition};
  for (const auto& move : *any_moves()) {
    const auto decision = driven.accept(command_of(move, driven.course));
    const auto expected = naive.answer_to(move);
    RC_LOG() << move << std::endl;
    RC_ASSERT(decision.error == expected.error);
    RC_ASSERT(decision.events.empty() == !expected.happens);
    RC_ASSERT(driven.course.definition.capacity == naive.capacity());
    RC_ASSERT(driven.course.taken == naive.taken_seats());
    RC_ASSERT(driven.course.held + driven.course.taken == naive.claimed());
    RC_ASSERT(line_of(driven.course) == naive.line());
  }
}

RC_GTEST_PROP(Invariant1, ExactlyTheCapacityIsWonByRacers, ()) {
  const auto capacity = *rc::gen::inRange<std::uint32_t>(0, 40);
  const auto racers = capacity + *rc::gen::inRange<std::uint32_t>(0, 60);
  DrivenCourse driven{lecture(capacity)};
  std::uint32_t won = 0, sold_out = 0;
  for (std::uint32_t n = 0; n < racers; ++n) {
    const auto decision = driven.accept(HoldSeats{enrollment(n), student(n), 1});
    won += !decision.events.empty();
    sold_out += decision.error == CourseError::sold_out;
    // Every second is repeated, as by a client without an answer.
    if (n % 2) RC_ASSERT(driven.accept(HoldSeats{enrollment(n), student(n), 1}).events.empty());
  }
  RC_ASSERT(won == std::min(capacity, racers));
  RC_ASSERT(sold_out == racers - won);
  RC_ASSERT(driven.course.available() == capacity - won);
}

RC_GTEST_PROP(Invariant1, NothingIsSoldOutWhoseSeatsFit, ()) {
  DrivenCourse driven{performance(*rc::gen::inRange<std::uint32_t>(0, 60))};
  for (std::uint64_t n = 0; n < 60; ++n) {
    const auto seats = *rc::gen::inRange<std::uint32_t>(1, 6);
    const bool fits = seats <= driven.course.available();
    const auto decision = driven.accept(HoldSeats{enrollment(n), student(n % 7), seats});
    RC_ASSERT(fits == !decision.error.has_value());
    if (!fits) RC_ASSERT(decision.error == CourseError::sold_out);
    if (n % 5 == 4) driven.accept(ReleaseSeats{enrollment(*rc::gen::inRange<std::uint64_t>(0, n))});
  }
}

TEST(Invariant1, AThousandRacersForTheLastHundredSeatsLeaveNineHundredSoldOut) {
  DrivenCourse driven{lecture(100)};
  std::size_t sold_out = 0;
  for (std::size_t n = 0; n < 1000; ++n)
    sold_out += driven.accept(HoldSeats{enrollment(n), student(n), 1}).error == CourseError::sold_out;
  EXPECT_EQ(sold_out, 900u);
  EXPECT_EQ(driven.course.held, 100u);
  EXPECT_EQ(driven.course.available(), 0u);
}

}  // namespace
}  // namespace sugang
