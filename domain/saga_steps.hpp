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

/// A command, the aggregate that takes it, and the step that the journal names as the cause of its events.
struct ParticipantCommand {
  using Command = std::variant<CourseCommand, EnrollmentCommand, PaymentCommand, StockCommand, DeliveryCommand,
                               CoachingCommand, CalendarCommand>;
  AggregateId to;
  Command command;
  Causation step = {};
};

/// What a step's command is built from.
struct StepContext {
  const EnrollmentSummary& enrollment;
  /// Calls to the payment gateway may be made now.
  bool calls_may_leave = true;
  /// An operator retries: a refund that the gateway has refused is requested again.
  bool operator_retries = false;
};

/// Who takes a step: the saga itself, or the staff (a manager, an instructor, a courier), for which the saga waits.
enum class TakenBy : std::uint8_t { saga, staff };

/// What a cancel, or an operator's compensation, does to a saga that stands before a step.
enum class Cancel : std::uint8_t {
  /// Turns the saga back.
  turns,
  /// Waits until the saga stands before a step with another value; the steps until there end in a moment.
  waits,
  /// Too late for good: the delivery is on its way, the class was held.
  refused,
};

/// All that is specific to a step. A step without an act is taken by a staff member's command alone; one without an
/// undo needs none.
struct StepRow {
  using Make = ParticipantCommand (*)(const StepContext&);

  Step step = Step::none;
  Make act = nullptr;
  Make undo = nullptr;
  /// The undo's name in the API; the act's name is the step's.
  std::string_view undo_label = {};
  /// While it is paused, the saga waits before the step.
  std::optional<Component> component = {};
  TakenBy taken = TakenBy::saga;
  Cancel cancel = Cancel::turns;
  /// Why the saga turns back when the step's deadline passes. Without it, a step of the staff makes the saga stuck.
  std::optional<TurnCause> late = {};
  /// From this step on, the point of no return, a refusal makes the saga stuck instead of turning it back.
  bool no_return = false;
};
const StepRow& row_of(Step step);

/// The command's name in the API: the undo of hold_seats is release_seats.
std::string_view step_label(Step step, Direction direction);

/// The way forward for a kind of course. The first step, hold_seats, is taken in the append that creates the
/// enrollment.
std::span<const Step> way_forward(CourseKind kind);
/// The way of a change of seats, once the enrollment is confirmed.
std::span<const Step> way_of_change();
/// The step's index on the way forward; none when the kind has no such step.
std::optional<std::size_t> place_of(CourseKind kind, Step step);
/// The way back of all kinds: the undos in the order of the step rows, between the marks that the enrollment gets.
/// Of a refused change of seats: its release and its mark.
std::span<const Causation> way_back(TurnCause cause);

/// Where a saga stands on its way: the one of its kind, of a change of seats, or of the cause of its turning back.
struct Cursor {
  CourseKind kind = CourseKind::lecture;
  /// On the way of a change of seats.
  bool changing = false;
  std::optional<TurnCause> turned;
  std::size_t index = 0;
  /// On the way back: the index of the last step of the way forward that may have been begun. Later steps are not
  /// undone.
  std::size_t reached = 0;
  bool operator==(const Cursor&) const = default;
};

/// The command under the cursor; none at the end of the way.
std::optional<Causation> command_at(const Cursor& cursor);
/// The step of the way forward under the cursor; none on the way back, and at the end.
const StepRow* forward_step(const Cursor& cursor);
/// Whether the saga turns back when the step under the cursor is refused.
bool before_no_return(const Cursor& cursor);
/// Whether nothing but taking the seats and the confirmation follows the step under the cursor; of a change of
/// seats, also the refund of the former charge.
bool confirms_next(const Cursor& cursor);
Cursor next_step(Cursor cursor);
/// The cursor at the first step of the way back.
Cursor turn_back(const Cursor& cursor, TurnCause cause);
/// What a cancel may do where the saga stands.
Cancel cancel_at(const Cursor& cursor);
/// The first step from the cursor on that the timeline does not show as done. Steps are idempotent: to repeat one
/// whose events are not folded yet is harmless.
Cursor first_undone(Cursor cursor, const EnrollmentSummary& summary);
/// Where a saga that is loaded from its timeline continues.
Cursor cursor_of(const EnrollmentSummary& summary);

/// The instructor agrees on a time.
struct AgreeOnSlot {
  TimeSlot slot;
};
/// What a manager, an instructor or a courier does in an enrollment's saga.
using StaffStep = std::variant<AssignInstructor, AgreeOnSlot, RecordResult, StartDelivery, CompleteDelivery>;

/// The step of the way forward that the staff member takes.
Step step_of(const StaffStep& staff_step);
/// Whether a scheduled class gets another instructor or time.
bool moves_class(const StaffStep& staff_step, const EnrollmentSummary& summary);
/// The command of a staff member's step, sent under `step`: under book_slot to the instructor's calendar, which
/// has to book a slot before the coaching gets it; otherwise to the participant of the step.
ParticipantCommand command_of(const StaffStep& staff_step, Causation step, const EnrollmentSummary& summary);
/// The next command of a move (a scheduled class gets another instructor or time) that is not finished. The last
/// booking in a calendar is decisive: the coaching takes it over, and then the calendar that the class has left
/// frees its slot.
std::optional<ParticipantCommand> pending_move(const EnrollmentSummary& summary);
/// The command that records that an operator has settled the step outside the system.
ParticipantCommand resolution_of(Causation step, const std::string& reason, const EnrollmentSummary& summary,
                                 TimePoint now);

}  // namespace sugang
