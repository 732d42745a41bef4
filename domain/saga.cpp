#include "domain/saga.hpp"

#include <algorithm>

#include "domain/rejection.hpp"
#include "domain/saga_rules.hpp"

namespace sugang {
namespace {

constexpr Causation take_payment{Step::take_payment, Direction::act};
constexpr Causation confirm{Step::confirm, Direction::act};
constexpr Causation mark_expired{Step::mark_expired, Direction::act};
constexpr Causation book_slot{Step::book_slot, Direction::act};
constexpr Causation confirm_schedule{Step::confirm_schedule, Direction::act};

std::string decline_reason(const StepReply& reply) {
  for (const auto& record : reply.records)
    if (const auto* payment = std::get_if<PaymentEvent>(&record.event))
      if (const auto* declined = std::get_if<PaymentDeclined>(payment)) return declined->reason;
  return reply.error;
}

/// One decision in the making.
class Turn {
 public:
  Turn(const Saga& saga, const SagaConditions& conditions)
      : decision_{.saga = saga, .records = {}, .pending = {}, .claimant = {}, .effects = {}}, world_(conditions) {}
  SagaDecision decision() && { return std::move(decision_); }

  void on(const CallSaga& call) {
    std::visit([&](const auto& request) { serve(request, call); }, call.request);
  }
  void on(const RevokeSaga& revoke);
  void on(const ResumeSaga&) {
    resume();
    serve_postponed();
  }
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
    effect(SendPlacement{placement, world_.payments});
  }
  void serve(const JoinSaga& join, const CallSaga& call);
  void serve(const CancelSaga& cancel, const CallSaga& call);
  void serve(const StaffStep& taken, const CallSaga& call);
  void serve(const Operation& operation, const CallSaga& call);

  void opened(const StepReply& reply);
  void resume();
  void run();
  bool take_own(const Causation& command);
  void send(ParticipantCommand command) { effect(SendCommand{std::move(command)}); }
  void step_ended(const StepReply& reply);
  void under_way(const StepReply& reply);
  void retry_later(const Causation& command, const std::string& error);
  void retry_move(const StepReply& reply);
  void arm_retry(const Causation& command);
  void continue_move();
  void turn(TurnCause cause, std::string reason);
  void finish();
  void get_stuck(const Causation& command, const std::string& error);
  void mark_expired_before_money_moves();

  void wait_for_component(const Causation& command);
  void wait_for_payments(const Causation& command);
  void wait_for_staff(const StepRow& step);
  void arm_deadline();
  void pass_deadline(const StepRow& step);

  void serve_postponed(const Refusal& why = ServiceError::read_failed);

  void add_waiting(CallerId caller, bool cancels, Wait wait);
  void answer_waiting(bool under_way);
  void answer(const Saga::Waiting& waiting, bool under_way);
  void answer_refused(CallerId caller, const Refusal& refusal);
  void answer_as_it_stands(CallerId caller);
  void end_staff_step(const StepReply& reply);

  Record next_record(AggregateId aggregate, Causation causation, Event event) const;
  void append(AggregateId aggregate, Causation causation, Event event);
  void append(SagaEvent event) { append(saga_of(saga_.id), {}, std::move(event)); }
  void effect(SagaEffect what) { decision_.effects.push_back(std::move(what)); }

