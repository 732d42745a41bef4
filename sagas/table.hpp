#pragma once

#include <optional>
#include <span>

#include "domain/course.hpp"
#include "domain/saga.hpp"

namespace sugang {

/// What stands behind it is only retried, never undone.
struct PointOfNoReturn {};

struct TableStep {
  Step step = Step::none;
  /// Undone on the way back. What has no undo leaves nothing behind, or stands behind the point of no return.
  bool undoable = false;
  std::optional<PointOfNoReturn> after = {};
};

/// The way forward for a kind of course. The first step, hold_seats, travels with the enrollment's birth.
std::span<const TableStep> way_forward(CourseKind kind);

/// One command on the way back.
struct UndoStep {
  Step step = Step::none;
  Direction direction = Direction::undo;
};

/// The way back, for each cause of turning round. Seats go back before the money does, so that a slow refund keeps
/// no seat idle.
std::span<const UndoStep> way_back(TurnCause cause);

}  // namespace sugang
