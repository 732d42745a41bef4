#include "domain/saga_rules.hpp"

#include <algorithm>

namespace sugang {
namespace {

/// The refusal of a step that the saga has not reached.
Refusal too_early(Step step, const EnrollmentSummary& summary) {
  const bool awaits_instructor = summary.coaching && summary.coaching->state == CoachingState::requested;
  if (step == Step::book_slot && awaits_instructor) return CoachingError::not_assigned;
  if (step == Step::record_result) return CoachingError::not_scheduled;
  if (step == Step::complete_delivery && summary.delivery == DeliveryState::requested)
    return DeliveryError::not_started;
  if (summary.kind == CourseKind::product && summary.delivery == DeliveryState::none)
    return DeliveryError::not_found;
  return SagaError::not_awaited;
}

bool has_long_timeline(const Saga& saga) { return saga.summary.version >= repeated_records_max; }

}  // namespace

bool may_call(const SagaConditions& world) {
  return !world.paused.contains(Component::payments) && world.payments == PaymentSide::available;
}

bool waits_for_component(const Saga& saga, const Causation& command, const SagaConditions& world) {
  const auto component = row_of(command.step).component;
  if (!component) return false;
  if (*component != Component::payments) return world.paused.contains(*component);
  // A replacement calls at once, and the former charge's refund is requested before its command.
  if (is_of_change(command.step)) return !may_call(world);
  const auto payment = saga.summary.payment_so_far();
  const bool intent_is_durable = command.direction == Direction::act
                                     ? payment.state == PaymentState::requested
                                     : payment.state != PaymentState::requested && payment.outcome_unknown();
  return intent_is_durable && !may_call(world);
}

TimePoint deadline_of(const Saga& saga, Step step, const SagaConditions& world) {
  const auto& coaching = saga.summary.coaching;
  const bool has_slot = step == Step::record_result && coaching && coaching->slot;
  return (has_slot ? std::max(world.now, coaching->slot->ends_at) : world.now) + world.staff_deadline;
}

Cancel cancel_now(const Saga& saga) {
  // Behind the confirmation a reply comes in a moment. If the saga turned back before it, the step's event could
  // come after the mark of the cancel.
  const auto confirm = place_of(saga.cursor.kind, Step::confirm);
  const bool in_flight = saga.running && !saga.cursor.turned && confirm && saga.cursor.index > *confirm;
  return saga.staff || in_flight || pending_move(saga.summary) ? Cancel::waits : cancel_at(saga.cursor);
}

bool cancel_is_next(const Saga& saga) {
  if (saga.cursor.turned || saga.running || cancel_now(saga) != Cancel::turns) return false;
  return std::any_of(saga.postponed.begin(), saga.postponed.end(), [](const auto& each) {
    const auto* call = std::get_if<CallSaga>(&each);
    return !call || !std::holds_alternative<StaffStep>(call->request);
  });
}

std::optional<Refusal> refusal_of(const Saga& saga, const StaffStep& staff_step, const SagaConditions& world) {
  const auto step = step_of(staff_step);
  if (!saga.exists()) return EnrollmentError::not_found;
  const auto place = place_of(saga.summary.kind, step);
  if (!place) return SagaError::not_awaited;
  if (world.paused.contains(*row_of(step).component)) return ServiceError::component_paused;
  if (saga.cursor.turned || has_ended_otherwise(saga.summary.state)) {
    if (saga.summary.kind == CourseKind::product) return DeliveryError::cancelled;
    return CoachingError::released;
  }
  if (saga.cursor.index < *place) return too_early(step, saga.summary);
  if (saga.cursor.index > *place && has_long_timeline(saga)) return SagaError::too_many_changes;
  return std::nullopt;
}

std::optional<Refusal> refusal_of(const Saga& saga, const ChangeSeats& change, const SagaConditions& world) {
  const auto& summary = saga.summary;
  if (!saga.exists()) return EnrollmentError::not_found;
  if (const auto error = decide(saga.enrollment, RequestSeatsChange{}, world.now).error) return *error;
  if (summary.kind != CourseKind::performance || !summary.ended()) return EnrollmentError::not_changeable;
  // The condition counts where the change would be made without it (RFC 9110, 13.2.1).
  const auto& expected = change.expected_versions;
  if (!expected.empty() && std::find(expected.begin(), expected.end(), summary.version) == expected.end())
    return EnrollmentError::version_changed;
  if (has_long_timeline(saga)) return SagaError::too_many_changes;
  return std::nullopt;
}

std::optional<SagaError> refusal_of(const Saga& saga, OperatorAction action, const SagaConditions& world) {
  if (!saga.exists()) return SagaError::not_found;
  if (action == OperatorAction::compensate)
    return cancel_now(saga) != Cancel::turns ? std::optional{SagaError::not_compensatable} : std::nullopt;
  const auto command = command_at(saga.cursor);
  if (saga.summary.ended() || !command) return SagaError::ended;
  if (action == OperatorAction::retry)
    return has_long_timeline(saga) ? std::optional{SagaError::too_many_changes} : std::nullopt;
  switch (command->step) {
    case Step::refund_former:
      if (!saga.summary.refund_declined) return SagaError::outcome_unknown;
      return std::nullopt;
    case Step::take_payment:
      if (saga.summary.payment_so_far().outcome_unknown()) return SagaError::outcome_unknown;
      return saga.summary.saga == SagaState::stuck ? std::nullopt : std::optional{SagaError::not_resolvable};
    case Step::record_result:
      // A class that has not begun has no result.
      if (saga.summary.coaching && saga.summary.coaching->slot &&
          world.now < saga.summary.coaching->slot->starts_at)
        return SagaError::not_resolvable;
      [[fallthrough]];
    case Step::start_delivery:
    case Step::complete_delivery: return saga.staff ? std::optional{SagaError::not_resolvable} : std::nullopt;
    default: return SagaError::not_resolvable;
  }
}

}  // namespace sugang