  SagaDecision decision_;
  Saga& saga_ = decision_.saga;
  EnrollmentSummary& summary_ = saga_.summary;
  Cursor& cursor_ = saga_.cursor;
  SagaConditions world_;
  /// An operator's retry calls the gateway even while that counts as down.
  bool operator_retries_ = false;
};

void Turn::serve(const JoinSaga&, const CallSaga& call) {
  add_waiting(call.caller, false, call.wait);
  if (!saga_.exists() || summary_.ended()) return answer_waiting(false);
  if (summary_.saga == SagaState::stuck) answer_waiting(true);
  resume();
}

void Turn::serve(const CancelSaga& cancel, const CallSaga& call) {
  if (!saga_.exists() || summary_.state == EnrollmentState::cancelled || has_ended_otherwise(summary_.state))
    return answer({call.caller, true}, false);
  if (cursor_.turned) {
    add_waiting(call.caller, true, call.wait);
    return resume();
  }
  switch (cancel_now(saga_)) {
    case Cancel::refused: return answer_refused(call.caller, EnrollmentError::not_cancellable);
    case Cancel::waits: saga_.postponed.emplace_back(call); return resume();
    case Cancel::turns:
      decision_.claimant = call.caller;
      turn(TurnCause::cancelled, cancel.reason);
      add_waiting(call.caller, true, call.wait);
  }
}

void Turn::on(const RevokeSaga& revoke) {
  const bool live = saga_.exists() && !cursor_.turned && !has_ended_otherwise(summary_.state) &&
                    summary_.state != EnrollmentState::cancelled;
  const auto may = cancel_now(saga_);
  if (live && may == Cancel::waits) {
    saga_.postponed.emplace_back(revoke);
    return resume();
  }
  if (live && may == Cancel::turns) turn(TurnCause::cancelled, "the course was cancelled: " + revoke.reason);
  // Turned, ended, or delivered: the course has nothing more to do for this one.
  effect(ReportRevoked{revoke.course});
}

void Turn::serve(const StaffStep& taken, const CallSaga& call) {
  // The saga may be on its way to this step, which it reaches in a moment unless a charge is out.
  const auto command = command_at(cursor_);
  const bool on_its_way = saga_.running && command && !cursor_.turned && command->step != Step::take_payment;
  if (saga_.staff || on_its_way) {
    saga_.postponed.emplace_back(call);
    return;
  }
  if (auto refusal = refusal_of(saga_, taken, world_)) return answer_refused(call.caller, *refusal);
  // What a crash or a pause has cut off is finished first; what keeps failing has its own time.
  if (pending_move(summary_) || command == confirm_schedule) {
    if (saga_.retry_armed) return answer_refused(call.caller, ServiceError::read_failed);
    saga_.postponed.emplace_back(call);
    return resume();
  }
  const Causation step{step_of(taken), Direction::act};
  // The slot is agreed on when the coaching has it, not when the calendar has.
  const auto answered_by = step == book_slot ? confirm_schedule : step;
  // A calendar comes first for a slot that is not agreed on yet, or a class that moves.
  const bool is_booking = command == book_slot ? step == book_slot : moves_class(taken, summary_);
  saga_.staff = {call.caller, is_booking ? book_slot : answered_by, answered_by};
  send(command_of(taken, saga_.staff->sent, summary_));
}

void Turn::serve(const Operation& operation, const CallSaga& call) {
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
    case OperatorAction::compensate: turn(TurnCause::cancelled, reason); break;
    case OperatorAction::resolve:
      saga_.running = true;
      send(resolution_of(command, reason, summary_, world_.now));
      break;
  }
  answer_as_it_stands(call.caller);
}

void Turn::on(const RetryStep& retry) {
  if (saga_.retry_armed && retry.attempt != saga_.attempts) return;
  if (!saga_.retry_armed && !saga_.running && retry.command == command_at(cursor_))
    saga_.attempts = std::max(saga_.attempts, retry.attempt);
  resume();
}

void Turn::on(const WaitOver& over) {
  auto& waiting = saga_.waiting;
  const auto it = std::find_if(waiting.begin(), waiting.end(),
                               [&](const Saga::Waiting& each) { return each.caller == over.caller; });
  if (it == waiting.end()) return;
  answer(*it, true);
  waiting.erase(it);
}

void Turn::on(const DeadlineOver&) {
  saga_.deadline_armed.reset();
  const auto* step = forward_step(cursor_);
  if (!step || summary_.ended() || summary_.deadline == TimePoint{}) return;
  // The deadline of the step before, which was done in time.
  if (step->taken == TakenBy::staff && summary_.awaits != step->step) return;
  if (world_.now < summary_.deadline) return arm_deadline();
  // A command that came in time goes first.
  if (!saga_.staff) pass_deadline(*step);
}

