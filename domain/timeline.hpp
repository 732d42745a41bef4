#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/record.hpp"

namespace sugang {

enum class StepState : std::uint8_t { pending, done, failed };
constexpr auto names_of(StepState) { return names("pending", "done", "failed"); }

/// One line of `steps` in an enrollment or a saga.
struct StepProgress {
  Step step = Step::none;
  Direction direction = Direction::act;
  StepState state = StepState::pending;
  TimePoint at{};
  bool operator==(const StepProgress&) const = default;
  static void fields(auto& self, auto&& field) {
    field("step", self.step);
    field("direction", self.direction);
    field("state", self.state);
    field("at", self.at);
  }
};

/// A change of an enrollment's seats that is under way.
struct SeatsChange {
  std::uint32_t seats = 0;
  Money amount;
  /// Points that the new amount earns.
  std::int64_t mileage = 0;
  /// The new amount is paid; the former one is to be refunded.
  bool paid = false;
  /// Why it is given up, if it is.
  std::string refusal;
  bool operator==(const SeatsChange&) const = default;
  static void fields(auto& self, auto&& field) {
    field("seats", self.seats);
    field("amount", self.amount);
    field("mileage", self.mileage);
    field("paid", self.paid);
    field("refusal", self.refusal);
  }
};

/// All that is known of one enrollment: the fold of its timeline, which is every event, in journal order, of every
/// aggregate that took part. The coordinator, the views and the reads by id all use this one fold, so they agree.
struct EnrollmentSummary {
  EnrollmentId id;
  CourseId course;
  StudentId student;
  std::uint32_t seats = 0;
  CourseKind kind = CourseKind::lecture;
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
  EnrollmentState state = EnrollmentState::none;
  std::string reason;
  PaymentState payment = PaymentState::none;
  bool charge_started = false;
  bool refund_declined = false;
  /// Points that the payment's approval earns, and those earned and not reversed.
  std::int64_t mileage = 0;
  std::int64_t mileage_earned = 0;
  bool defers = false;
  std::optional<SeatsChange> change;
  /// On the course's waitlist.
  std::optional<std::uint64_t> ticket;
  /// Promoted from the waitlist, and without a deadline for its payment yet.
  bool promoted = false;
  StockState stock = StockState::none;
  DeliveryState delivery = DeliveryState::none;
  std::optional<Coaching> coaching;
  /// What the calendar that has booked last has for this enrollment, and whose it is.
  std::optional<TimeSlot> booked;
  std::optional<InstructorId> booked_with;
  /// The calendar that the class has left, until its slot there is free.
  std::optional<InstructorId> left_with;
  SagaState saga = SagaState::none;
  std::optional<TurnCause> turned;
  /// The step at which the saga waits: for the staff, the waitlist, a deferred charge or a paused component.
  Step awaits = Step::none;
  TimePoint deadline{};
  /// The command that ended without a definitive answer last, its attempts and why; none once an operator or a turn
  /// begins anew.
  Causation failing;
  std::uint32_t attempts = 0;
  std::string last_error;
  TimePoint requested_at{};
  TimePoint updated_at{};
  std::vector<StepProgress> steps;
  /// Events folded so far; the ETag.
  std::uint64_t version = 0;
  /// Journal position of the last event folded, of those that were read from the journal.
  Position position = 0;
  bool operator==(const EnrollmentSummary&) const = default;

  static void fields(auto& self, auto&& field) {
    field("id", self.id);
    field("courseId", self.course);
    field("studentId", self.student);
    field("seats", self.seats);
    field("kind", self.kind);
    field("amount", self.amount);
    field("paymentMethod", self.method);
    field("state", self.state);
    field("reason", self.reason);
    field("payment", self.payment);
    field("chargeStarted", self.charge_started);
    field("refundDeclined", self.refund_declined);
    field("mileage", self.mileage);
    field("mileageEarned", self.mileage_earned);
    field("defers", self.defers);
    field("change", self.change);
    field("ticket", self.ticket);
    field("promoted", self.promoted);
    field("stock", self.stock);
    field("delivery", self.delivery);
    field("coaching", self.coaching);
    field("booked", self.booked);
    field("bookedWith", self.booked_with);
    field("leftWith", self.left_with);
    field("saga", self.saga);
    field("turned", self.turned);
    field("awaits", self.awaits);
    field("deadline", self.deadline);
    field("failingStep", self.failing.step);
    field("failingDirection", self.failing.direction);
    field("attempts", self.attempts);
    field("lastError", self.last_error);
    field("requestedAt", self.requested_at);
    field("updatedAt", self.updated_at);
    field("steps", self.steps);
    field("version", self.version);
    field("position", self.position);
  }

  /// The payment as far as its aggregate's rules need it.
  Payment payment_so_far() const {
    return {.state = payment,
            .amount = amount,
            .method = method,
            .charge_started = charge_started,
            .refund_declined = refund_declined,
            .mileage = mileage,
            .mileage_earned = mileage_earned};
  }
  bool ended() const { return saga == SagaState::completed || saga == SagaState::compensated; }
};

/// Folds one record of the enrollment's timeline. Total: records of other enrollments are the caller's mistake,
/// unknown combinations leave the summary as it is but for version, position and time.
void apply(EnrollmentSummary& summary, const Record& record);

/// Whether the timeline shows the command's end.
bool is_done(const EnrollmentSummary& summary, const Causation& command);

}  // namespace sugang
