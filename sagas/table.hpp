#pragma once

#include <optional>
#include <span>

#include "domain/component.hpp"
#include "domain/course.hpp"
#include "domain/saga.hpp"

namespace sugang {

/// What stands behind it is only retried, never undone.
struct PointOfNoReturn {};

/// Who takes a step: the saga itself, or somebody outside whom it waits for.
enum class Taken : std::uint8_t { by_saga, by_person };

/// What a cancel, or a compensation, does to a saga that stands before this step.
enum class Cancel : std::uint8_t {
  turns,
  /// Between steps that pass in a moment: it waits for the next step that says otherwise.
  waits,
  /// Too late for good: the delivery is on its way, the class was held.
  refused,
};

struct TableStep {
  Step step = Step::none;
  Taken taken = Taken::by_saga;
  Cancel cancel = Cancel::turns;
  std::optional<PointOfNoReturn> after = {};
  /// Why the saga turns round when a person lets the step's deadline pass; without, it gets stuck.
  std::optional<TurnCause> late = {};
};

/// The way forward for a kind of course. The first step, hold_seats, travels with the enrollment's birth.
std::span<const TableStep> way_forward(CourseKind kind);
/// Where the step stands on the way forward; none when the kind does without it.
std::optional<std::size_t> place_of(CourseKind kind, Step step);

/// One command on the way back.
struct UndoStep {
  Step step = Step::none;
  Direction direction = Direction::undo;
};

/// The way back, for each cause of turning round, of all that any kind may have done. Seats go back before the
/// money does, so that a slow refund keeps no seat idle.
std::span<const UndoStep> way_back(TurnCause cause);

/// The supporting component that the step needs; while it is paused, the saga waits before the step.
std::optional<Component> component_of(Step step);

}  // namespace sugang
