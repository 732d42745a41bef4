#include "domain/timeline.hpp"

#include <algorithm>

namespace sugang {
namespace {

void mark_step(EnrollmentSummary& summary, const Causation& command, StepState state, TimePoint at) {
  if (command.step == Step::none) return;
  auto same = [&](const StepProgress& p) { return p.step == command.step && p.direction == command.direction; };
  auto it = std::find_if(summary.steps.begin(), summary.steps.end(), same);
  if (it == summary.steps.end()) it = summary.steps.insert(it, {command.step, command.direction, state, at});
  it->state = state;
  it->at = at;
}

void mark_step(EnrollmentSummary& summary, const Record& record, StepState state) {
  mark_step(summary, record.causation, state, record.time);
}

/// Until it is confirmed or turns round, an enrollment is where its seats and its money are.
void move_pending(EnrollmentSummary& summary, EnrollmentState to) {
  if (summary.state == EnrollmentState::requested || summary.state == EnrollmentState::seats_held)
    summary.state = to;
}

void fold(EnrollmentSummary& summary, const Record& record, const CourseEvent& event) {
  if (std::holds_alternative<SeatsHeld>(event)) move_pending(summary, EnrollmentState::seats_held);
  mark_step(summary, record, StepState::done);
}

void fold(EnrollmentSummary& summary, const Record& record, const EnrollmentEvent& event) {
  using State = EnrollmentState;
  std::visit(Overloaded{
                 [&](const EnrollmentRequested& e) {
                   summary.id = EnrollmentId{record.aggregate.uid};
                   summary.course = e.course;
                   summary.student = e.student;
                   summary.seats = e.seats;
                   summary.kind = e.kind;
                   summary.amount = e.amount;
                   summary.method = e.method;
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
             },
             event);
  mark_step(summary, record, StepState::done);
}

void fold(EnrollmentSummary& summary, const Record& record, const PaymentEvent& event) {
  Payment payment;
  payment.state = summary.payment;
  apply(payment, event);
  summary.payment = payment.state;
  if (summary.saga == SagaState::running || summary.saga == SagaState::waiting)
    summary.saga = payment.owes_charge() ? SagaState::waiting : SagaState::running;
  switch (payment.state) {
    case PaymentState::requested:
      move_pending(summary, EnrollmentState::payment_pending);
      return mark_step(summary, record, StepState::pending);
    case PaymentState::void_requested:
    case PaymentState::refund_requested:
      return mark_step(summary, record, StepState::pending);
    case PaymentState::declined:
      return mark_step(summary, record, StepState::failed);
    case PaymentState::voided:
      // No money will ever move: the charge, if one was under way, has ended.
      for (auto& progress : summary.steps)
        if (progress.step == Step::take_payment && progress.state == StepState::pending)
          progress.state = StepState::failed;
      return mark_step(summary, record, StepState::done);
    case PaymentState::none:
    case PaymentState::approved:
    case PaymentState::refunded:
      return mark_step(summary, record, StepState::done);
  }
}

void fold(EnrollmentSummary& summary, const Record& record, const SagaEvent& event) {
  std::visit(Overloaded{
                 [&](const SagaStarted& e) {
                   summary.saga = SagaState::running;
                   summary.deadline = e.deadline;
                 },
                 [&](const SagaTurned& e) {
                   summary.saga = SagaState::compensating;
                   summary.turned = e.cause;
                   summary.reason = e.reason;
                   // The cancel is decided; its mark on the enrollment follows.
                   if (e.cause == TurnCause::cancelled) summary.state = EnrollmentState::cancel_requested;
                   summary.attempts = 0;
                   summary.last_error.clear();
                 },
                 [&](const SagaStepFailed& e) {
                   summary.attempts = e.attempt;
                   summary.last_error = e.error;
                 },
                 [&](const SagaStuck& e) {
                   summary.saga = SagaState::stuck;
                   summary.last_error = e.error;
                   mark_step(summary, {e.step, e.direction}, StepState::failed, record.time);
                 },
                 [&](const SagaCompleted&) { summary.saga = SagaState::completed; },
                 [&](const SagaCompensated&) { summary.saga = SagaState::compensated; },
             },
             event);
}

void fold(EnrollmentSummary&, const Record&, const RequestEvent&) {}

}  // namespace

void apply(EnrollmentSummary& summary, const Record& record) {
  if (std::holds_alternative<RequestEvent>(record.event)) return;
  std::visit([&](const auto& event) { fold(summary, record, event); }, record.event);
  ++summary.version;
  summary.position = std::max(summary.position, record.position);
  summary.updated_at = record.time;
}

}  // namespace sugang
