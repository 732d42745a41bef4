#pragma once

#include <optional>

#include "domain/saga.hpp"

// What a saga may do where it stands, as questions about its state and the conditions.

namespace sugang {

/// Records of one enrollment after which it takes no command that could be repeated without end, so that its
/// timeline can always be read as a whole.
inline constexpr std::uint64_t repeated_records_max = 1'000;

/// Calls to the payment gateway may be made.
bool may_call(const SagaConditions& world);
/// The command's component is paused, or, of a payment whose intent is durable, no call may be made. An intent is
/// journaled all the same, and a charge that never left is voided without any call.
bool waits_for_component(const Saga& saga, const Causation& command, const SagaConditions& world);

/// What a cancel may do now.
Cancel cancel_now(const Saga& saga);
/// A cancel has waited for the step that has just ended, and turns the saga before the next.
bool cancel_is_next(const Saga& saga);

/// By when the staff has to take the step.
TimePoint deadline_of(const Saga& saga, Step step, const SagaConditions& world);

/// Why the staff can't take the step now, if so.
std::optional<Refusal> refusal_of(const Saga& saga, const StaffStep& step, const SagaConditions& world);
/// Why the seats can't be changed now, if so.
std::optional<Refusal> refusal_of(const Saga& saga, const ChangeSeats& change, const SagaConditions& world);
/// Why the operator can't do that now, if so.
std::optional<SagaError> refusal_of(const Saga& saga, OperatorAction action, const SagaConditions& world);

}  // namespace sugang
