#include "domain/saga.hpp"

#include <algorithm>

#include "domain/saga_rules.hpp"
#include "domain/saga_walk.hpp"

namespace sugang {
namespace {

constexpr Causation take_payment{Step::take_payment, Direction::act};
constexpr Causation replace_payment{Step::replace_payment, Direction::act};
constexpr Causation book_slot{Step::book_slot, Direction::act};
constexpr Causation confirm_schedule{Step::confirm_schedule, Direction::act};

/// Decides one command, and then the postponed commands that no longer have to wait.
class Decider : public SagaWalk {
 public:
  using SagaWalk::SagaWalk;

  void on(const CallSaga& call) {
    std::visit([&](const auto& request) { serve(request, call); }, call.request);
  }
  void on(const RevokeSaga& revoke);
  void on(const ResumeSaga&);
  void on(const DeadlineOver&);
  void on(const RetryStep& retry);
  void on(const WaitOver& over);
  void on(const AnswerWaiting&) { answer_waiting(true); }
  void on(const StepReply& reply);
  void on(const SettlePayment& settle);
  void on(const SettlementEnded& ended);

 private:
  void serve(const PlaceEnrollment& placement, const CallSaga& call) {
    saga_.running = true;
    saga_.starting = {call.caller, call.wait};
    add_effect(SendPlacement{placement, world_.payments});
  }
  void serve(const JoinSaga&, const CallSaga& call);
  void serve(const CancelSaga& cancel, const CallSaga& call);
  void serve(const StaffStep& staff_step, const CallSaga& call);
  void serve(const Operation& operation, const CallSaga& call);
  void serve(const ChangeSeats& change, const CallSaga& call);
  void serve_postponed(const Refusal& why = ServiceError::read_failed);

