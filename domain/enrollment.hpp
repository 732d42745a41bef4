#pragma once

#include <string>
#include <variant>

#include "domain/course.hpp"

namespace sugang {

/// What a student requests.
struct PlaceEnrollment {
  CourseId course;
  StudentId student;
  std::uint32_t seats = 1;
  PaymentMethod method = PaymentMethod::test_approve;
  /// Goes on the waitlist when the course is full and has one (`onFull: waitlist`).
  bool may_wait = false;
};

enum class EnrollmentState : std::uint8_t {
  none,
  requested,
  waitlisted,
  seats_held,
  payment_pending,
  awaiting_instructor,
  awaiting_schedule,
  confirmed,
  completed,
  rejected,
  expired,
  cancel_requested,
  cancelled,
};
constexpr auto names_of(EnrollmentState) {
  return names("none", "requested", "waitlisted", "seats_held", "payment_pending", "awaiting_instructor",
               "awaiting_schedule", "confirmed", "completed", "rejected", "expired", "cancel_requested",
               "cancelled");
}

/// It ended without a place, and not by a cancel.
constexpr bool has_ended_otherwise(EnrollmentState state) {
  return state == EnrollmentState::rejected || state == EnrollmentState::expired;
}

struct EnrollmentRequested {
  static constexpr std::string_view name = "enrollment.requested";
  CourseId course;
  StudentId student;
  std::uint32_t seats = 1;
  CourseKind kind = CourseKind::lecture;
  /// seats × price, fixed when the seats are held.
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
  /// Points that the payment will earn, fixed with the amount.
  std::int64_t mileage = 0;
  /// The charge may wait while the payment side is down.
  bool defers = false;
  bool operator==(const EnrollmentRequested&) const = default;
  static void fields(auto& self, auto&& field) {
    field("courseId", self.course);
    field("studentId", self.student);
    field("seats", self.seats);
    field("kind", self.kind);
    field("amount", self.amount);
    field("paymentMethod", self.method);
    field("mileage", self.mileage);
    field("defers", self.defers);
  }
};

struct EnrollmentConfirmed : BareEvent<"enrollment.confirmed"> {};

/// Nothing is left to come: delivered, or the class's result is recorded.
struct EnrollmentCompleted : BareEvent<"enrollment.completed"> {};

struct EnrollmentRejected {
  static constexpr std::string_view name = "enrollment.rejected";
  std::string reason;
  bool operator==(const EnrollmentRejected&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

struct EnrollmentExpired : BareEvent<"enrollment.expired"> {};

struct CancelRequested {
  static constexpr std::string_view name = "enrollment.cancel-requested";
  std::string reason;
  bool operator==(const CancelRequested&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

struct EnrollmentCancelled : BareEvent<"enrollment.cancelled"> {};

/// It stays confirmed, with the seats that it has, until the change is done.
struct SeatsChangeRequested {
  static constexpr std::string_view name = "enrollment.seats-change-requested";
  std::uint32_t seats = 0;
  /// seats × the price that the enrollment was made for.
  Money amount;
  bool operator==(const SeatsChangeRequested&) const = default;
  static void fields(auto& self, auto&& field) {
    field("seats", self.seats);
    field("amount", self.amount);
  }
};

/// It has the seats and the amount of the change.
struct SeatsChanged : BareEvent<"enrollment.seats-changed"> {};

/// It keeps the seats and the amount from before the change.
struct SeatsChangeRefused {
  static constexpr std::string_view name = "enrollment.seats-change-refused";
  std::string reason;
  bool operator==(const SeatsChangeRefused&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

using EnrollmentEvent =
    std::variant<EnrollmentRequested, EnrollmentConfirmed, EnrollmentRejected, EnrollmentExpired, CancelRequested,
                 EnrollmentCancelled, EnrollmentCompleted, SeatsChangeRequested, SeatsChanged, SeatsChangeRefused>;

struct RequestEnrollment {
  EnrollmentRequested request;
};
struct ConfirmEnrollment {};
struct RejectEnrollment {
  std::string reason;
};
struct ExpireEnrollment {};
struct RequestCancel {
  std::string reason;
};
struct CancelEnrollment {};
struct CompleteEnrollment {};
struct RequestSeatsChange {
  SeatsChangeRequested request;
};
struct ConfirmSeatsChange {};
struct RefuseSeatsChange {
  std::string reason;
};
using EnrollmentCommand =
    std::variant<RequestEnrollment, ConfirmEnrollment, RejectEnrollment, ExpireEnrollment, RequestCancel,
                 CancelEnrollment, CompleteEnrollment, RequestSeatsChange, ConfirmSeatsChange, RefuseSeatsChange>;

enum class EnrollmentError : std::uint8_t {
  not_found,
  not_cancellable,
  ended,
  /// Seats change in a confirmed booking of a performance alone.
  not_changeable,
  /// A change of seats is under way.
  changing,
  /// It is another version than the one that the caller has seen.
  version_changed,
};

/// One student's claim. Between `requested` and `confirmed` the seats and the money move in other aggregates;
/// what a reader sees of it (`waitlisted`, `seats_held`, `payment_pending`, `awaiting_…`) is read from the
/// enrollment's timeline.
struct Enrollment {
  using Command = EnrollmentCommand;
  using Event = EnrollmentEvent;
  using Error = EnrollmentError;

  EnrollmentState state = EnrollmentState::none;
  /// A change of its seats is under way.
  bool changing = false;
  bool operator==(const Enrollment&) const = default;
};

using EnrollmentDecision = Decision<EnrollmentEvent, EnrollmentError>;
EnrollmentDecision decide(const Enrollment& enrollment, const EnrollmentCommand& command, TimePoint now);
void apply(Enrollment& enrollment, const EnrollmentEvent& event);

}  // namespace sugang