void Turn::on(const StepReply& reply) {
  if (saga_.starting) return opened(reply);
  for (const auto& record : reply.records) apply(saga_, record);
  const bool failed = reply.outcome == StepOutcome::refused || reply.outcome == StepOutcome::unknown;
  if (saga_.staff && reply.step == saga_.staff->sent && failed) return end_staff_step(reply);
  // The step that ends a staff member's is the saga's to retry.
  const bool unknown_end =
      saga_.staff && reply.step == saga_.staff->answered_by && reply.outcome == StepOutcome::unknown;
  if (unknown_end && (reply.refusal || reply.step != command_at(cursor_)))
    answer_refused(std::exchange(saga_.staff, std::nullopt)->caller,
                   reply.refusal.value_or(ServiceError::read_failed));
  if (!reply.records.empty()) continue_move();
  if (reply.step == command_at(cursor_)) {
    reply.outcome == StepOutcome::under_way ? under_way(reply) : step_ended(reply);
  } else if (!saga_.running && !saga_.staff) {
    // A participant moved while this saga was idle: what was waited for may be there.
    const auto move = pending_move(summary_);
    if (!reply.records.empty())
      resume();
    else if (move && reply.step == move->step)
      retry_move(reply);
  }
  if (saga_.staff && reply.step == saga_.staff->answered_by && reply.outcome == StepOutcome::done)
    return end_staff_step(reply);
  serve_postponed(reply.refusal.value_or(ServiceError::read_failed));
}

void Turn::opened(const StepReply& reply) {
  const auto starting = *std::exchange(saga_.starting, std::nullopt);
  saga_.running = false;
  if (reply.outcome == StepOutcome::unknown) return effect(ReadAgain{starting.caller});
  if (reply.outcome == StepOutcome::refused) {
    Outcome refused;
    refused.refusal = reply.refusal;
    refused.hold = reply.hold;
    return effect(AnswerCaller{starting.caller, std::move(refused)});
  }
  for (const auto& record : reply.records) apply(saga_, record);
  cursor_ = cursor_of(summary_);
  saga_.waitlist_position = reply.waitlist_position;
  const bool at_once = summary_.kind == CourseKind::performance;
  if (summary_.ended()) return answer({starting.caller, false}, false);
  add_waiting(starting.caller, false, starting.wait.value_or(at_once ? Milliseconds{0} : world_.default_wait));
  if (reply.outcome == StepOutcome::under_way) {
    arm_deadline();
    return answer_waiting(true);
  }
  // The call of a charge that was requested with the seats is made without a command.
  saga_.running = summary_.payment == PaymentState::requested && summary_.charge_started;
  if (!saga_.running) run();
}

void Turn::under_way(const StepReply& reply) {
  mark_expired_before_money_moves();
  if (has_ended_otherwise(summary_.state)) answer_waiting(true);
  if (reply.step.step != Step::hold_seats) return;
  saga_.waitlist_position = reply.waitlist_position;
  saga_.running = false;
  arm_deadline();
  answer_waiting(true);
}

/// The step under the cursor.
void Turn::step_ended(const StepReply& reply) {
  saga_.running = false;
  switch (reply.outcome) {
    case StepOutcome::done: {
      saga_.attempts = 0;
      saga_.deferred = false;
      // The staff has not acted yet.
      const auto* step = forward_step(cursor_);
      if (step && step->taken == TakenBy::staff && !is_done(summary_, reply.step)) return wait_for_staff(*step);
      cursor_ = next_step(cursor_);
      return run();
    }
    case StepOutcome::refused:
      if (before_no_return(cursor_)) return turn(TurnCause::declined, decline_reason(reply));
      return get_stuck(reply.step, reply.error);
    case StepOutcome::unknown: return retry_later(reply.step, reply.error);
    case StepOutcome::held_back: return run();
    case StepOutcome::under_way: return;
  }
}

