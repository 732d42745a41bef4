#include "sagas/coordinator.hpp"

#include <utility>

#include "actors/answering.hpp"

// People: the steps that they take in a saga, and operators.

namespace sugang {
namespace {

/// The step of the table that a person's command takes.
Step step_of(const PersonStep& step) {
  return std::visit(Overloaded{
                        [](const AssignInstructor&) { return Step::assign_instructor; },
                        [](const AgreeOnSlot&) { return Step::book_slot; },
                        [](const RecordResult&) { return Step::record_result; },
                        [](const StartDelivery&) { return Step::start_delivery; },
                        [](const CompleteDelivery&) { return Step::complete_delivery; },
                    },
                    step);
}

constexpr Causation book_slot{Step::book_slot, Direction::act};
constexpr Causation confirm_schedule{Step::confirm_schedule, Direction::act};

/// Whether it takes a class that is scheduled to another instructor or time.
bool moves_class(const PersonStep& step, const EnrollmentSummary& summary) {
  const auto& coaching = summary.coaching;
  if (!coaching || coaching->state != CoachingState::scheduled) return false;
  if (const auto* assign = std::get_if<AssignInstructor>(&step)) return coaching->instructor != assign->instructor;
  if (const auto* agree = std::get_if<AgreeOnSlot>(&step)) return coaching->slot != agree->slot;
  return false;
}

/// Why the step cannot be taken before its time.
Refusal too_early(Step step, const EnrollmentSummary& summary) {
  const bool asked = summary.coaching && summary.coaching->state == CoachingState::requested;
  if (step == Step::book_slot && asked) return CoachingError::not_assigned;
  if (step == Step::record_result) return CoachingError::not_scheduled;
  if (step == Step::complete_delivery && summary.delivery == DeliveryState::requested)
    return DeliveryError::not_started;
  if (summary.kind == CourseKind::product && summary.delivery == DeliveryState::none)
    return DeliveryError::not_found;
  return SagaError::not_awaited;
}

}  // namespace

void Coordinator::take_person_step(TakePersonStep& message) {
  // The saga may be on its way to this step, which it reaches in a moment unless a charge is out.
  const auto command = command_at(cursor_);
  const bool on_its_way = running_ && command && !cursor_.turned && command->step != Step::take_payment;
  if (person_ || on_its_way) return persons_.push_back(std::move(message));
  if (auto refusal = refusal_of(message.step)) return answer_refused(std::move(message.asker), *refusal);
  // What a crash or a pause has cut off is finished first; what keeps failing has its own time.
  if (pending_move(summary_) || command == confirm_schedule) {
    if (retry_armed_) return answer_refused(std::move(message.asker), ServiceError::read_failed);
    persons_.push_back(std::move(message));
    return resume();
  }
  const Causation step{step_of(message.step), Direction::act};
  // The slot is agreed on when the coaching has it, not when the calendar has.
  const auto answered_by = step == book_slot ? confirm_schedule : step;
  // A calendar is asked first for a slot that is not agreed on yet, or a class that moves.
  const bool books = command_at(cursor_) == book_slot ? step == book_slot : moves_class(message.step, summary_);
  person_ = {std::move(message.asker), books ? book_slot : answered_by, answered_by};
  participants_.take(message.step, person_->sent, summary_, trace_);
}

std::optional<Refusal> Coordinator::refusal_of(const PersonStep& step) const {
  const auto taken = step_of(step);
  if (summary_.state == EnrollmentState::none) return EnrollmentError::not_found;
  const auto place = place_of(summary_.kind, taken);
  if (!place) return SagaError::not_awaited;
  if (!node_.components.runs(*component_of(taken))) return ServiceError::component_paused;
  if (cursor_.turned || has_ended_otherwise(summary_.state)) {
    if (summary_.kind == CourseKind::product) return DeliveryError::cancelled;
    return CoachingError::released;
  }
  if (cursor_.index < *place) return too_early(taken, summary_);
  return std::nullopt;
}

void Coordinator::hear_person(const StepReply& reply) {
  auto asker = std::move(person_->asker);
  person_.reset();
  if (reply.outcome == StepOutcome::refused)
    answer_refused(std::move(asker), *reply.refusal);
  else if (reply.outcome == StepOutcome::unknown)
    // The participant can't be read, or its turn faulted.
    answer_refused(std::move(asker), reply.refusal.value_or(ServiceError::read_failed));
  else
    answer_as_it_stands(std::move(asker));
  serve_postponed();
  // Meanwhile the class may have moved, or the deadline have come.
  if (const auto* step = forward_step(cursor_);
      step && !running_ && !person_ && step->taken == Taken::by_person && !summary_.ended())
    wait_for_person(*step);
}

void Coordinator::operate(OperateSaga& message) {
  const auto& [action, reason] = message.operation;
  if (auto refusal = refusal_of(action)) return answer_refused(std::move(message.asker), *refusal);
  const auto command = command_at(cursor_).value_or(Causation{});
  append(SagaOperated{action, command.step, command.direction, reason}, std::nullopt, &message.asker);
  attempts_ = 0;
  switch (action) {
    case OperatorAction::retry:
      operator_retries_ = !running_;
      resume();
      operator_retries_ = false;
      break;
    case OperatorAction::compensate:
      turn_back(TurnCause::cancelled, reason);
      break;
    case OperatorAction::resolve:
      running_ = true;
      participants_.settle(command, reason, summary_, trace_);
      break;
  }
  answer_as_it_stands(std::move(message.asker));
}

std::optional<SagaError> Coordinator::refusal_of(OperatorAction action) const {
  if (summary_.state == EnrollmentState::none) return SagaError::not_found;
  if (action == OperatorAction::compensate)
    return cancel_now() != Cancel::turns ? std::optional{SagaError::not_compensatable} : std::nullopt;
  const auto command = command_at(cursor_);
  if (summary_.ended() || !command) return SagaError::ended;
  if (action == OperatorAction::retry) return std::nullopt;
  switch (command->step) {
    case Step::take_payment:
      if (summary_.payment_so_far().outcome_unknown()) return SagaError::outcome_unknown;
      return summary_.saga == SagaState::stuck ? std::nullopt : std::optional{SagaError::not_resolvable};
    case Step::record_result:
      // There is no result of a class that is still to come.
      if (summary_.coaching && summary_.coaching->slot && node_.timers.now() < summary_.coaching->slot->starts_at)
        return SagaError::not_resolvable;
      [[fallthrough]];
    case Step::start_delivery:
    case Step::complete_delivery:
      return person_ ? std::optional{SagaError::not_resolvable} : std::nullopt;
    default:
      return SagaError::not_resolvable;
  }
}

}  // namespace sugang
