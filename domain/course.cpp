#include "domain/course.hpp"

#include "domain/invariant.hpp"

namespace sugang {
namespace {

Course::Share share_of(const Course& course, const StudentId& student) {
  auto it = course.share_of.find(student);
  return it == course.share_of.end() ? Course::Share{} : it->second;
}

bool is_undone(const Course& course, EnrollmentId enrollment) { return course.released.contains(enrollment); }

/// A change that is being decided, as far as the waitlist sees it.
struct Room {
  std::uint32_t capacity = 0;
  std::uint32_t available = 0;
  /// Ticket of a waiter that is removed in the same decision; 0: none.
  std::uint64_t leaving = 0;
};
Room room_of(const Course& course) { return {course.definition.capacity, course.available()}; }

/// Dismisses waiters that want more than the whole course has, then promotes strictly: from the head on while it
/// fits.
void advance_waitlist(const Course& course, Room room, CourseDecision& decision) {
  std::size_t moved = 0;
  const auto& by_seats = course.waitlist_by_seats;
  for (auto it = by_seats.rbegin(); it != by_seats.rend() && it->first > room.capacity; ++it) {
    if (it->second == room.leaving) continue;
    if (++moved > waitlist_chunk) return;
    decision.events.emplace_back(
        WaiterDismissed{course.waitlist.at(it->second).enrollment, Dismissal::capacity_reduced});
  }
  for (const auto& [ticket, waiter] : course.waitlist) {
    // The dismissed ones stay on the waitlist until their events are applied.
    if (ticket == room.leaving || waiter.seats > room.capacity) continue;
    if (waiter.seats > room.available || ++moved > waitlist_chunk) return;
    room.available -= waiter.seats;
    decision.events.emplace_back(WaiterPromoted{waiter.enrollment, waiter.seats});
  }
}

void dismiss_all(const Course& course, CourseDecision& decision) {
  for (const auto& [ticket, waiter] : course.waitlist) {
    if (decision.events.size() >= waitlist_chunk) return;
    decision.events.emplace_back(WaiterDismissed{waiter.enrollment, Dismissal::course_closed});
  }
}

CourseDecision on(const Course& course, const AdvanceWaitlist&, TimePoint now) {
  CourseDecision decision;
  // Those of a cancelled course are cancelled, not turned away.
  if (course.cancelled) return decision;
  if (state_at(course.definition, now) == CourseState::closed)
    dismiss_all(course, decision);
  else
    advance_waitlist(course, room_of(course), decision);
  return decision;
}

CourseDecision on(const Course& course, const RegisterCourse& command, TimePoint) {
  if (course.registered) return CourseError::already_exists;
  return CourseDecision::of(CourseRegistered{command.definition});
}

CourseDecision on(const Course& course, const ReviseCourse& command, TimePoint now) {
  if (command.expected_definition != course.definition_version) return CourseError::definition_changed;
  if (command.capacity && *command.capacity < course.held + course.taken) return CourseError::capacity_below_taken;
  // draft → open → closed; never back.
  if (command.state && *command.state < state_at(course.definition, now)) return CourseError::state_not_reachable;
  const auto& current = course.definition;
  const bool changes = (command.title && *command.title != current.title) ||
                       (command.capacity && *command.capacity != current.capacity) ||
                       (command.state && *command.state != current.state);
  if (!changes) return {};
  auto decision = CourseDecision::of(CourseRevised{command.title, command.capacity, command.state});
  const bool closes = command.state == CourseState::closed || state_at(current, now) == CourseState::closed;
  if (command.capacity && !closes)
    advance_waitlist(course, {*command.capacity, *command.capacity - course.held - course.taken}, decision);
  return decision;
}

CourseDecision on(const Course& course, const CancelCourse& command, TimePoint) {
  if (course.cancelled) return {};
  return CourseDecision::of(CourseCancelled{command.reason});
}

/// Whether a charge for this course would neither be made now nor may wait.
bool charge_is_refused(const CourseDefinition& definition, PaymentSide payments) {
  if (payments == PaymentSide::available || definition.price.amount == 0) return false;
  return definition.payment_unavailable == PaymentUnavailable::refuse || payments == PaymentSide::queue_full;
}

CourseDecision on(const Course& course, const HoldSeats& command, TimePoint now) {
  if (course.claims.contains(command.enrollment) || course.tickets.contains(command.enrollment)) return {};
  if (is_undone(course, command.enrollment)) return CourseError::undone;
  if (state_at(course.definition, now) != CourseState::open) return CourseError::not_open;
  if (auto limit = course.definition.seats_per_student; limit != 0) {
    const auto has = share_of(course, command.student).seats;
    if (limit == 1 && has > 0) return CourseError::already_enrolled;
    if (has + command.seats > limit) return CourseError::too_many_seats;
  }
  const auto& definition = course.definition;
  // Nothing overtakes the waitlist, not even an enrollment that needs less than its head.
  if (!course.waitlist.empty() || command.seats > course.available()) {
    const bool ever_fits = command.seats <= definition.capacity;
    const bool waitlist_is_full = std::uint64_t{course.waitlisted} + command.seats > waitlist_seats_max;
    if (!definition.waitlist || !command.may_wait || !ever_fits || waitlist_is_full) return CourseError::sold_out;
    return CourseDecision::of(
        SeatsWaitlisted{command.enrollment, command.student, command.seats, course.last_ticket + 1});
  }
  if (charge_is_refused(definition, command.payments)) return CourseError::payment_unavailable;
  return CourseDecision::of(SeatsHeld{command.enrollment, command.student, command.seats});
}

CourseDecision on(const Course& course, const TakeSeats& command, TimePoint) {
  auto claim = course.claims.find(command.enrollment);
  if (claim == course.claims.end()) return CourseError::undone;
  const auto& [student, seats, taken, changes_to] = claim->second;
  if (!taken) return CourseDecision::of(SeatsTaken{command.enrollment});
  if (changes_to == 0) return {};
  return CourseDecision::of(
      SeatsChangeTaken{command.enrollment, claim->second.added(), seats > changes_to ? seats - changes_to : 0});
}

CourseDecision on(const Course& course, const HoldSeatsChange& command, TimePoint now) {
  const auto found = course.claims.find(command.enrollment);
  if (found == course.claims.end() || !found->second.taken) return CourseError::undone;
  const auto& [student, seats, taken, changes_to] = found->second;
  if (changes_to == command.seats) return {};
  const auto& definition = course.definition;
  const auto added = command.seats > seats ? command.seats - seats : 0;
  if (added > 0) {
    if (state_at(definition, now) != CourseState::open) return CourseError::not_open;
    if (const auto left = seats_left_for(course, student); left && added > *left)
      return CourseError::too_many_seats;
    if (!course.waitlist.empty() || added > course.available()) return CourseError::sold_out;
  }
  if (command.payments != PaymentSide::available && command.amount.amount > 0)
    return CourseError::payment_unavailable;
  return CourseDecision::of(SeatsChangeHeld{command.enrollment, command.seats, added,
                                            mileage_for(command.amount, definition.mileage_percent)});
}

CourseDecision on(const Course& course, const ReleaseSeatsChange& command, TimePoint now) {
  const auto found = course.claims.find(command.enrollment);
  if (found == course.claims.end() || found->second.changes_to == 0) return {};
  auto decision = CourseDecision::of(SeatsChangeReleased{command.enrollment, found->second.added()});
  if (state_at(course.definition, now) != CourseState::closed)
    advance_waitlist(course, {course.definition.capacity, course.available() + found->second.added()}, decision);
  return decision;
}

CourseDecision decide_leave(const Course& course, std::uint64_t ticket, TimePoint now) {
  const auto waiter = course.waitlist.find(ticket);
  auto decision = CourseDecision::of(WaiterLeft{waiter->second.enrollment});
  // Behind a head that did not fit, the next one may.
  if (state_at(course.definition, now) != CourseState::closed)
    advance_waitlist(course, {course.definition.capacity, course.available(), ticket}, decision);
  return decision;
}

CourseDecision on(const Course& course, const ReleaseSeats& command, TimePoint now) {
  if (auto ticket = course.tickets.find(command.enrollment); ticket != course.tickets.end())
    return decide_leave(course, ticket->second, now);
  auto claim = course.claims.find(command.enrollment);
  if (claim != course.claims.end()) {
    const auto seats = claim->second.seats;
    const auto added = claim->second.added();
    CourseDecision decision;
    if (claim->second.changes_to != 0) decision.events.emplace_back(SeatsChangeReleased{command.enrollment, added});
    decision.events.emplace_back(SeatsReleased{command.enrollment, seats});
    if (state_at(course.definition, now) != CourseState::closed)
      advance_waitlist(course, {course.definition.capacity, course.available() + seats + added}, decision);
    return decision;
  }
  if (is_undone(course, command.enrollment)) return {};
  return CourseDecision::of(SeatsReleased{command.enrollment, 0});
}

void give_back(Course& course, const StudentId& student, EnrollmentId enrollment, std::uint32_t seats) {
  const auto it = course.share_of.find(student);
  if (it == course.share_of.end()) return;
  auto& share = it->second;
  share.seats -= seats;
  share.ids.high ^= enrollment.uid.high;
  share.ids.low ^= enrollment.uid.low;
  if (--share.enrollments == 0) course.share_of.erase(it);
}

void release(Course& course, EnrollmentId enrollment) {
  if (auto it = course.claims.find(enrollment); it != course.claims.end()) {
    const auto& claim = it->second;
    (claim.taken ? course.taken : course.held) -= claim.seats;
    give_back(course, claim.student, enrollment, claim.seats);
    course.claims.erase(it);
  }
  course.released.insert(enrollment);
}

Course::Claim& changing_claim(Course& course, EnrollmentId enrollment) {
  const auto found = course.claims.find(enrollment);
  require(found != course.claims.end() && found->second.changes_to != 0, "a change that ends was held");
  return found->second;
}

/// Removes a waiter from the waitlist; its seats still count in its student's share.
Course::Waiter leave_waitlist(Course& course, EnrollmentId enrollment) {
  const auto ticket = course.tickets.find(enrollment);
  if (ticket == course.tickets.end()) return {};
  const auto place = course.waitlist.find(ticket->second);
  auto waiter = std::move(place->second);
  course.waitlist.erase(place);
  course.waitlist_by_seats.erase({waiter.seats, ticket->second});
  course.tickets.erase(ticket);
  course.waitlisted -= waiter.seats;
  return waiter;
}

void drop_from_waitlist(Course& course, EnrollmentId enrollment) {
  const auto waiter = leave_waitlist(course, enrollment);
  give_back(course, waiter.student, enrollment, waiter.seats);
  course.released.insert(enrollment);
}

}  // namespace

std::string_view explain(Dismissal reason) {
  switch (reason) {
    case Dismissal::course_closed: return "the course closed before the waitlist reached this enrollment";
    case Dismissal::capacity_reduced:
      return "the course's capacity was reduced below the seats that this enrollment waits for";
  }
  return {};
}

CourseState state_at(const CourseDefinition& definition, TimePoint now) {
  if (definition.closes_at && now >= *definition.closes_at) return CourseState::closed;
  if (definition.state == CourseState::draft && definition.opens_at && now >= *definition.opens_at)
    return CourseState::open;
  return definition.state;
}

std::optional<EnrollmentId> enrollment_in(const CourseEvent& event) {
  return std::visit(
      []<class E>(const E& e) -> std::optional<EnrollmentId> {
        if constexpr (requires { e.enrollment; })
          return e.enrollment;
        else
          return std::nullopt;
      },
      event);
}

void add_to_share(Course& course, const StudentId& student, EnrollmentId enrollment, std::uint32_t seats) {
  auto& share = course.share_of[student];
  share.seats += seats;
  ++share.enrollments;
  share.ids.high ^= enrollment.uid.high;
  share.ids.low ^= enrollment.uid.low;
}

std::optional<EnrollmentId> only_enrollment_of(const Course& course, const StudentId& student) {
  const auto share = share_of(course, student);
  return share.enrollments == 1 ? std::optional{EnrollmentId{share.ids}} : std::nullopt;
}

std::optional<std::uint64_t> seats_left_for(const Course& course, const StudentId& student) {
  const std::uint64_t limit = course.definition.seats_per_student;
  if (limit == 0) return std::nullopt;
  const auto has = share_of(course, student).seats;
  return limit > has ? limit - has : 0;
}

bool waitlist_advances(const Course& course, TimePoint now) {
  if (course.waitlist.empty() || course.cancelled) return false;
  return state_at(course.definition, now) == CourseState::closed ||
         course.waitlist_by_seats.rbegin()->first > course.definition.capacity ||
         course.waitlist.begin()->second.seats <= course.available();
}

CourseDecision decide(const Course& course, const CourseCommand& command, TimePoint now) {
  if (!course.registered && !std::holds_alternative<RegisterCourse>(command)) return CourseError::not_found;
  return std::visit([&](const auto& each) { return on(course, each, now); }, command);
}

void apply(Course& course, const CourseEvent& event) {
  match(event)(
      [&](const CourseRegistered& e) {
        require(!course.registered, "a course is registered once");
        course.registered = true;
        course.definition = e.definition;
        course.definition_version = 1;
      },
      [&](const CourseRevised& e) {
        if (e.title) course.definition.title = *e.title;
        if (e.capacity) course.definition.capacity = *e.capacity;
        if (e.state) course.definition.state = *e.state;
        ++course.definition_version;
        require(course.held + course.taken <= course.definition.capacity,
                "the capacity covers the seats that are held and taken");
      },
      [&](const SeatsHeld& e) {
        require(!course.claims.contains(e.enrollment), "an enrollment holds seats once");
        require(e.seats <= course.available(), "seats that are held were available");
        course.claims[e.enrollment] = {e.student, e.seats, false};
        add_to_share(course, e.student, e.enrollment, e.seats);
        course.held += e.seats;
      },
      [&](const SeatsTaken& e) {
        const auto found = course.claims.find(e.enrollment);
        require(found != course.claims.end() && !found->second.taken, "seats that are taken were held");
        auto& claim = found->second;
        claim.taken = true;
        course.held -= claim.seats;
        course.taken += claim.seats;
      },
      [&](const SeatsChangeHeld& e) {
        const auto found = course.claims.find(e.enrollment);
        require(found != course.claims.end() && found->second.taken && found->second.changes_to == 0,
                "seats that change were taken");
        auto& claim = found->second;
        claim.changes_to = e.seats;
        require(e.added <= course.available(), "seats that a change holds were available");
        course.held += e.added;
        course.share_of[claim.student].seats += e.added;
      },
      [&](const SeatsChangeTaken& e) {
        auto& claim = changing_claim(course, e.enrollment);
        course.held -= e.added;
        course.taken = course.taken + e.added - e.returned;
        course.share_of[claim.student].seats -= e.returned;
        claim.seats = std::exchange(claim.changes_to, 0);
      },
      [&](const SeatsChangeReleased& e) {
        auto& claim = changing_claim(course, e.enrollment);
        course.held -= e.added;
        course.share_of[claim.student].seats -= e.added;
        claim.changes_to = 0;
      },
      [&](const SeatsReleased& e) { release(course, e.enrollment); },
      [&](const SeatsWaitlisted& e) {
        require(e.ticket > course.last_ticket, "tickets of the waitlist ascend");
        course.waitlist[e.ticket] = {e.enrollment, e.student, e.seats};
        course.waitlist_by_seats.emplace(e.seats, e.ticket);
        course.tickets[e.enrollment] = course.last_ticket = e.ticket;
        course.waitlisted += e.seats;
        add_to_share(course, e.student, e.enrollment, e.seats);
      },
      [&](const WaiterPromoted& e) {
        auto waiter = leave_waitlist(course, e.enrollment);
        require(waiter.seats > 0, "an enrollment that is promoted was on the waitlist");
        require(waiter.seats <= course.available(), "seats of a promotion were available");
        course.claims[e.enrollment] = {std::move(waiter.student), waiter.seats, false};
        course.held += waiter.seats;
      },
      [&](const WaiterLeft& e) { drop_from_waitlist(course, e.enrollment); },
      [&](const WaiterDismissed& e) { drop_from_waitlist(course, e.enrollment); },
      [&](const CourseCancelled& e) {
        course.cancelled = true;
        course.cancel_reason = e.reason;
        course.definition.state = CourseState::closed;
        ++course.definition_version;
      });
}

}  // namespace sugang