/// The staff member's step is over: refused, failed, or done.
void Turn::end_staff_step(const StepReply& reply) {
  const auto caller = std::exchange(saga_.staff, std::nullopt)->caller;
  if (reply.outcome == StepOutcome::done)
    answer_as_it_stands(caller);
  else
    // Without a reason, the participant's turn failed.
    answer_refused(caller, reply.refusal.value_or(ServiceError::read_failed));
  serve_postponed();
  // Meanwhile the class may have moved, or the deadline have come.
  if (const auto* step = forward_step(cursor_);
      step && !saga_.running && !saga_.staff && step->taken == TakenBy::staff && !summary_.ended())
    wait_for_staff(*step);
}

void Turn::on(const SettlePayment& settle) {
  const bool charging = command_at(cursor_) == take_payment && summary_.payment == PaymentState::requested;
  const auto confirmed = sugang::decide(saga_.enrollment, ConfirmEnrollment{}, world_.now);
  if (!charging || !confirms_next(cursor_) || !saga_.postponed.empty() || confirmed.events.empty())
    return effect(SettleApart{});
  effect(SettleJointly{settle.payment,
                       {next_record(saga_.id, confirm, EnrollmentEvent{EnrollmentConfirmed{}}),
                        next_record(saga_of(saga_.id), {}, SagaEvent{SagaCompleted{}})}});
}

void Turn::on(const SettlementEnded& ended) {
  // Without an append, the payment appends its approval by itself, and replies.
  if (!ended.appended) return;
  for (const auto& record : ended.records) apply(saga_, record);
  saga_.running = false;
  saga_.attempts = 0;
  saga_.deferred = false;
  cursor_ = first_undone(cursor_, summary_);
  answer_waiting(false);
}

void Turn::resume() {
  if (saga_.running || !saga_.exists() || summary_.ended()) return;
  run();
}

void Turn::run() {
  saga_.retry_armed = false;
  continue_move();
  for (;;) {
    cursor_ = first_undone(cursor_, summary_);
    if (cancel_is_next(saga_)) return;
    const auto command = command_at(cursor_);
    if (!command) return finish();
    if (waits_for_component(saga_, *command, world_)) return wait_for_component(*command);
    const auto* step = forward_step(cursor_);
    if (step && step->step == Step::take_payment && summary_.promoted && summary_.amount.amount > 0)
      append(SagaWaits{Step::take_payment, world_.now + world_.deferred_payment_deadline});
    const bool asks_first = command->step == Step::assign_instructor && !summary_.coaching;
    if (step && step->taken == TakenBy::staff && !asks_first) return wait_for_staff(*step);
    if (!take_own(*command)) return;
    cursor_ = next_step(cursor_);
  }
}

/// Takes a step of the enrollment itself at once: true. Any other is on its way to its participant.
bool Turn::take_own(const Causation& step) {
  const auto& row = row_of(step.step);
  auto command = (step.direction == Direction::act ? row.act : row.undo)(
      {.enrollment = summary_, .calls_may_leave = may_call(world_), .operator_retries = operator_retries_});
  command.step = step;
  const auto* own = std::get_if<EnrollmentCommand>(&command.command);
  if (own == nullptr) {
    saga_.running = true;
    send(std::move(command));
    return false;
  }
  const auto decided = sugang::decide(saga_.enrollment, *own, world_.now);
  if (decided.error) {
    get_stuck(step, "the enrollment has ended as " + std::string{to_text(summary_.state)});
    return false;
  }
  for (const auto& event : decided.events) append(saga_.id, step, event);
  return true;
}

void Turn::retry_later(const Causation& command, const std::string& error) {
  ++saga_.attempts;
  const bool charges = command == take_payment;
  if (charges && world_.now >= summary_.deadline) return turn(TurnCause::expired, "no answer by the deadline");
  const bool may_take_its_time = summary_.defers && charges;
  if (may_take_its_time) saga_.deferred = true;
  // What has changed is journaled, not each attempt: the first, and that it is stuck.
  if (summary_.failing != command) append(SagaStepFailed{command.step, command.direction, saga_.attempts, error});
  if (saga_.attempts >= world_.stuck_attempts && !may_take_its_time) get_stuck(command, error);
  if (may_take_its_time) answer_waiting(true);
  if (waits_for_component(saga_, command, world_)) return wait_for_component(command);
  arm_retry(command);
}

