#include "domain/course.hpp"

namespace sugang {
namespace {

using CourseDecision = Decision<CourseEvent, CourseError>;

std::uint32_t seats_of(const Course& course, const StudentId& student) {
  auto it = course.seats_of.find(student);
  return it == course.seats_of.end() ? 0 : it->second;
}

/// Refuses what came after its undo: by the tombstone, or, once that is forgotten, by the id's age.
bool is_undone(const Course& course, EnrollmentId enrollment) {
  return course.released.contains(enrollment) || enrollment.uid.time() + released_kept < course.newest_enrollment;
}

CourseDecision decide_register(const Course& course, const RegisterCourse& command) {
  if (course.registered) return CourseError::already_exists;
  return CourseDecision::of(CourseRegistered{command.definition});
}

CourseDecision decide_revise(const Course& course, const ReviseCourse& command, TimePoint now) {
  if (command.expected_definition != course.definition_version) return CourseError::definition_changed;
  if (command.capacity && *command.capacity < course.held + course.taken) return CourseError::capacity_below_taken;
  // draft → open → closed; never back.
  if (command.state && *command.state < state_at(course.definition, now)) return CourseError::state_not_reachable;
  const auto& current = course.definition;
  const bool changes = (command.title && *command.title != current.title) ||
                       (command.capacity && *command.capacity != current.capacity) ||
                       (command.state && *command.state != current.state);
  if (!changes) return {};
  return CourseDecision::of(CourseRevised{command.title, command.capacity, command.state});
}

CourseDecision decide_hold(const Course& course, const HoldSeats& command, TimePoint now) {
  if (course.claims.contains(command.enrollment)) return {};
  if (is_undone(course, command.enrollment)) return CourseError::undone;
  if (state_at(course.definition, now) != CourseState::open) return CourseError::not_open;
  if (auto limit = course.definition.seats_per_student; limit != 0) {
    if (command.seats > limit) return CourseError::too_many_seats;
    if (seats_of(course, command.student) + command.seats > limit) return CourseError::already_enrolled;
  }
  if (command.seats > course.available()) return CourseError::sold_out;
  const auto& definition = course.definition;
  if (!command.payments_available && definition.price.amount > 0 &&
      definition.payment_unavailable == PaymentUnavailable::refuse)
    return CourseError::payment_unavailable;
  return CourseDecision::of(SeatsHeld{command.enrollment, command.student, command.seats});
}

CourseDecision decide_take(const Course& course, const TakeSeats& command) {
  auto claim = course.claims.find(command.enrollment);
  if (claim == course.claims.end()) return CourseError::undone;
  if (claim->second.taken) return {};
  return CourseDecision::of(SeatsTaken{command.enrollment});
}

CourseDecision decide_release(const Course& course, const ReleaseSeats& command) {
  auto claim = course.claims.find(command.enrollment);
  if (claim != course.claims.end())
    return CourseDecision::of(SeatsReleased{command.enrollment, claim->second.seats});
  if (is_undone(course, command.enrollment)) return {};
  return CourseDecision::of(SeatsReleased{command.enrollment, 0});
}

void release(Course& course, EnrollmentId enrollment) {
  if (auto it = course.claims.find(enrollment); it != course.claims.end()) {
    auto& [student, seats, taken] = it->second;
    (taken ? course.taken : course.held) -= seats;
    if (auto of_student = course.seats_of.find(student);
        of_student != course.seats_of.end() && (of_student->second -= seats) == 0)
      course.seats_of.erase(of_student);
    course.claims.erase(it);
  }
  course.released.insert(enrollment);
}

/// A function of the events alone, so that a replay forgets the same.
void see_enrollment(Course& course, EnrollmentId enrollment) {
  if (enrollment.uid.time() <= course.newest_enrollment) return;
  course.newest_enrollment = enrollment.uid.time();
  while (!course.released.empty() && course.released.begin()->uid.time() + released_kept < course.newest_enrollment)
    course.released.erase(course.released.begin());
}

}  // namespace

CourseState state_at(const CourseDefinition& definition, TimePoint now) {
  if (definition.closes_at && now >= *definition.closes_at) return CourseState::closed;
  if (definition.state == CourseState::draft && definition.opens_at && now >= *definition.opens_at)
    return CourseState::open;
  return definition.state;
}

Decision<CourseEvent, CourseError> decide(const Course& course, const CourseCommand& command, TimePoint now) {
  if (const auto* registration = std::get_if<RegisterCourse>(&command))
    return decide_register(course, *registration);
  if (!course.registered) return CourseError::not_found;
  return std::visit(Overloaded{
                        [&](const RegisterCourse&) { return CourseDecision{CourseError::already_exists}; },
                        [&](const ReviseCourse& c) { return decide_revise(course, c, now); },
                        [&](const HoldSeats& c) { return decide_hold(course, c, now); },
                        [&](const TakeSeats& c) { return decide_take(course, c); },
                        [&](const ReleaseSeats& c) { return decide_release(course, c); },
                    },
                    command);
}

void apply(Course& course, const CourseEvent& event) {
  std::visit(Overloaded{
                 [&](const CourseRegistered& e) {
                   course.registered = true;
                   course.definition = e.definition;
                   course.definition_version = 1;
                 },
                 [&](const CourseRevised& e) {
                   if (e.title) course.definition.title = *e.title;
                   if (e.capacity) course.definition.capacity = *e.capacity;
                   if (e.state) course.definition.state = *e.state;
                   ++course.definition_version;
                 },
                 [&](const SeatsHeld& e) {
                   course.claims[e.enrollment] = {e.student, e.seats, false};
                   course.seats_of[e.student] += e.seats;
                   course.held += e.seats;
                   see_enrollment(course, e.enrollment);
                 },
                 [&](const SeatsTaken& e) {
                   auto& claim = course.claims[e.enrollment];
                   claim.taken = true;
                   course.held -= claim.seats;
                   course.taken += claim.seats;
                 },
                 [&](const SeatsReleased& e) {
                   release(course, e.enrollment);
                   see_enrollment(course, e.enrollment);
                 },
             },
             event);
}

}  // namespace sugang
