#include "domain/timeline.hpp"

#include <algorithm>

#include "domain/saga_steps.hpp"

namespace sugang {
namespace {

/// Behind every step of the other ways.
constexpr std::size_t rank_of_change = 100;

/// Steps are listed as the ways forward and back have them, so that it does not matter in which order two
/// participants' events are folded.
std::size_t rank_of(CourseKind kind, const Causation& command) {
  if (command.step == Step::request) return 0;
  const auto forward = way_forward(kind);
  if (command.direction == Direction::act)
    if (const auto place = place_of(kind, command.step)) return 1 + *place;
  if (is_of_change(command.step)) return rank_of_change + static_cast<std::size_t>(command.step);
  const auto back = way_back(TurnCause::cancelled);
  return 1 + forward.size() + static_cast<std::size_t>(std::find(back.begin(), back.end(), command) - back.begin());
}

void mark_step(EnrollmentSummary& summary, const Causation& command, StepState state, TimePoint at) {
  if (command.step == Step::none) return;
  auto same = [&](const StepProgress& p) { return p.step == command.step && p.direction == command.direction; };
  auto it = std::find_if(summary.steps.begin(), summary.steps.end(), same);
  if (it == summary.steps.end()) {
    const auto rank = rank_of(summary.kind, command);
    it = std::find_if(summary.steps.begin(), summary.steps.end(), [&](const StepProgress& p) {
      return rank_of(summary.kind, {p.step, p.direction}) > rank;
    });
    it = summary.steps.insert(it, {command.step, command.direction, state, at});
  }
  it->state = state;
  it->at = at;
}

void mark_step(EnrollmentSummary& summary, const Record& record, StepState state) {
  mark_step(summary, record.causation, state, record.time);
}

/// What the step was waited for will not come any more.
void give_up(EnrollmentSummary& summary, Step step) {
  for (auto& progress : summary.steps)
    if (progress.step == step && progress.direction == Direction::act && progress.state == StepState::pending)
      progress.state = StepState::failed;
}

/// Until it is confirmed or turned back, the state of an enrollment is that of its seats, payment and coaching.
void move_pending(EnrollmentSummary& summary, EnrollmentState to) {
  using State = EnrollmentState;
  switch (summary.state) {
    case State::requested:
    case State::waitlisted:
    case State::seats_held:
    case State::payment_pending:
    case State::awaiting_instructor: summary.state = to; return;
    default: return;
  }
}

/// A participant has moved: the saga no longer waits at that step, and is no longer stuck there.
void go_on(EnrollmentSummary& summary, Step step) {
  const bool waited =
      summary.saga == SagaState::waiting && (summary.awaits == step || summary.awaits == Step::none);
  if (waited || summary.saga == SagaState::stuck)
    summary.saga = summary.turned ? SagaState::compensating : SagaState::running;
  if (summary.awaits == step) summary.awaits = Step::none;
}

void fold(EnrollmentSummary& summary, const Record& record, const CourseEvent& event) {
  auto state = StepState::done;
  match(event)([&](const SeatsHeld&) { move_pending(summary, EnrollmentState::seats_held); },
               [&](const SeatsWaitlisted& e) {
                 move_pending(summary, EnrollmentState::waitlisted);
                 summary.ticket = e.ticket;
                 summary.saga = SagaState::waiting;
                 summary.awaits = Step::hold_seats;
                 state = StepState::pending;
               },
               [&](const WaiterPromoted&) {
                 move_pending(summary, EnrollmentState::seats_held);
                 summary.ticket.reset();
                 summary.promoted = true;
               },
               [&](const WaiterLeft&) {
                 summary.ticket.reset();
                 give_up(summary, Step::hold_seats);
               },
               [&](const WaiterDismissed&) {
                 summary.ticket.reset();
                 state = StepState::failed;
               },
               [&](const SeatsChangeHeld& e) {
                 if (summary.change) summary.change->mileage = e.mileage;
               },
               [](const auto&) {});
  if (state != StepState::pending) go_on(summary, record.causation.step);
  mark_step(summary, record, state);
}

void begin_change(EnrollmentSummary& summary, const SeatsChangeRequested& requested) {
  summary.change = SeatsChange{.seats = requested.seats, .amount = requested.amount};
  summary.saga = SagaState::running;
  summary.failing = {};
  summary.attempts = 0;
  // What an earlier change did is no step of this one.
  std::erase_if(summary.steps, [](const StepProgress& progress) { return is_of_change(progress.step); });
}

void fold(EnrollmentSummary& summary, const Record& record, const EnrollmentEvent& event) {
  using State = EnrollmentState;
  match(event)(
      [&](const EnrollmentRequested& e) {
        summary.id = EnrollmentId{record.aggregate.uid};
        summary.course = e.course;
        summary.student = e.student;
        summary.seats = e.seats;
        summary.kind = e.kind;
        summary.amount = e.amount;
        summary.method = e.method;
        summary.mileage = e.mileage;
        summary.defers = e.defers;
        summary.requested_at = record.time;
        summary.state = State::requested;
      },
      [&](const EnrollmentConfirmed&) { summary.state = State::confirmed; },
      [&](const EnrollmentRejected& e) {
        summary.state = State::rejected;
        summary.reason = e.reason;
      },
      [&](const EnrollmentExpired&) { summary.state = State::expired; },
      [&](const CancelRequested& e) {
        summary.state = State::cancel_requested;
        summary.reason = e.reason;
      },
      [&](const EnrollmentCancelled&) { summary.state = State::cancelled; },
      [&](const EnrollmentCompleted&) { summary.state = State::completed; },
      [&](const SeatsChangeRequested& e) { begin_change(summary, e); },
      [&](const SeatsChanged&) {
        if (!summary.change) return;
        summary.seats = summary.change->seats;
        summary.amount = summary.change->amount;
        summary.mileage = summary.change->mileage;
      },
      [&](const SeatsChangeRefused&) { summary.turned.reset(); });
  mark_step(summary, record, StepState::done);
}

/// Whether it replaces the payment, or refunds the charge that was replaced.
bool is_of_change(const EnrollmentSummary& summary, const PaymentEvent& event) {
  return match(event)([](const ReplacementRequested&) { return true; }, [](const PaymentReplaced&) { return true; },
                      [](const ReplacementDeclined&) { return true; },
                      [](const RefundRequested& e) { return e.former; },
                      [](const PaymentRefunded& e) { return e.former; },
                      [&](const RefundDeclined&) { return summary.change && summary.change->paid; },
                      [](const auto&) { return false; });
}

void fold_change(EnrollmentSummary& summary, const Record& record, const PaymentEvent& event) {
  auto state = StepState::done;
  match(event)([&](const ReplacementRequested&) { state = StepState::pending; },
               [&](const PaymentReplaced& e) {
                 summary.mileage_earned += e.mileage;
                 if (summary.change) summary.change->paid = true;
               },
               [&](const ReplacementDeclined&) { state = StepState::failed; },
               [&](const RefundRequested& e) {
                 summary.mileage_earned -= e.mileage;
                 summary.refund_declined = false;
                 // It comes with the replacement's approval, or is an operator's.
                 if (record.causation.step == Step::refund_former) state = StepState::pending;
               },
               [&](const RefundDeclined&) {
                 summary.refund_declined = true;
                 state = StepState::pending;
               },
               [&](const PaymentRefunded&) { summary.refund_declined = false; }, [](const auto&) {});
  if (state != StepState::pending)
    go_on(summary, record.causation.step);
  else if (summary.saga == SagaState::running)
    summary.saga = SagaState::waiting;
  mark_step(summary, record, state);
}

void fold(EnrollmentSummary& summary, const Record& record, const PaymentEvent& event) {
  if (is_of_change(summary, event)) return fold_change(summary, record, event);
  auto payment = summary.payment_so_far();
  apply(payment, event);
  summary.payment = payment.state;
  summary.charge_started = payment.charge_started;
  summary.refund_declined = payment.refund_declined;
  summary.mileage_earned = payment.mileage_earned;
  // On the way back only the end of the payment ends a wait for it, or has it stuck no longer: a late approval
  // comes before them or behind.
  const bool ended = payment.state == PaymentState::declined || payment.state == PaymentState::voided ||
                     payment.state == PaymentState::refunded;
  const bool stands = summary.turned && !ended;
  if (stands && summary.saga == SagaState::stuck) return;
  if (!stands || summary.saga != SagaState::waiting) go_on(summary, Step::take_payment);
  const bool pending = payment.state == PaymentState::requested || payment.state == PaymentState::void_requested;
  if (summary.saga == SagaState::running && pending) summary.saga = SagaState::waiting;
  switch (payment.state) {
    case PaymentState::requested:
      move_pending(summary, EnrollmentState::payment_pending);
      return mark_step(summary, record, StepState::pending);
    case PaymentState::void_requested:
    case PaymentState::refund_requested: return mark_step(summary, record, StepState::pending);
    case PaymentState::declined: return mark_step(summary, record, StepState::failed);
    case PaymentState::voided:
      // No money will ever move: the charge, if one was under way, has ended.
      give_up(summary, Step::take_payment);
      return mark_step(summary, record, StepState::done);
    case PaymentState::none:
    case PaymentState::approved:
    case PaymentState::refunded: return mark_step(summary, record, StepState::done);
  }
}

void fold(EnrollmentSummary& summary, const Record& record, const SagaEvent& event) {
  match(event)(
      [&](const SagaStarted& e) {
        summary.saga = SagaState::running;
        summary.deadline = e.deadline;
      },
      [&](const SagaTurned& e) {
        summary.saga = SagaState::compensating;
        summary.turned = e.cause;
        if (e.cause == TurnCause::change_refused && summary.change)
          summary.change->refusal = e.reason;
        else
          summary.reason = e.reason;
        // The cancel is decided; its mark on the enrollment follows.
        if (e.cause == TurnCause::cancelled) summary.state = EnrollmentState::cancel_requested;
        summary.awaits = Step::none;
        summary.failing = {};
        summary.attempts = 0;
        summary.last_error.clear();
      },
      [&](const SagaStepFailed& e) {
        summary.failing = {e.step, e.direction};
        summary.attempts = e.attempt;
        summary.last_error = e.error;
      },
      [&](const SagaStuck& e) {
        summary.failing = {e.step, e.direction};
        summary.attempts = e.attempts;
        summary.last_error = e.error;
        const bool done = is_done(summary, summary.failing);
        // As of a wait: on the way back, where no step is taken twice, it may have ended before.
        if (summary.turned && done) return;
        summary.saga = SagaState::stuck;
        // A step that is done stays so when a class that moves away from it is stuck.
        if (!done) mark_step(summary, {e.step, e.direction}, StepState::failed, record.time);
      },
      [&](const SagaWaits& e) {
        // The step's end may come before or after this: the fold is the same.
        const auto direction = summary.turned ? Direction::undo : Direction::act;
        if (!is_done(summary, {e.step, direction})) {
          summary.saga = SagaState::waiting;
          summary.awaits = e.step;
        }
        summary.promoted = false;
        summary.deadline = e.deadline;
      },
      [&](const SagaOperated&) {
        go_on(summary, Step::none);
        const bool charges = summary.payment == PaymentState::requested;
        if (summary.saga == SagaState::running && charges) summary.saga = SagaState::waiting;
        summary.failing = {};
        summary.attempts = 0;
      },
      [&](const SagaCompleted&) {
        summary.saga = SagaState::completed;
        summary.awaits = Step::none;
        summary.change.reset();
      },
      [&](const SagaCompensated&) {
        summary.saga = SagaState::compensated;
        summary.awaits = Step::none;
      });
}

void fold(EnrollmentSummary& summary, const Record& record, const StockEvent& event) {
  StockPreparation stock{summary.stock};
  apply(stock, event);
  summary.stock = stock.state;
  go_on(summary, Step::prepare_stock);
  mark_step(summary, record, stock.state == StockState::requested ? StepState::pending : StepState::done);
}

void fold(EnrollmentSummary& summary, const Record& record, const DeliveryEvent& event) {
  Delivery delivery{summary.delivery};
  apply(delivery, event);
  summary.delivery = delivery.state;
  go_on(summary, record.causation.step);
  mark_step(summary, record, StepState::done);
}

void fold(EnrollmentSummary& summary, const Record& record, const CoachingEvent& event) {
  if (!summary.coaching) summary.coaching.emplace();
  apply(*summary.coaching, event);
  const bool asked = std::holds_alternative<CoachingRequested>(event);
  if (asked) move_pending(summary, EnrollmentState::awaiting_instructor);
  if (std::holds_alternative<CoachingAssigned>(event)) move_pending(summary, EnrollmentState::awaiting_schedule);
  if (std::holds_alternative<CoachingReleased>(event)) give_up(summary, Step::assign_instructor);
  if (!asked) go_on(summary, record.causation.step);
  mark_step(summary, record, asked ? StepState::pending : StepState::done);
}

void give_back_slot(EnrollmentSummary& summary, const InstructorId& instructor) {
  if (summary.left_with == instructor) return summary.left_with.reset();
  summary.booked.reset();
  summary.booked_with.reset();
}

void fold(EnrollmentSummary& summary, const Record& record, const CalendarEvent& event) {
  const InstructorId instructor{record.aggregate.name};
  match(event)(
      [&](const SlotBooked& e) {
        if (summary.booked_with && summary.booked_with != instructor) summary.left_with = summary.booked_with;
        summary.booked = e.slot;
        summary.booked_with = instructor;
      },
      [&](const SlotReleased&) { give_back_slot(summary, instructor); },
      [&](const SlotFreed&) { give_back_slot(summary, instructor); });
  go_on(summary, Step::book_slot);
  mark_step(summary, record, StepState::done);
}

/// What a caller is answered changes nothing of the enrollment.
void fold(EnrollmentSummary&, const Record&, const RequestEvent&) {}
void fold(EnrollmentSummary&, const Record&, const WebhookEvent&) {}

}  // namespace

bool is_done(const EnrollmentSummary& summary, const Causation& command) {
  return std::any_of(summary.steps.begin(), summary.steps.end(), [&](const StepProgress& progress) {
    return progress.step == command.step && progress.direction == command.direction &&
           progress.state == StepState::done;
  });
}

void apply(EnrollmentSummary& summary, const Record& record) {
  if (record.aggregate.kind == AggregateKind::request) return;
  std::visit([&](const auto& event) { fold(summary, record, event); }, record.event);
  ++summary.version;
  // Participants' replies come in either order, and without positions; the fold is the same.
  summary.position = std::max(summary.position, record.position);
  summary.updated_at = std::max(summary.updated_at, record.time);
}

}  // namespace sugang