/// The next command of a move has failed, or has changed nothing.
void Turn::retry_move(const StepReply& reply) {
  if (saga_.retry_armed) return;
  if (++saga_.attempts >= world_.stuck_attempts) get_stuck(reply.step, reply.error);
  if (const auto command = command_at(cursor_)) arm_retry(*command);
}

void Turn::arm_retry(const Causation& command) {
  saga_.retry_armed = true;
  ArmRetry armed{.retry = {command, saga_.attempts}, .within = {}};
  if (command == take_payment) armed.within = summary_.deadline - world_.now;
  effect(std::move(armed));
}

void Turn::continue_move() {
  if (auto move = pending_move(summary_)) send(std::move(*move));
}

void Turn::turn(TurnCause cause, std::string reason) {
  append(SagaTurned{cause, std::move(reason)});
  decision_.pending = true;
  cursor_ = turn_back(cursor_, cause);
  saga_.attempts = 0;
  saga_.deferred = false;
  effect(AwaitPayments{false});
  run();
}

void Turn::finish() {
  saga_.running = false;
  append(cursor_.turned ? SagaEvent{SagaCompensated{}} : SagaEvent{SagaCompleted{}});
  decision_.pending = false;
  answer_waiting(false);
}

void Turn::get_stuck(const Causation& command, const std::string& error) {
  if (summary_.saga != SagaState::stuck) append(SagaStuck{command.step, command.direction, error, saga_.attempts});
  answer_waiting(true);
}

/// As soon as no money can stay, whatever the gateway answers and whenever.
void Turn::mark_expired_before_money_moves() {
  if (cursor_.turned != TurnCause::expired || is_done(summary_, mark_expired)) return;
  const auto payment = summary_.payment;
  if (payment == PaymentState::void_requested || payment == PaymentState::refund_requested) take_own(mark_expired);
}

/// It stays pending, and is resumed when the component runs again.
void Turn::wait_for_component(const Causation& command) {
  saga_.running = false;
  saga_.retry_armed = false;
  if (command.step == Step::take_payment)
    wait_for_payments(command);
  else if (summary_.awaits != command.step)
    append(SagaWaits{command.step, {}});
  mark_expired_before_money_moves();
  // Half of the staff member's step is done, and is found done when it is taken again.
  if (saga_.staff && row_of(saga_.staff->answered_by.step).component == row_of(command.step).component)
    answer_refused(std::exchange(saga_.staff, std::nullopt)->caller, ServiceError::component_paused);
  if (command == take_payment) {
    if (world_.now >= summary_.deadline) return turn(TurnCause::expired, "no answer by the deadline");
    if (summary_.defers) saga_.deferred = true;
    arm_deadline();
  }
  answer_waiting(true);
}

void Turn::wait_for_payments(const Causation& command) {
  effect(AwaitPayments{});
  // On its way forward it is listed as waiting, with its deadline; on its way back it has none.
  if (!cursor_.turned) return;
  if (!world_.paused.contains(Component::payments))
    get_stuck(command, "the payment gateway gives no answer");
  else if (summary_.saga == SagaState::compensating)
    append(SagaWaits{command.step, {}});
}

void Turn::wait_for_staff(const StepRow& step) {
  saga_.running = false;
  // The class may have moved behind the deadline that was counted from its end.
  const bool later = step.step == Step::record_result && summary_.coaching && summary_.coaching->slot &&
                     summary_.coaching->slot->ends_at + world_.staff_deadline > summary_.deadline;
  const bool has_none = summary_.deadline == TimePoint{};
  if (summary_.awaits != step.step || later || has_none)
    append(SagaWaits{step.step, deadline_of(saga_, step.step, world_)});
  answer_waiting(true);
  world_.now >= summary_.deadline ? pass_deadline(step) : arm_deadline();
}

