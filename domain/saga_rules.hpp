#pragma once

#include <optional>

#include "domain/saga.hpp"

// What a saga may do now: functions of its state and of the conditions.

namespace sugang {

/// An enrollment with this many records refuses commands that could be repeated without end, so that its timeline
/// can always be read as a whole.
inline constexpr std::uint64_t repeated_records_max = 1'000;

/// Whether calls to the payment gateway may be made.
bool may_call(const SagaConditions& world);
/// Whether the command has to wait for its component. A command to the payment waits only once its intent is
/// durable: an intent is journaled even if no call may be made, and a charge that was never sent is voided without
/// a call.
bool waits_for_component(const Saga& saga, const Causation& command, const SagaConditions& world);

/// What a cancel does to the saga now.
Cancel cancel_now(const Saga& saga);
/// Whether a postponed cancel or revocation turns the saga back before its next step.
bool cancel_is_next(const Saga& saga);

/// The deadline for the staff to take the step; for a class's result, counted from the end of the class.
TimePoint deadline_of(const Saga& saga, Step step, const SagaConditions& world);

// Why the command is refused now; none: it is accepted.
std::optional<Refusal> refusal_of(const Saga& saga, const StaffStep& staff_step, const SagaConditions& world);
std::optional<Refusal> refusal_of(const Saga& saga, const ChangeSeats& change, const SagaConditions& world);
std::optional<SagaError> refusal_of(const Saga& saga, OperatorAction action, const SagaConditions& world);

}  // namespace sugang
