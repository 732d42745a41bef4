#include "domain/saga_steps.hpp"

#include <algorithm>
#include <array>

namespace sugang {
namespace {

using Context = const StepContext&;

ParticipantCommand to_course(Context context, CourseCommand command) {
  return {context.enrollment.course, std::move(command)};
}
ParticipantCommand to_enrollment(Context context, EnrollmentCommand command) {
  return {context.enrollment.id, std::move(command)};
}
ParticipantCommand to_payment(const EnrollmentSummary& enrollment, PaymentCommand command) {
  return {payment_of(enrollment.id), std::move(command)};
}
ParticipantCommand to_stock(Context context, StockCommand command) {
  return {stock_of(context.enrollment.id), std::move(command)};
}
ParticipantCommand to_delivery(const EnrollmentSummary& enrollment, DeliveryCommand command) {
  return {delivery_of(enrollment.id), command};
}
ParticipantCommand to_coaching(const EnrollmentSummary& enrollment, CoachingCommand command) {
  return {coaching_of(enrollment.id), std::move(command)};
}

// One row for each step. The rows with an undo are in the order of the way back: the delivery first, because it may
// refuse; seats before the money, so that a slow refund keeps no seat idle; the coaching before the calendar.
constexpr std::array rows{
    StepRow{.step = Step::request_delivery,
            .act = [](Context c) { return to_delivery(c.enrollment, RequestDelivery{}); },
            .undo = [](Context c) { return to_delivery(c.enrollment, CancelDelivery{}); },
            .undo_label = "cancel_delivery",
            .component = Component::delivery},
    StepRow{.step = Step::hold_seats,
            // Only sent for an enrollment on the waitlist: any other holds its seats from its creation on.
            .act =
                [](Context c) {
                  const auto& enrollment = c.enrollment;
                  return to_course(c, HoldSeats{enrollment.id, enrollment.student, enrollment.seats,
                                                PaymentSide::available, true});
                },
            .undo = [](Context c) { return to_course(c, ReleaseSeats{c.enrollment.id}); },
            .undo_label = "release_seats",
            .late = TurnCause::expired},
    StepRow{.step = Step::assign_instructor,
            .act = [](Context c) { return to_coaching(c.enrollment, RequestCoaching{}); },
            .undo = [](Context c) { return to_coaching(c.enrollment, ReleaseCoaching{}); },
            .undo_label = "release_coaching",
            .component = Component::coaching,
            .taken = TakenBy::staff,
            .late = TurnCause::expired},
    StepRow{.step = Step::book_slot,
            .undo =
                [](Context c) {
                  return ParticipantCommand{AggregateId::calendar_of(*c.enrollment.coaching->instructor),
                                            CalendarCommand{ReleaseSlot{c.enrollment.id}}};
                },
            .undo_label = "release_slot",
            .component = Component::coaching,
            .taken = TakenBy::staff,
            .late = TurnCause::expired},
    StepRow{.step = Step::prepare_stock,
            .act =
                [](Context c) {
                  return to_stock(c, PrepareStock{c.enrollment.course, c.enrollment.seats});
                },
            .undo = [](Context c) { return to_stock(c, ReleaseStock{}); },
            .undo_label = "release_stock"},
    StepRow{.step = Step::take_payment,
            .act =
                [](Context c) {
                  const auto& enrollment = c.enrollment;
                  return to_payment(enrollment, TakePayment{enrollment.amount, enrollment.method, c.calls_may_leave,
                                                            enrollment.mileage});
                },
            .undo =
                [](Context c) {
                  return to_payment(c.enrollment, RefundPayment{c.calls_may_leave, c.operator_retries});
                },
            .undo_label = "refund_payment",
            .component = Component::payments,
            .late = TurnCause::expired},
    // The rows from here on have no undo.
    StepRow{.step = Step::confirm_schedule,
            .act = [](Context c) { return to_coaching(c.enrollment, ConfirmSchedule{*c.enrollment.booked}); },
            .component = Component::coaching},
    StepRow{.step = Step::take_seats,
            .act = [](Context c) { return to_course(c, TakeSeats{c.enrollment.id}); },
            .cancel = Cancel::waits,
            .no_return = true},
    StepRow{.step = Step::confirm,
            .act = [](Context c) { return to_enrollment(c, ConfirmEnrollment{}); },
            .cancel = Cancel::waits},
    // An order whose delivery has not started in time is cancelled and refunded; a delivery under way gets stuck.
    StepRow{.step = Step::start_delivery,
            .component = Component::delivery,
            .taken = TakenBy::staff,
            .late = TurnCause::cancelled},
    StepRow{.step = Step::complete_delivery,
            .component = Component::delivery,
            .taken = TakenBy::staff,
            .cancel = Cancel::refused},
    StepRow{.step = Step::record_result, .component = Component::coaching, .taken = TakenBy::staff},
    StepRow{.step = Step::complete,
            .act = [](Context c) { return to_enrollment(c, CompleteEnrollment{}); },
            .cancel = Cancel::refused},
    StepRow{.step = Step::mark_cancel_requested,
            .act = [](Context c) { return to_enrollment(c, RequestCancel{c.enrollment.reason}); }},
    StepRow{.step = Step::mark_cancelled, .act = [](Context c) { return to_enrollment(c, CancelEnrollment{}); }},
    StepRow{.step = Step::mark_rejected,
            .act = [](Context c) { return to_enrollment(c, RejectEnrollment{c.enrollment.reason}); }},
    StepRow{.step = Step::mark_expired, .act = [](Context c) { return to_enrollment(c, ExpireEnrollment{}); }},
    // A change of seats. The former seats and charge stay in force until the new charge is approved.
    StepRow{.step = Step::hold_seats_change,
            .act =
                [](Context c) {
                  const auto& change = *c.enrollment.change;
                  return to_course(
                      c, HoldSeatsChange{c.enrollment.id, change.seats, change.amount,
                                         c.calls_may_leave ? PaymentSide::available : PaymentSide::unavailable});
                },
            .cancel = Cancel::waits},
    StepRow{.step = Step::replace_payment,
            .act =
                [](Context c) {
                  const auto& change = *c.enrollment.change;
                  return to_payment(c.enrollment, ReplacePayment{change.amount, change.mileage});
                },
            .component = Component::payments,
            .cancel = Cancel::waits},
    StepRow{.step = Step::take_seats_change,
            .act = [](Context c) { return to_course(c, TakeSeats{c.enrollment.id}); },
            .cancel = Cancel::waits,
            .no_return = true},
    StepRow{.step = Step::confirm_seats_change,
            .act = [](Context c) { return to_enrollment(c, ConfirmSeatsChange{}); },
            .cancel = Cancel::waits},
    StepRow{.step = Step::refund_former,
            .act = [](Context c) { return to_payment(c.enrollment, RefundFormer{c.operator_retries}); },
            .component = Component::payments,
            .cancel = Cancel::waits},
    StepRow{.step = Step::release_seats_change,
            .act = [](Context c) { return to_course(c, ReleaseSeatsChange{c.enrollment.id}); }},
    StepRow{.step = Step::mark_change_refused,
            .act = [](Context c) { return to_enrollment(c, RefuseSeatsChange{c.enrollment.change->refusal}); }},
};

constexpr std::array lecture{Step::hold_seats, Step::take_payment, Step::take_seats, Step::confirm};
constexpr std::array product{Step::hold_seats,     Step::take_payment,      Step::prepare_stock,
                             Step::take_seats,     Step::confirm,           Step::request_delivery,
                             Step::start_delivery, Step::complete_delivery, Step::complete};
constexpr std::array training{Step::hold_seats, Step::take_payment,     Step::assign_instructor,
                              Step::book_slot,  Step::confirm_schedule, Step::take_seats,
                              Step::confirm,    Step::record_result,    Step::complete};

constexpr std::array change{Step::hold_seats_change, Step::replace_payment, Step::take_seats_change,
                            Step::confirm_seats_change, Step::refund_former};
constexpr std::array change_refused{Causation{Step::release_seats_change, Direction::act},
                                    Causation{Step::mark_change_refused, Direction::act}};

constexpr auto undo_count =
    std::count_if(rows.begin(), rows.end(), [](const StepRow& row) { return row.undo != nullptr; });

/// The undos in the order of the rows, between the marks of the enrollment.
template <std::size_t first_count>
constexpr auto make_way_back(const std::array<Step, first_count>& first_marks, Step last_mark) {
  std::array<Causation, first_count + undo_count + 1> way{};
  auto at = way.begin();
  for (const auto mark : first_marks) *at++ = {mark, Direction::act};
  for (const auto& row : rows)
    if (row.undo != nullptr) *at++ = {row.step, Direction::undo};
  *at = {last_mark, Direction::act};
  return way;
}
constexpr auto declined = make_way_back(std::array<Step, 0>{}, Step::mark_rejected);
constexpr auto expired = make_way_back(std::array<Step, 0>{}, Step::mark_expired);
constexpr auto cancelled = make_way_back(std::array{Step::mark_cancel_requested}, Step::mark_cancelled);

std::span<const Step> way_of(const Cursor& cursor) {
  return cursor.changing ? way_of_change() : way_forward(cursor.kind);
}

std::size_t length(const Cursor& cursor) {
  return cursor.turned ? way_back(*cursor.turned).size() : way_of(cursor).size();
}

/// False for the undo of a step that the kind does not have, or that was not begun.
bool applies(const Cursor& cursor) {
  if (!cursor.turned) return true;
  const auto& undo = way_back(*cursor.turned)[cursor.index];
  if (undo.direction == Direction::act) return true;
  const auto place = place_of(cursor.kind, undo.step);
  return place && *place <= cursor.reached;
}

Cursor skip_inapplicable(Cursor cursor) {
  while (cursor.index < length(cursor) && !applies(cursor)) ++cursor.index;
  return cursor;
}

}  // namespace

const StepRow& row_of(Step step) {
  static constexpr StepRow none;
  const auto* const it =
      std::find_if(rows.begin(), rows.end(), [&](const StepRow& row) { return row.step == step; });
  return it == rows.end() ? none : *it;
}

std::string_view step_label(Step step, Direction direction) {
  const auto& row = row_of(step);
  return direction == Direction::undo && row.undo != nullptr ? row.undo_label : to_text(step);
}

std::span<const Step> way_forward(CourseKind kind) {
  switch (kind) {
    case CourseKind::lecture:
    case CourseKind::performance: return lecture;
    case CourseKind::product: return product;
    case CourseKind::training: return training;
  }
  return {};
}

std::span<const Step> way_of_change() { return change; }

std::optional<std::size_t> place_of(CourseKind kind, Step step) {
  const auto way = way_forward(kind);
  const auto it = std::find(way.begin(), way.end(), step);
  return it == way.end() ? std::nullopt : std::optional{static_cast<std::size_t>(it - way.begin())};
}

std::span<const Causation> way_back(TurnCause cause) {
  switch (cause) {
    case TurnCause::declined: return declined;
    case TurnCause::expired: return expired;
    case TurnCause::cancelled: return cancelled;
    case TurnCause::change_refused: return change_refused;
  }
  return {};
}

std::optional<Causation> command_at(const Cursor& cursor) {
  if (cursor.index >= length(cursor)) return std::nullopt;
  if (!cursor.turned) return Causation{way_of(cursor)[cursor.index], Direction::act};
  return way_back(*cursor.turned)[cursor.index];
}

const StepRow* forward_step(const Cursor& cursor) {
  if (cursor.turned || cursor.index >= length(cursor)) return nullptr;
  return &row_of(way_of(cursor)[cursor.index]);
}

bool before_no_return(const Cursor& cursor) {
  if (cursor.turned) return false;
  const auto way = way_of(cursor);
  const auto no_return = std::find_if(way.begin(), way.end(), [](Step step) { return row_of(step).no_return; });
  return cursor.index < static_cast<std::size_t>(no_return - way.begin());
}

bool confirms_next(const Cursor& cursor) {
  if (cursor.turned) return false;
  const auto to_come = way_of(cursor).subspan(std::min(cursor.index + 1, length(cursor)));
  if (cursor.changing) return !to_come.empty() && to_come.front() == Step::take_seats_change;
  return std::ranges::equal(to_come, std::array{Step::take_seats, Step::confirm});
}

Cursor next_step(Cursor cursor) {
  ++cursor.index;
  return skip_inapplicable(cursor);
}

Cursor turn_back(const Cursor& cursor, TurnCause cause) {
  return skip_inapplicable(
      {.kind = cursor.kind, .changing = cursor.changing, .turned = cause, .index = 0, .reached = cursor.index});
}

Cancel cancel_at(const Cursor& cursor) {
  if (const auto* step = forward_step(cursor)) return step->cancel;
  if (cursor.turned || cursor.changing) return Cancel::waits;
  // At the end only an enrollment that was completed can't be cancelled.
  return way_forward(cursor.kind).back() == Step::complete ? Cancel::refused : Cancel::turns;
}

Cursor first_undone(Cursor cursor, const EnrollmentSummary& summary) {
  for (cursor = skip_inapplicable(cursor);; cursor = next_step(cursor)) {
    const auto command = command_at(cursor);
    if (!command || !is_done(summary, *command)) return cursor;
  }
}

Cursor cursor_of(const EnrollmentSummary& summary) {
  const auto forward = first_undone({.kind = summary.kind, .changing = summary.change.has_value()}, summary);
  if (!summary.turned) return forward;
  return first_undone(turn_back(forward, *summary.turned), summary);
}

Step step_of(const StaffStep& staff_step) {
  return match(staff_step)([](const AssignInstructor&) { return Step::assign_instructor; },
                           [](const AgreeOnSlot&) { return Step::book_slot; },
                           [](const RecordResult&) { return Step::record_result; },
                           [](const StartDelivery&) { return Step::start_delivery; },
                           [](const CompleteDelivery&) { return Step::complete_delivery; });
}

bool moves_class(const StaffStep& staff_step, const EnrollmentSummary& summary) {
  const auto& coaching = summary.coaching;
  if (!coaching || coaching->state != CoachingState::scheduled) return false;
  if (const auto* assign = std::get_if<AssignInstructor>(&staff_step))
    return coaching->instructor != assign->instructor;
  if (const auto* agree = std::get_if<AgreeOnSlot>(&staff_step)) return coaching->slot != agree->slot;
  return false;
}

ParticipantCommand command_of(const StaffStep& staff_step, Causation step, const EnrollmentSummary& summary) {
  const bool for_calendar = step.step == Step::book_slot;
  const auto book = [&](const InstructorId& instructor, const TimeSlot& slot) {
    return ParticipantCommand{AggregateId::calendar_of(instructor),
                              CalendarCommand{BookSlot{summary.id, slot, summary.coaching->slot}}};
  };
  auto command = match(staff_step)(
      [&](const AssignInstructor& c) {
        return for_calendar ? book(c.instructor, *summary.coaching->slot) : to_coaching(summary, c);
      },
      [&](const AgreeOnSlot& c) {
        return for_calendar ? book(*summary.coaching->instructor, c.slot)
                            : to_coaching(summary, ConfirmSchedule{c.slot});
      },
      [&](const RecordResult& c) { return to_coaching(summary, c); },
      [&](const StartDelivery& c) { return to_delivery(summary, c); },
      [&](const CompleteDelivery& c) { return to_delivery(summary, c); });
  command.step = step;
  return command;
}

std::optional<ParticipantCommand> pending_move(const EnrollmentSummary& summary) {
  const auto& coaching = summary.coaching;
  const bool agreed = coaching && coaching->state == CoachingState::scheduled && summary.booked_with;
  if (summary.turned || !agreed) return std::nullopt;
  if (coaching->instructor != summary.booked_with) {
    auto assign = to_coaching(summary, AssignInstructor{*summary.booked_with});
    assign.step = {Step::assign_instructor, Direction::act};
    return assign;
  }
  if (coaching->slot != summary.booked) {
    auto schedule = to_coaching(summary, ConfirmSchedule{*summary.booked});
    schedule.step = {Step::confirm_schedule, Direction::act};
    return schedule;
  }
  if (!summary.left_with) return std::nullopt;
  return ParticipantCommand{AggregateId::calendar_of(*summary.left_with),
                            CalendarCommand{FreeSlot{summary.id}},
                            {Step::book_slot, Direction::act}};
}

ParticipantCommand resolution_of(Causation step, const std::string& reason, const EnrollmentSummary& summary,
                                 TimePoint now) {
  auto command = [&] {
    switch (step.step) {
      case Step::take_payment:
      case Step::refund_former: return to_payment(summary, SettleRefund{});
      case Step::start_delivery: return to_delivery(summary, StartDelivery{});
      case Step::complete_delivery: return to_delivery(summary, CompleteDelivery{});
      default: return to_coaching(summary, RecordResult{reason, now});
    }
  }();
  command.step = step;
  return command;
}

}  // namespace sugang