  void on_placement_reply(const StepReply& reply);
  void end_staff_step(const StepReply& reply);
};

void Decider::serve(const JoinSaga&, const CallSaga& call) {
  add_waiting(call.caller, false, call.wait);
  if (!saga_.exists() || summary_.ended()) return answer_waiting(false);
  if (summary_.saga == SagaState::stuck) answer_waiting(true);
  resume();
}

void Decider::serve(const CancelSaga& cancel, const CallSaga& call) {
  if (!saga_.exists() || summary_.state == EnrollmentState::cancelled || has_ended_otherwise(summary_.state))
    return answer({call.caller, true}, false);
  if (summary_.change) return answer_refused(call.caller, EnrollmentError::changing);
  if (cursor_.turned) {
    add_waiting(call.caller, true, call.wait);
    return resume();
  }
  switch (cancel_now(saga_)) {
    case Cancel::refused: return answer_refused(call.caller, EnrollmentError::not_cancellable);
    case Cancel::waits: saga_.postponed.emplace_back(call); return resume();
    case Cancel::turns:
      decision_.claimant = call.caller;
      turn_back(TurnCause::cancelled, cancel.reason);
      add_waiting(call.caller, true, call.wait);
  }
}

void Decider::serve(const ChangeSeats& change, const CallSaga& call) {
  if (auto refusal = refusal_of(saga_, change, world_)) return answer_refused(call.caller, *refusal);
  if (change.seats == summary_.seats) return answer_current_state(call.caller);
  const Money price{summary_.amount.amount / summary_.seats, summary_.amount.currency};
  decision_.claimant = call.caller;
  append(saga_.id, {}, EnrollmentEvent{SeatsChangeRequested{change.seats, price * change.seats}});
  decision_.pending = true;
  cursor_ = cursor_of(summary_);
  saga_.attempts = 0;
  saga_.changing = {call.caller, call.wait};
  run();
}

void Decider::on(const ResumeSaga&) {
  // The turn of the placement's reply failed; the timeline shows what the course did.
  if (const auto starting = std::exchange(saga_.starting, std::nullopt)) {
    if (saga_.exists())
      add_waiting(starting->caller, false, starting->wait);
    else
      answer_refused(starting->caller, ServiceError::read_failed);
  }
  resume();
  serve_postponed();
}

void Decider::on(const RevokeSaga& revoke) {
  if (summary_.change) {
    saga_.postponed.emplace_back(revoke);
    // It is served again behind each reply, which must not shorten the pause before a retry.
    if (!saga_.retry_armed) resume();
    return;
  }
  const bool is_active = saga_.exists() && !cursor_.turned && !has_ended_otherwise(summary_.state) &&
                         summary_.state != EnrollmentState::cancelled;
  const auto cancel = cancel_now(saga_);
  if (is_active && cancel == Cancel::waits) {
    saga_.postponed.emplace_back(revoke);
    return resume();
  }
  if (is_active && cancel == Cancel::turns)
    turn_back(TurnCause::cancelled, "the course was cancelled: " + revoke.reason);
  // Turned back, ended or delivered: nothing is left to revoke.
  add_effect(ReportRevoked{revoke.course});
}

void Decider::serve(const StaffStep& staff_step, const CallSaga& call) {
  // The step in flight may lead to this one in a moment, unless it is a charge.
  const auto command = command_at(cursor_);
  const bool moves_on =
      saga_.running && command && !cursor_.turned && row_of(command->step).component != Component::payments;
  if (saga_.staff || moves_on) {
    saga_.postponed.emplace_back(call);
    return;
  }
  if (auto refusal = refusal_of(saga_, staff_step, world_)) return answer_refused(call.caller, *refusal);
  // An interrupted move or schedule is finished first; one that keeps failing is retried at its own pace.
  if (pending_move(summary_) || command == confirm_schedule) {
    if (saga_.retry_armed) return answer_refused(call.caller, ServiceError::read_failed);
    saga_.postponed.emplace_back(call);
    return resume();
  }
  const Causation step{step_of(staff_step), Direction::act};
  // A slot is agreed on when the coaching has it, not when the calendar has it.
  const auto answered_by = step == book_slot ? confirm_schedule : step;
  // The calendar comes first: for the first slot, and for a class that moves.
  const bool calendar_first = command == book_slot ? step == book_slot : moves_class(staff_step, summary_);
  saga_.staff = {call.caller, calendar_first ? book_slot : answered_by, answered_by};
  send(command_of(staff_step, saga_.staff->sent, summary_));
}

void Decider::serve(const Operation& operation, const CallSaga& call) {
  const auto& [action, reason] = operation;
  if (auto refusal = refusal_of(saga_, action, world_)) return answer_refused(call.caller, *refusal);
  const auto command = command_at(cursor_).value_or(Causation{});
  decision_.claimant = call.caller;
  append(SagaOperated{action, command.step, command.direction, reason});
  saga_.attempts = 0;
  switch (action) {
    case OperatorAction::retry:
      operator_retries_ = !saga_.running;
      if (operator_retries_) world_.payments = PaymentSide::available;
      resume();
      break;
    case OperatorAction::compensate: turn_back(TurnCause::cancelled, reason); break;
    case OperatorAction::resolve:
      saga_.running = true;
      send(resolution_of(command, reason, summary_, world_.now));
      break;
  }
  answer_current_state(call.caller);
}

void Decider::on(const RetryStep& retry) {
  if (saga_.retry_armed && retry.attempt != saga_.attempts) return;
  if (!saga_.retry_armed && !saga_.running && retry.command == command_at(cursor_))
    saga_.attempts = std::max(saga_.attempts, retry.attempt);
  resume();
}

void Decider::on(const WaitOver& over) {
  auto& waiting = saga_.waiting;
  const auto it = std::find_if(waiting.begin(), waiting.end(),
                               [&](const Saga::Waiting& each) { return each.caller == over.caller; });
  if (it == waiting.end()) return;
  answer(*it, true);
  waiting.erase(it);
}

void Decider::on(const DeadlineOver&) {
  saga_.deadline_armed.reset();
  const auto* step = forward_step(cursor_);
  if (!step || summary_.ended() || summary_.deadline == TimePoint{}) return;
  // The alarm of an earlier step, which was taken in time.
  if (step->taken == TakenBy::staff && summary_.awaits != step->step) return;
  if (world_.now < summary_.deadline) return arm_deadline();
  // A staff member's step in flight came in time: at its end the deadline is checked again.
  if (!saga_.staff) pass_deadline(*step);
}

void Decider::on(const StepReply& reply) {
  if (saga_.starting && !saga_.exists()) return on_placement_reply(reply);
  for (const auto& record : reply.records) apply(saga_, record);
  const bool failed = reply.outcome == StepOutcome::refused || reply.outcome == StepOutcome::unknown;
  if (saga_.staff && reply.step == saga_.staff->sent && failed) return end_staff_step(reply);
  // The caller waits while the saga retries the step under its cursor, unless the participant can't be read.
  const bool end_unknown =
      saga_.staff && reply.step == saga_.staff->answered_by && reply.outcome == StepOutcome::unknown;
  if (end_unknown && (reply.refusal || reply.step != command_at(cursor_)))
    answer_refused(std::exchange(saga_.staff, std::nullopt)->caller,
                   reply.refusal.value_or(ServiceError::read_failed));
  if (!reply.records.empty()) continue_move();
  if (reply.step == command_at(cursor_)) {
    reply.outcome == StepOutcome::under_way ? on_under_way(reply) : on_step_reply(reply);
  } else if (!saga_.running && !saga_.staff) {
    // A participant changed while no step was in flight: the saga may be able to continue.
    const auto move = pending_move(summary_);
    if (!reply.records.empty()) {
      saga_.attempts = 0;
      resume();
    } else if (move && reply.step == move->step) {
      retry_move(reply);
    }
  }
  if (saga_.staff && reply.step == saga_.staff->answered_by && reply.outcome == StepOutcome::done)
    return end_staff_step(reply);
  serve_postponed(reply.refusal.value_or(ServiceError::read_failed));
}

void Decider::on_placement_reply(const StepReply& reply) {
  const auto starting = *std::exchange(saga_.starting, std::nullopt);
  saga_.running = false;
  if (reply.outcome == StepOutcome::unknown) return add_effect(Reload{starting.caller});
  if (reply.outcome == StepOutcome::refused) {
    Outcome refused;
    refused.refusal = reply.refusal;
    refused.hold = reply.hold;
    return add_effect(AnswerCaller{starting.caller, std::move(refused)});
  }
  for (const auto& record : reply.records) apply(saga_, record);
  cursor_ = cursor_of(summary_);
  saga_.waitlist_position = reply.waitlist_position;
  const bool waits_by_default = summary_.kind != CourseKind::performance;
  if (summary_.ended()) return answer({starting.caller, false}, false);
  add_waiting(starting.caller, false,
              starting.wait.value_or(waits_by_default ? world_.default_wait : Milliseconds{0}));
  if (reply.outcome == StepOutcome::under_way) {
    arm_deadline();
    return answer_waiting(true);
  }
  // A charge that was requested with the seats is called without a command; its reply is still to come.
  saga_.running = summary_.payment == PaymentState::requested && summary_.charge_started;
  if (!saga_.running) run();
}

/// Answers the staff member, whose step is done, refused or failed.
void Decider::end_staff_step(const StepReply& reply) {
  const auto caller = std::exchange(saga_.staff, std::nullopt)->caller;
  if (reply.outcome == StepOutcome::done)
    answer_current_state(caller);
  else
    // Without a reason, the participant's turn failed.
    answer_refused(caller, reply.refusal.value_or(ServiceError::read_failed));
  serve_postponed();
  // Meanwhile the class may have moved, or the deadline have passed.
  if (const auto* step = forward_step(cursor_);
      step && !saga_.running && !saga_.staff && step->taken == TakenBy::staff && !summary_.ended())
    wait_for_staff(*step);
}

void Decider::on(const SettlePayment& settle) {
  const auto command = command_at(cursor_);
  const bool charging =
      command == replace_payment || (command == take_payment && summary_.payment == PaymentState::requested);
  if (!charging || !confirms_next(cursor_) || !saga_.postponed.empty()) return add_effect(SettleApart{});
  const auto seats = next_step(cursor_);
  const auto confirmation = *command_at(next_step(seats));
  const auto confirm = row_of(confirmation.step).act({.enrollment = summary_});
  const auto confirmed = sugang::decide(saga_.enrollment, std::get<EnrollmentCommand>(confirm.command), world_.now);
  if (confirmed.events.empty()) return add_effect(SettleApart{});
  SettleJointly joint{.payment = settle.payment,
                      .enrollment = {next_record(saga_.id, confirmation, confirmed.events.front())},
                      .seats = *command_at(seats),
                      .ends = !cursor_.changing};
  if (joint.ends) joint.enrollment.push_back(next_record(saga_of(saga_.id), {}, SagaEvent{SagaCompleted{}}));
  add_effect(std::move(joint));
}

void Decider::on(const SettlementEnded& ended) {
  // Without an append, the payment appends its approval by itself, and replies.
  if (!ended.appended) return;
  for (const auto& record : ended.records) apply(saga_, record);
  saga_.running = false;
  saga_.attempts = 0;
  saga_.deferred = false;
  cursor_ = first_undone(cursor_, summary_);
  if (summary_.change) return run();
  answer_waiting(false);
}

/// Serves the commands that waited for the step in flight. If they would have to wait for its retry, their callers
/// are refused with `why`, and revocations stay postponed.
void Decider::serve_postponed(const Refusal& why) {
  const bool must_wait = saga_.staff || (!cursor_.turned && cancel_now(saga_) == Cancel::waits);
  if (must_wait && !saga_.retry_armed) return;
  const auto refuse = Overloaded{[&](const RevokeSaga& revoke) { saga_.postponed.emplace_back(revoke); },
                                 [&](const CallSaga& call) { answer_refused(call.caller, why); }};
  for (auto& each : std::exchange(saga_.postponed, {}))
    must_wait ? std::visit(refuse, each) : std::visit([&](const auto& command) { on(command); }, each);
}

}  // namespace

Sequence Saga::sequence_of(const AggregateId& aggregate) const {
  const auto it =
      std::find_if(folded.begin(), folded.end(), [&](const auto& each) { return each.first == aggregate; });
  return it == folded.end() ? 0 : it->second;
}

void apply(Saga& saga, const Record& record) {
  auto it = std::find_if(saga.folded.begin(), saga.folded.end(),
                         [&](const auto& each) { return each.first == record.aggregate; });
  if (it == saga.folded.end()) it = saga.folded.insert(it, {record.aggregate, 0});
  if (record.sequence <= it->second) return;
  it->second = record.sequence;
  apply(saga.summary, record);
  if (const auto* event = std::get_if<EnrollmentEvent>(&record.event)) apply(saga.enrollment, *event);
}

Saga load(EnrollmentId id, const std::vector<Record>& timeline, Saga before) {
  Saga saga;
  saga.id = id;
  saga.starting = before.starting;
  saga.changing = before.changing;
  saga.waiting = std::move(before.waiting);
  saga.staff = before.staff;
  saga.postponed = std::move(before.postponed);
  for (const auto& record : timeline) apply(saga, record);
  saga.cursor = cursor_of(saga.summary);
  saga.attempts = saga.summary.failing == command_at(saga.cursor) ? saga.summary.attempts : 0;
  return saga;
}

SagaDecision decide(const Saga& saga, const SagaCommand& command, const SagaConditions& conditions) {
  Decider decider{saga, conditions};
  std::visit([&](const auto& each) { decider.on(each); }, command);
  return std::move(decider).decision();
}

}  // namespace sugang
