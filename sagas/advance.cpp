#include "sagas/advance.hpp"

#include <algorithm>

#include "sagas/table.hpp"

namespace sugang {
namespace {

std::size_t length(const Cursor& cursor) {
  return cursor.turned ? way_back(*cursor.turned).size() : way_forward(cursor.kind).size();
}

/// Index of the first step behind the point of no return.
std::size_t no_return(CourseKind kind) {
  auto way = way_forward(kind);
  auto it = std::find_if(way.begin(), way.end(), [](const TableStep& s) { return s.after.has_value(); });
  return static_cast<std::size_t>(it - way.begin());
}

}  // namespace

std::optional<Causation> command_at(const Cursor& cursor) {
  if (cursor.index >= length(cursor)) return std::nullopt;
  if (!cursor.turned) return Causation{way_forward(cursor.kind)[cursor.index].step, Direction::act};
  const auto& undo = way_back(*cursor.turned)[cursor.index];
  return Causation{undo.step, undo.direction};
}

Advanced advance(const Cursor& cursor, StepEnd end) {
  switch (end) {
    case StepEnd::done: {
      auto moved = cursor;
      ++moved.index;
      return {moved, moved.index < length(moved) ? Next{Run{}} : Next{Finish{}}};
    }
    case StepEnd::unknown:
      return {cursor, RunAgainLater{}};
    case StepEnd::refused:
      if (!cursor.turned && cursor.index < no_return(cursor.kind))
        return {turn_round(cursor, TurnCause::declined), TurnRound{TurnCause::declined}};
      return {cursor, GetStuck{}};
  }
  return {cursor, GetStuck{}};
}

Cursor turn_round(const Cursor& cursor, TurnCause cause) { return {cursor.kind, cause, 0}; }

bool may_turn(const Cursor& cursor) {
  if (cursor.turned) return false;
  return cursor.index < no_return(cursor.kind) || cursor.index >= length(cursor);
}

Cursor cursor_of(const EnrollmentSummary& summary) {
  Cursor cursor{summary.kind, summary.turned, 0};
  auto done = [&](const Causation& command) {
    return std::any_of(summary.steps.begin(), summary.steps.end(), [&](const StepProgress& p) {
      return p.step == command.step && p.direction == command.direction && p.state == StepState::done;
    });
  };
  while (auto command = command_at(cursor)) {
    if (!done(*command)) break;
    ++cursor.index;
  }
  return cursor;
}

}  // namespace sugang
