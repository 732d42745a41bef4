#pragma once

#include <string>
#include <variant>

#include "domain/decision.hpp"
#include "domain/enum_names.hpp"
#include "domain/time.hpp"

namespace sugang {

/// The steps of all kinds of courses. A command's id is `saga:step:direction`. `request` is the creation of the
/// enrollment, in one append with its seats. The journal stores the values: new steps are added at the end.
enum class Step : std::uint8_t {
  none,
  request,
  hold_seats,
  take_payment,
  take_seats,
  confirm,
  mark_cancel_requested,
  mark_cancelled,
  mark_rejected,
  mark_expired,
  prepare_stock,
  request_delivery,
  assign_instructor,
  book_slot,
  confirm_schedule,
  start_delivery,
  complete_delivery,
  record_result,
  complete,
  hold_seats_change,
  replace_payment,
  take_seats_change,
  confirm_seats_change,
  refund_former,
  release_seats_change,
  mark_change_refused,
};
constexpr auto names_of(Step) {
  return names("none", "request", "hold_seats", "take_payment", "take_seats", "confirm", "mark_cancel_requested",
               "mark_cancelled", "mark_rejected", "mark_expired", "prepare_stock", "request_delivery",
               "assign_instructor", "book_slot", "confirm_schedule", "start_delivery", "complete_delivery",
               "record_result", "complete", "hold_seats_change", "replace_payment", "take_seats_change",
               "confirm_seats_change", "refund_former", "release_seats_change", "mark_change_refused");
}

enum class Direction : std::uint8_t { act, undo };
constexpr auto names_of(Direction) { return names("act", "undo"); }

/// Whether the step belongs to a change of seats.
constexpr bool is_of_change(Step step) {
  return step >= Step::hold_seats_change && step <= Step::mark_change_refused;
}

enum class SagaState : std::uint8_t { none, running, waiting, completed, compensating, compensated, stuck };
constexpr auto names_of(SagaState) {
  return names("none", "running", "waiting", "completed", "compensating", "compensated", "stuck");
}

/// Why a saga turned back; it decides how the enrollment ends. `change_refused` undoes only a change of seats: the
/// enrollment stays as it was.
enum class TurnCause : std::uint8_t { declined, expired, cancelled, change_refused };
constexpr auto names_of(TurnCause) { return names("declined", "expired", "cancelled", "change_refused"); }

struct SagaStarted {
  static constexpr std::string_view name = "saga.started";
  /// Of the charge, or of the wait on the waitlist: once it has passed, the saga turns back and the enrollment
  /// expires.
  TimePoint deadline;
  bool operator==(const SagaStarted&) const = default;
  static void fields(auto& self, auto&& field) { field("deadline", self.deadline); }
};

struct SagaTurned {
  static constexpr std::string_view name = "saga.turned";
  TurnCause cause = TurnCause::declined;
  std::string reason;
  bool operator==(const SagaTurned&) const = default;
  static void fields(auto& self, auto&& field) {
    field("cause", self.cause);
    field("reason", self.reason);
  }
};

/// The first attempt at a step had no definitive outcome; the step is retried. Later attempts are not journaled, so
/// that a longer outage does not add records.
struct SagaStepFailed {
  static constexpr std::string_view name = "saga.step-failed";
  Step step = Step::none;
  Direction direction = Direction::act;
  std::uint32_t attempt = 0;
  std::string error;
  bool operator==(const SagaStepFailed&) const = default;
  static void fields(auto& self, auto&& field) {
    field("step", self.step);
    field("direction", self.direction);
    field("attempt", self.attempt);
    field("error", self.error);
  }
};

/// The saga is listed for an operator: a step behind the point of no return or on the way back was refused, a step
/// had no definitive outcome in several attempts, the staff missed a deadline without a way back, or the payment
/// side is down while the saga compensates.
struct SagaStuck {
  static constexpr std::string_view name = "saga.stuck";
  Step step = Step::none;
  Direction direction = Direction::act;
  std::string error;
  /// Attempts at the step without a definitive outcome.
  std::uint32_t attempts = 0;
  bool operator==(const SagaStuck&) const = default;
  static void fields(auto& self, auto&& field) {
    field("step", self.step);
    field("direction", self.direction);
    field("error", self.error);
    field("attempts", self.attempts);
  }
};

struct SagaCompleted : BareEvent<"saga.completed"> {};

struct SagaCompensated : BareEvent<"saga.compensated"> {};

/// The step waits until the deadline: for the staff, or for the charge of a promoted enrollment. For a paused
/// component it waits without a deadline (zero).
struct SagaWaits {
  static constexpr std::string_view name = "saga.waits";
  Step step = Step::none;
  TimePoint deadline;
  bool operator==(const SagaWaits&) const = default;
  static void fields(auto& self, auto&& field) {
    field("step", self.step);
    field("deadline", self.deadline);
  }
};

enum class OperatorAction : std::uint8_t { retry, compensate, resolve };
constexpr auto names_of(OperatorAction) { return names("retry", "compensate", "resolve"); }

/// An operator's command, for the audit trail.
struct SagaOperated {
  static constexpr std::string_view name = "saga.operated";
  OperatorAction action = OperatorAction::retry;
  /// The command under the saga's cursor at that time.
  Step step = Step::none;
  Direction direction = Direction::act;
  std::string reason;
  bool operator==(const SagaOperated&) const = default;
  static void fields(auto& self, auto&& field) {
    field("action", self.action);
    field("step", self.step);
    field("direction", self.direction);
    field("reason", self.reason);
  }
};

using SagaEvent = std::variant<SagaStarted, SagaTurned, SagaStepFailed, SagaStuck, SagaCompleted, SagaCompensated,
                               SagaWaits, SagaOperated>;

enum class SagaError : std::uint8_t {
  not_found,
  /// The saga does not wait for the step of this command.
  not_awaited,
  /// The saga has ended.
  ended,
  /// No cancel is possible where the saga stands: between steps that are only retried, on its way back, or too
  /// late.
  not_compensatable,
  /// An operator can't settle this step, or can't settle it yet.
  not_resolvable,
  /// A call to the payment gateway may have been made, and its outcome is unknown.
  outcome_unknown,
  /// The timeline is too long for a command that could be repeated without end.
  too_many_changes,
};

}  // namespace sugang
