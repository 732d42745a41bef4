#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "domain/course.hpp"
#include "domain/saga.hpp"
#include "domain/timeline.hpp"
#include "sagas/table.hpp"

namespace sugang {

/// Where a saga stands: on the way its kind, or the cause of its turning round, prescribes.
struct Cursor {
  CourseKind kind = CourseKind::lecture;
  std::optional<TurnCause> turned;
  std::size_t index = 0;
  /// On the way back: the last step of the way forward that may have been begun. What lies behind it was not, and
  /// is not undone.
  std::size_t reached = 0;
  bool operator==(const Cursor&) const = default;
};

/// The start of the way forward.
inline Cursor first_step(const EnrollmentSummary& summary) { return {.kind = summary.kind}; }

/// How the step under the cursor ended.
enum class StepEnd : std::uint8_t {
  done,
  /// Refused for good.
  refused,
  /// Without a definitive word.
  unknown,
};

// What comes next.
struct Run {
  bool operator==(const Run&) const = default;
};
struct RunAgainLater {
  bool operator==(const RunAgainLater&) const = default;
};
struct TurnRound {
  TurnCause cause = TurnCause::declined;
  bool operator==(const TurnRound&) const = default;
};
/// Completed forward, compensated back.
struct Finish {
  bool operator==(const Finish&) const = default;
};
/// Refused where the saga may neither give up nor turn round.
struct GetStuck {
  bool operator==(const GetStuck&) const = default;
};
using Next = std::variant<Run, RunAgainLater, TurnRound, Finish, GetStuck>;

/// The command under the cursor; nothing behind the end of the way.
std::optional<Causation> command_at(const Cursor& cursor);
/// The step of the way forward under the cursor; nothing on the way back, or behind the end.
const TableStep* forward_step(const Cursor& cursor);

/// Moves the cursor over the step that ended and says what comes next. Pure; total.
struct Advanced {
  Cursor cursor;
  Next next;
};
Advanced advance(const Cursor& cursor, StepEnd end);

/// Turns round to the first step of the way back.
Cursor turn_round(const Cursor& cursor, TurnCause cause);

/// What a cancel may do where the saga stands.
Cancel cancel_at(const Cursor& cursor);

/// The first step from the cursor on that the timeline does not show as done.
Cursor first_undone(Cursor cursor, const EnrollmentSummary& summary);

/// What is left to do of a change of instructor or schedule. The calendar that has booked last decides: the
/// coaching follows it, and then the calendar that the class has left is freed.
enum class MoveStep : std::uint8_t { assign, schedule, free };
std::optional<MoveStep> pending_move(const EnrollmentSummary& summary);
Causation command_of(MoveStep move);

/// Where a saga goes on after a crash: at the first step that its timeline does not show as done. Steps are
/// idempotent, so one that is done and not seen is harmless.
Cursor cursor_of(const EnrollmentSummary& summary);

}  // namespace sugang
