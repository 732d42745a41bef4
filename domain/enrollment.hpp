#pragma once

#include <optional>
#include <string>
#include <variant>

#include "domain/course.hpp"

namespace sugang {

enum class EnrollmentState : std::uint8_t {
  none,
  requested,
  seats_held,
  payment_pending,
  confirmed,
  rejected,
  expired,
  cancel_requested,
  cancelled,
};
template <>
struct EnumNames<EnrollmentState> {
  static constexpr std::array<std::string_view, 9> values{
      "none",     "requested", "seats_held",       "payment_pending", "confirmed",
      "rejected", "expired",   "cancel_requested", "cancelled"};
};

struct EnrollmentRequested {
  static constexpr std::string_view name = "enrollment.requested";
  static constexpr std::uint16_t version = 1;
  CourseId course;
  StudentId student;
  std::uint32_t seats = 1;
  CourseKind kind = CourseKind::lecture;
  /// seats × price, fixed when the seats are held.
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
  bool operator==(const EnrollmentRequested&) const = default;
  static void fields(auto& self, auto&& field) {
    field("courseId", self.course);
    field("studentId", self.student);
    field("seats", self.seats);
    field("kind", self.kind);
    field("amount", self.amount);
    field("paymentMethod", self.method);
  }
};

struct EnrollmentConfirmed {
  static constexpr std::string_view name = "enrollment.confirmed";
  static constexpr std::uint16_t version = 1;
  bool operator==(const EnrollmentConfirmed&) const = default;
  static void fields(auto&, auto&&) {}
};

struct EnrollmentRejected {
  static constexpr std::string_view name = "enrollment.rejected";
  static constexpr std::uint16_t version = 1;
  std::string reason;
  bool operator==(const EnrollmentRejected&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

struct EnrollmentExpired {
  static constexpr std::string_view name = "enrollment.expired";
  static constexpr std::uint16_t version = 1;
  bool operator==(const EnrollmentExpired&) const = default;
  static void fields(auto&, auto&&) {}
};

struct CancelRequested {
  static constexpr std::string_view name = "enrollment.cancel-requested";
  static constexpr std::uint16_t version = 1;
  std::string reason;
  bool operator==(const CancelRequested&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

struct EnrollmentCancelled {
  static constexpr std::string_view name = "enrollment.cancelled";
  static constexpr std::uint16_t version = 1;
  bool operator==(const EnrollmentCancelled&) const = default;
  static void fields(auto&, auto&&) {}
};

using EnrollmentEvent = std::variant<EnrollmentRequested, EnrollmentConfirmed, EnrollmentRejected,
                                     EnrollmentExpired, CancelRequested, EnrollmentCancelled>;

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
using EnrollmentCommand = std::variant<RequestEnrollment, ConfirmEnrollment, RejectEnrollment, ExpireEnrollment,
                                       RequestCancel, CancelEnrollment>;

enum class EnrollmentError : std::uint8_t { not_found, not_cancellable, ended };

/// One student's claim. Between `requested` and `confirmed` the seats and the money move in other aggregates;
/// what a reader sees of it (`seats_held`, `payment_pending`) is read from the enrollment's timeline.
struct Enrollment {
  using Command = EnrollmentCommand;
  using Event = EnrollmentEvent;
  using Error = EnrollmentError;

  EnrollmentState state = EnrollmentState::none;
  bool operator==(const Enrollment&) const = default;
};

Decision<EnrollmentEvent, EnrollmentError> decide(const Enrollment& enrollment, const EnrollmentCommand& command,
                                                  TimePoint now);
void apply(Enrollment& enrollment, const EnrollmentEvent& event);

}  // namespace sugang
