#pragma once

#include <cstddef>
#include <optional>
#include <variant>

#include "domain/course.hpp"
#include "domain/saga.hpp"
#include "domain/timeline.hpp"

namespace sugang {

/// Where a saga stands: on the way its kind, or the cause of its turning round, prescribes.
struct Cursor {
  CourseKind kind = CourseKind::lecture;
  std::optional<TurnCause> turned;
  std::size_t index = 0;
  bool operator==(const Cursor&) const = default;
};

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

/// Moves the cursor over the step that ended and says what comes next. Pure; total.
struct Advanced {
  Cursor cursor;
  Next next;
};
Advanced advance(const Cursor& cursor, StepEnd end);

/// Turns round to the first step of the way back.
Cursor turn_round(const Cursor& cursor, TurnCause cause);

/// Whether a cancel or an expiry may turn the saga round where it stands: before the point of no return, or when it
/// has come to its end.
bool may_turn(const Cursor& cursor);

/// Where a saga goes on after a crash: at the first step that its timeline does not show as done. Steps are
/// idempotent, so one that is done and not seen is harmless.
Cursor cursor_of(const EnrollmentSummary& summary);

}  // namespace sugang
