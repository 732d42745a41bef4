#pragma once

#include <rapidcheck.h>

#include <ostream>
#include <vector>

#include "domain/course.hpp"
#include "tests/domain/given.hpp"

// Random commands for one course: a few enrollments and students, so that duplicates, reorderings and undos before
// their acts come about by themselves.

namespace sugang {

inline constexpr std::size_t enrollments_in_play = 16;
inline constexpr std::size_t students_in_play = 4;

/// Minted from two days ago to two days ahead, as by a clock that was set while the course was open.
inline EnrollmentId in_play(std::size_t n) {
  return enrollment(n, std::chrono::hours{48} - std::chrono::hours{6} * static_cast<int>(n));
}
inline StudentId student(std::size_t n) { return {"s" + std::to_string(n)}; }

struct Move {
  enum class What { hold, take, release, resize, revise_unseen, close, cancel, advance };
  What what = What::hold;
  std::size_t enrollment = 0;
  std::size_t student = 0;
  std::uint32_t seats = 1;
  PaymentSide payments = PaymentSide::available;
  bool may_wait = false;
};

inline std::ostream& operator<<(std::ostream& out, const Move& move) {
  const char* names[] = {"hold", "take", "release", "resize", "revise unseen", "close", "cancel", "advance"};
  return out << names[static_cast<int>(move.what)] << " e" << move.enrollment << " s" << move.student << " x"
             << move.seats << (move.payments == PaymentSide::available ? "" : " while payments are down")
             << (move.may_wait ? " or waits" : "");
}

inline CourseCommand command_of(const Move& move, const Course& course) {
  using What = Move::What;
  const auto id = in_play(move.enrollment);
  switch (move.what) {
    case What::hold: return HoldSeats{id, student(move.student), move.seats, move.payments, move.may_wait};
    case What::take: return TakeSeats{id};
    case What::release: return ReleaseSeats{id};
    case What::resize:
      return ReviseCourse{
          .expected_definition = course.definition_version, .title = {}, .capacity = move.seats, .state = {}};
    case What::revise_unseen:
      return ReviseCourse{
          .expected_definition = course.definition_version + 1, .title = {}, .capacity = 0, .state = {}};
    case What::close:
      return ReviseCourse{.expected_definition = course.definition_version,
                          .title = {},
                          .capacity = {},
                          .state = CourseState::closed};
    case What::cancel: return CancelCourse{"burst pipe"};
    case What::advance: return AdvanceWaitlist{};
  }
  return {};
}

inline rc::Gen<Move> any_move() {
  using What = Move::What;
  // Most of all seats move; what closes the course ends the fun and is rare.
  auto what = rc::gen::weightedElement<What>({{20, What::hold},
                                              {10, What::take},
                                              {8, What::release},
                                              {4, What::resize},
                                              {1, What::revise_unseen},
                                              {1, What::close},
                                              {1, What::cancel},
                                              {2, What::advance}});
  auto seats = rc::gen::weightedOneOf<std::uint32_t>(
      {{12, rc::gen::inRange<std::uint32_t>(1, 5)},
       {2, rc::gen::inRange<std::uint32_t>(1, 12)},
       {1, rc::gen::element<std::uint32_t>(0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff)}});
  return rc::gen::build<Move>(
      rc::gen::set(&Move::what, what),
      rc::gen::set(&Move::enrollment, rc::gen::inRange<std::size_t>(0, enrollments_in_play)),
      rc::gen::set(&Move::student, rc::gen::inRange<std::size_t>(0, students_in_play)),
      rc::gen::set(&Move::seats, seats),
      rc::gen::set(&Move::payments, rc::gen::weightedElement<PaymentSide>({{18, PaymentSide::available},
                                                                           {1, PaymentSide::unavailable},
                                                                           {1, PaymentSide::queue_full}})),
      rc::gen::set(&Move::may_wait, rc::gen::weightedElement<bool>({{3, true}, {1, false}})));
}

/// Long enough to fill a course and empty it several times over.
inline rc::Gen<std::vector<Move>> any_moves() {
  return rc::gen::scale(3.0, rc::gen::container<std::vector<Move>>(any_move()));
}

inline CourseDefinition any_definition() {
  CourseDefinition definition;
  definition.capacity = *rc::gen::inRange<std::uint32_t>(0, 12);
  definition.price = {*rc::gen::element<std::int64_t>(0, 12'000), {}};
  definition.seats_per_student = *rc::gen::element<std::uint32_t>(0, 1, 2, 4, capacity_max);
  definition.waitlist = *rc::gen::arbitrary<bool>();
  definition.payment_unavailable = *rc::gen::element(PaymentUnavailable::refuse, PaymentUnavailable::defer);
  return definition;
}

/// A course driven by moves, which keeps the events it decided.
struct DrivenCourse {
  Course course;
  std::vector<CourseEvent> events;

  explicit DrivenCourse(const CourseDefinition& definition) { accept(RegisterCourse{definition}); }

  Decision<CourseEvent, CourseError> accept(const CourseCommand& command) {
    auto decision = decide(course, command, noon);
    for (const auto& event : decision.events) {
      apply(course, event);
      events.push_back(event);
    }
    return decision;
  }
};

}  // namespace sugang