void Turn::arm_deadline() {
  if (saga_.deadline_armed == summary_.deadline) return;
  saga_.deadline_armed = summary_.deadline;
  effect(ArmDeadline{summary_.deadline});
}

void Turn::pass_deadline(const StepRow& step) {
  const std::string what = "not done by the deadline: " + std::string{to_text(step.step)};
  if (step.late) return turn(*step.late, what);
  if (step.taken == TakenBy::staff) get_stuck({step.step, Direction::act}, what);
}

/// What had to wait for the step that has just ended. Behind a step that is to be retried, callers are refused with
/// `why` instead.
void Turn::serve_postponed(const Refusal& why) {
  const bool must_wait = saga_.staff || (!cursor_.turned && cancel_now(saga_) == Cancel::waits);
  if (must_wait && !saga_.retry_armed) return;
  const auto refuse = Overloaded{[&](const RevokeSaga& each) { saga_.postponed.emplace_back(each); },
                                 [&](const auto& each) { answer_refused(each.caller, why); }};
  for (auto& each : std::exchange(saga_.postponed, {}))
    must_wait ? std::visit(refuse, each) : std::visit([&](const auto& command) { on(command); }, each);
}

void Turn::add_waiting(CallerId caller, bool cancels, Wait wait) {
  const auto patience = wait.value_or(world_.default_wait);
  if (patience == Milliseconds{0}) return answer({caller, cancels}, true);
  saga_.waiting.push_back({caller, cancels});
  effect(ArmPatience{caller, patience});
}

void Turn::answer_waiting(bool under_way) {
  for (const auto& each : std::exchange(saga_.waiting, {})) answer(each, under_way);
}

void Turn::answer(const Saga::Waiting& waiting, bool under_way) {
  Outcome outcome;
  if (!saga_.exists()) {
    outcome.refusal = EnrollmentError::not_found;
  } else {
    outcome.subject = summary_;
    outcome.under_way = under_way;
    if (summary_.state == EnrollmentState::waitlisted) outcome.waitlist_position = saga_.waitlist_position;
    if (waiting.cancels && has_ended_otherwise(summary_.state)) outcome.refusal = EnrollmentError::not_cancellable;
    if (!waiting.cancels && summary_.state == EnrollmentState::rejected) outcome.refusal = rejection_of(summary_);
  }
  effect(AnswerCaller{waiting.caller, std::move(outcome)});
}

void Turn::answer_refused(CallerId caller, const Refusal& refusal) {
  Outcome outcome;
  if (saga_.exists()) outcome.subject = summary_;
  outcome.refusal = refusal;
  effect(AnswerCaller{caller, std::move(outcome)});
}

void Turn::answer_as_it_stands(CallerId caller) {
  Outcome outcome;
  outcome.subject = summary_;
  outcome.under_way = !summary_.ended();
  effect(AnswerCaller{caller, std::move(outcome)});
}

Record Turn::next_record(AggregateId aggregate, Causation causation, Event event) const {
  const auto sequence = saga_.sequence_of(aggregate) + 1;
  return {.aggregate = std::move(aggregate),
          .sequence = sequence,
          .time = world_.now,
          .enrollment = saga_.id,
          .causation = causation,
          .event = std::move(event)};
}

void Turn::append(AggregateId aggregate, Causation causation, Event event) {
  auto record = next_record(std::move(aggregate), causation, std::move(event));
  apply(saga_, record);
  decision_.records.push_back(std::move(record));
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
  saga.waiting = std::move(before.waiting);
  saga.staff = before.staff;
  saga.postponed = std::move(before.postponed);
  for (const auto& record : timeline) apply(saga, record);
  saga.cursor = cursor_of(saga.summary);
  saga.attempts = saga.summary.failing == command_at(saga.cursor) ? saga.summary.attempts : 0;
  return saga;
}

SagaDecision decide(const Saga& saga, const SagaCommand& command, const SagaConditions& conditions) {
  Turn turn{saga, conditions};
  std::visit([&](const auto& what) { turn.on(what); }, command);
  return std::move(turn).decision();
}

}  // namespace sugang
