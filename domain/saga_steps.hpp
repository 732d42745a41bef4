#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "domain/component.hpp"
#include "domain/timeline.hpp"

namespace sugang {

/// A command, the aggregate that takes it, and the step under which its events stand in the journal.
struct ParticipantCommand {
  using Command = std::variant<CourseCommand, EnrollmentCommand, PaymentCommand, StockCommand, DeliveryCommand,
                               CoachingCommand, CalendarCommand>;
  AggregateId to;
  Command command;
  Causation step = {};
};

/// What a step's command is made of.
struct StepContext {
  const EnrollmentSummary& enrollment;
  /// Calls to the payment gateway may be made now.
  bool calls_may_leave = true;
  /// An operator wants what the gateway has refused to be tried again.
  bool operator_retries = false;
};

/// Who takes a step: the saga by itself, or a manager, an instructor or a courier, for whom it waits.
enum class TakenBy : std::uint8_t { saga, staff };

/// What a cancel, or a compensation, does to a saga that stands before a step.
enum class Cancel : std::uint8_t {
  turns,
  /// Between steps that pass in a moment: it waits for the next step that says otherwise.
  waits,
  /// Too late for good: the delivery is on its way, the class was held.
  refused,
};

/// Everything about a step. A step without an act is taken by the command of a staff member alone; one without an
/// undo leaves nothing behind.
struct StepRow {
  using Make = ParticipantCommand (*)(const StepContext&);

  Step step = Step::none;
  Make act = nullptr;
  Make undo = nullptr;
  /// What readers call the undo; the act is called by the step's name.
  std::string_view undo_label = {};
  /// While it is paused, the saga waits before the step.
  std::optional<Component> component = {};
  TakenBy taken = TakenBy::saga;
  Cancel cancel = Cancel::turns;
  /// Why the saga turns back when the step's deadline passes; without, it gets stuck.
  std::optional<TurnCause> late = {};
  /// From here on nothing is undone but by a cancel: a refusal leaves the saga stuck.
  bool no_return = false;
};
const StepRow& row_of(Step step);

/// What readers call the step in this direction: hold_seats undone is release_seats.
std::string_view step_label(Step step, Direction direction);

/// The way forward for a kind of course. The first step, hold_seats, is taken in the append that creates the
/// enrollment.
std::span<const Step> way_forward(CourseKind kind);
/// The way of a change of seats, once the enrollment is confirmed.
std::span<const Step> way_of_change();
/// The step's index on the way forward; none when the kind does without it.
std::optional<std::size_t> place_of(CourseKind kind, Step step);
/// The way back of what any kind may have done: the undos in the order of the step rows, and the marks that the
/// enrollment gets first and last.
std::span<const Causation> way_back(TurnCause cause);

/// Where a saga stands: on the way that its kind, or the cause of its turning back, prescribes.
struct Cursor {
  CourseKind kind = CourseKind::lecture;
  /// On the way of a change of seats.
  bool changing = false;
  std::optional<TurnCause> turned;
  std::size_t index = 0;
  /// On the way back: the last step of the way forward that may have been begun. What is behind it was not, and is
  /// not undone.
  std::size_t reached = 0;
  bool operator==(const Cursor&) const = default;
};

/// The command under the cursor; none behind the end of the way.
std::optional<Causation> command_at(const Cursor& cursor);
/// The step of the way forward under the cursor; none on the way back, or behind the end.
const StepRow* forward_step(const Cursor& cursor);
/// Whether the step under the cursor can still be given up when it is refused.
bool before_no_return(const Cursor& cursor);
/// Whether the seats and the confirmation, of the enrollment or of a change, come behind the step under the cursor.
bool confirms_next(const Cursor& cursor);
Cursor next_step(Cursor cursor);
/// The first step of the way back.
Cursor turn_back(const Cursor& cursor, TurnCause cause);
/// What a cancel may do where the saga stands.
Cancel cancel_at(const Cursor& cursor);
/// The first step from the cursor on that the timeline does not show as done. Steps are idempotent, so one that is
/// done and not seen is harmless.
Cursor first_undone(Cursor cursor, const EnrollmentSummary& summary);
/// Where a saga continues that is loaded from its timeline.
Cursor cursor_of(const EnrollmentSummary& summary);

/// The instructor agrees on a time.
struct AgreeOnSlot {
  TimeSlot slot;
};
/// What a manager, an instructor or a courier does in an enrollment's saga.
using StaffStep = std::variant<AssignInstructor, AgreeOnSlot, RecordResult, StartDelivery, CompleteDelivery>;

/// The step of the way forward that it takes.
Step step_of(const StaffStep& step);
/// Whether it gives a class that is scheduled another instructor or time.
bool moves_class(const StaffStep& step, const EnrollmentSummary& summary);
/// Its command under `step`: of a slot, or of a class that moves, the calendar's first (book_slot).
ParticipantCommand command_of(const StaffStep& what, Causation step, const EnrollmentSummary& summary);
/// The next command of a change of instructor or schedule that is not finished. The calendar that has booked last
/// decides: the coaching follows it, and then the calendar that the class has left is freed.
std::optional<ParticipantCommand> pending_move(const EnrollmentSummary& summary);
/// What journals that an operator has settled the step outside.
ParticipantCommand resolution_of(Causation step, const std::string& reason, const EnrollmentSummary& summary,
                                 TimePoint now);

}  // namespace sugang
