#include "sagas/advance.hpp"

#include <algorithm>

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

/// Whether the step under the cursor is to be taken at all.
bool applies(const Cursor& cursor) {
  if (!cursor.turned) return true;
  const auto& undo = way_back(*cursor.turned)[cursor.index];
  if (undo.direction == Direction::act) return true;
  const auto place = place_of(cursor.kind, undo.step);
  return place && *place <= cursor.reached;
}

Cursor past_what_does_not_apply(Cursor cursor) {
  while (cursor.index < length(cursor) && !applies(cursor)) ++cursor.index;
  return cursor;
}

}  // namespace

std::optional<Causation> command_at(const Cursor& cursor) {
  if (cursor.index >= length(cursor)) return std::nullopt;
  if (!cursor.turned) return Causation{way_forward(cursor.kind)[cursor.index].step, Direction::act};
  const auto& undo = way_back(*cursor.turned)[cursor.index];
  return Causation{undo.step, undo.direction};
}

const TableStep* forward_step(const Cursor& cursor) {
  if (cursor.turned || cursor.index >= length(cursor)) return nullptr;
  return &way_forward(cursor.kind)[cursor.index];
}

Advanced advance(const Cursor& cursor, StepEnd end) {
  switch (end) {
    case StepEnd::done: {
      auto moved = cursor;
      ++moved.index;
      moved = past_what_does_not_apply(moved);
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

Cursor turn_round(const Cursor& cursor, TurnCause cause) {
  return past_what_does_not_apply({.kind = cursor.kind, .turned = cause, .index = 0, .reached = cursor.index});
}

Cancel cancel_at(const Cursor& cursor) {
  if (const auto* step = forward_step(cursor)) return step->cancel;
  if (cursor.turned) return Cancel::waits;
  // At its end: nothing but what was completed is past cancelling.
  return way_forward(cursor.kind).back().step == Step::complete ? Cancel::refused : Cancel::turns;
}

Cursor first_undone(Cursor cursor, const EnrollmentSummary& summary) {
  for (cursor = past_what_does_not_apply(cursor);; cursor = past_what_does_not_apply(cursor)) {
    const auto command = command_at(cursor);
    if (!command || !is_done(summary, *command)) return cursor;
    ++cursor.index;
  }
}

std::optional<MoveStep> pending_move(const EnrollmentSummary& summary) {
  const auto& coaching = summary.coaching;
  const bool agreed = coaching && coaching->state == CoachingState::scheduled && summary.booked_with;
  if (summary.turned || !agreed) return std::nullopt;
  if (coaching->instructor != summary.booked_with) return MoveStep::assign;
  if (coaching->slot != summary.booked) return MoveStep::schedule;
  return summary.left_with ? std::optional{MoveStep::free} : std::nullopt;
}

Causation command_of(MoveStep move) {
  switch (move) {
    case MoveStep::assign:
      return {Step::assign_instructor, Direction::act};
    case MoveStep::schedule:
      return {Step::confirm_schedule, Direction::act};
    case MoveStep::free:
      return {Step::book_slot, Direction::act};
  }
  return {};
}

Cursor cursor_of(const EnrollmentSummary& summary) {
  const auto forward = first_undone(first_step(summary), summary);
  if (!summary.turned) return forward;
  return first_undone(turn_round(forward, *summary.turned), summary);
}

}  // namespace sugang
