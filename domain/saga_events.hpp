#pragma once

#include <string>
#include <variant>

#include "domain/decision.hpp"
#include "domain/enum_names.hpp"
#include "domain/time.hpp"

namespace sugang {

/// Every step any kind knows. A command's id is `saga:step:direction`. `request` is the creation of the enrollment,
/// which travels in the same append as the seats it holds; the `mark_…` steps and `complete` are the enrollment's
/// own. The numbers stand in the journal: new ones come last.
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

/// Of a change of an enrollment's seats.
constexpr bool is_of_change(Step step) {
  return step >= Step::hold_seats_change && step <= Step::mark_change_refused;
}

/// What a reader calls the step in this direction: hold_seats undone is release_seats.
std::string_view step_label(Step step, Direction direction);

enum class SagaState : std::uint8_t { none, running, waiting, completed, compensating, compensated, stuck };
constexpr auto names_of(SagaState) {
  return names("none", "running", "waiting", "completed", "compensating", "compensated", "stuck");
}

/// Why a saga turned back; it decides how the enrollment ends.
/// `change_refused` undoes a change of seats alone; the enrollment goes on as it was.
enum class TurnCause : std::uint8_t { declined, expired, cancelled, change_refused };
constexpr auto names_of(TurnCause) { return names("declined", "expired", "cancelled", "change_refused"); }

struct SagaStarted {
  static constexpr std::string_view name = "saga.started";
  /// When the charge must have ended; after it the saga turns back and the enrollment expires.
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

/// The first attempt at a step ended without a definitive answer; it is made again with the same key. Later
/// attempts are not journaled, so that an outage writes no more the longer it lasts.
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

/// The outside refused for good what may not be given up, or has given no definitive answer for several attempts,
/// or the payment side is down while the saga is on its way back, or a staff deadline has passed behind the
/// point of no return. It is listed for an operator.
struct SagaStuck {
  static constexpr std::string_view name = "saga.stuck";
  Step step = Step::none;
  Direction direction = Direction::act;
  std::string error;
  /// Attempts at the step that ended without a definitive answer.
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

/// The step waits for the staff, the waitlist or a deferred charge, until the deadline; for a paused component
/// without one.
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

/// An operator's command; the audit trail of what it was, and why.
struct SagaOperated {
  static constexpr std::string_view name = "saga.operated";
  OperatorAction action = OperatorAction::retry;
  /// The step and the direction that the saga stood at.
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
  /// It does not stand at the step that this command is about.
  not_awaited,
  /// It has ended.
  ended,
  /// Between the steps that are only retried, or on its way back already.
  not_compensatable,
  /// An operator can't settle the step: it has not been tried, or needs more than a reason.
  not_resolvable,
  /// A call to the payment gateway may have left, and its outcome is not known.
  outcome_unknown,
  /// Its timeline is too long for a command that could be repeated without end.
  too_many_changes,
};

}  // namespace sugang
