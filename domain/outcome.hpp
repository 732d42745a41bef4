#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "domain/course.hpp"
#include "domain/enrollment.hpp"
#include "domain/payment.hpp"
#include "domain/record.hpp"
#include "domain/timeline.hpp"
#include "domain/webhook.hpp"

namespace sugang {

/// Refusals that no single aggregate decides.
enum class ServiceError : std::uint8_t {
  /// What needs room on the disk: it is nearly full.
  storage_full,
  catalogue_paused,
  /// The component that this step belongs to is paused.
  component_paused,
  too_many_webhooks,
  webhook_not_found,
  views_behind,
  view_paused,
  /// The rows of a view are damaged; it is built again.
  view_damaged,
  /// This read met damage in the journal.
  journal_damaged,
  /// An earlier read met it, and what it belongs to is set apart.
  quarantined,
  /// Another fault of a read.
  read_failed,
  draining,
};
using Refusal = std::variant<CourseError, EnrollmentError, PaymentError, ServiceError, SagaError, StockError,
                             DeliveryError, CoachingError, CalendarError>;

/// Why a rejected enrollment has no seats: its payment was declined, or the waitlist dismissed it.
inline Refusal rejection_of(const EnrollmentSummary& rejected) {
  if (rejected.payment == PaymentState::none) return CourseError::sold_out;
  return PaymentError::declined;
}

/// What a refusal to hold seats is about.
struct HoldRefusal {
  /// Of `already_enrolled`.
  std::optional<EnrollmentId> enrollment;
  /// Of `too_many_seats`: the limit, and what it leaves the student.
  std::uint32_t seats_per_student = 0;
  std::uint64_t seats_left = 0;
  bool operator==(const HoldRefusal&) const = default;
};

/// A course as callers see it.
struct CourseSnapshot {
  CourseId id;
  CourseDefinition definition;
  CourseState state = CourseState::draft;
  std::uint64_t definition_version = 0;
  Sequence sequence = 0;
  std::uint32_t held = 0;
  std::uint32_t taken = 0;
  std::uint32_t waitlisted = 0;
  bool cancelled = false;
  bool operator==(const CourseSnapshot&) const = default;
};

/// How a request that changes something ended, before it is rendered.
struct Outcome {
  /// The enrollment as it stands; for courses, the course; for an import, the count; for webhooks, the webhook.
  std::variant<std::monostate, EnrollmentSummary, CourseSnapshot, std::size_t, NewWebhook> subject;
  /// Position on the course's waitlist, counted from 1, of an enrollment that waits.
  std::optional<std::uint64_t> waitlist_position;
  std::optional<Refusal> refusal;
  std::optional<HoldRefusal> hold;
  /// For an import: the data row (1-based line number in the file) that the refusal is about.
  std::size_t line = 0;
  /// The saga continues after this answer (202).
  bool under_way = false;
};

}  // namespace sugang
