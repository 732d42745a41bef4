#include "sagas/coordinator.hpp"

#include <algorithm>
#include <utility>

#include "actors/answering.hpp"

namespace sugang {
namespace {

/// Doubles from retry_min to retry_max, less up to a quarter, so that sagas that failed together do not come back
/// together.
Milliseconds backoff(const ActorLimits& limits, std::uint32_t attempt, std::uint64_t random) {
  auto wait = limits.retry_min;
  for (std::uint32_t i = 1; i < attempt && wait < limits.retry_max; ++i) wait *= 2;
  wait = std::min(wait, limits.retry_max);
  return wait -
         Milliseconds{static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(wait.count()) / 4 + 1))};
}

std::string decline_reason(const StepReply& reply) {
  for (const auto& record : reply.records)
    if (const auto* payment = std::get_if<PaymentEvent>(&record.event))
      if (const auto* declined = std::get_if<PaymentDeclined>(payment)) return declined->reason;
  return reply.error;
}

bool has_ended_otherwise(EnrollmentState state) {
  return state == EnrollmentState::rejected || state == EnrollmentState::expired;
}

}  // namespace

Coordinator::Coordinator(caf::actor_config& config, Node& node, std::shared_ptr<Resident> resident)
    : ResidentActor(config, node, std::move(resident)), enrollment_{resident_->id.uid} {}

caf::behavior Coordinator::make_behavior() {
  return {
      [this](StartEnrollment& message) {
        born();
        turn([this, message = std::move(message)]() mutable { start(message); });
      },
      [this](StepReply& reply) { turn([this, reply = std::move(reply)] { hear(reply); }); },
      [this](JoinEnrollment& message) { turn([this, message = std::move(message)]() mutable { join(message); }); },
      [this](CancelRequest& message) { turn([this, message = std::move(message)]() mutable { cancel(message); }); },
      [this](const ResumeSaga&) { turn([this] { resume(); }); },
      [this](const RetryStep& retry) {
        turn([this, retry] {
          if (retry.attempt == attempts_ || !retry_armed_) resume();
        });
      },
      [this](const WaitOver& over) { turn([this, over] { wait_over(over.waiter); }); },
      [this](TimelineRead& read) { awoke([&] { load(read.timeline); }); },
  };
}

void Coordinator::wake() {
  auto self = caf::actor_cast<caf::actor>(this);
  node_.journal.wake(resident_->id, [self, &journal = node_.journal, id = enrollment_](const Recovered&) {
    caf::anon_send(self, TimelineRead{journal.timeline(id)});
  });
}

void Coordinator::forget_state() {
  summary_ = {};
  sequence_ = 0;
  cursor_ = {};
  fresh_ = running_ = retry_armed_ = false;
  attempts_ = 0;
}

void Coordinator::load(const std::vector<Record>& timeline) {
  forget_state();
  for (const auto& record : timeline) {
    sugang::apply(summary_, record);
    read_up_to_ = record.position;
    trace_ = record.trace;
    if (record.aggregate.kind == AggregateKind::saga) sequence_ = record.sequence;
  }
  cursor_ = cursor_of(summary_);
  attempts_ = summary_.attempts;
}

bool Coordinator::ready_to_leave() const { return !running_ && !starting_ && waiting_.empty() && cancels_.empty(); }

// --- the outside
// ---------------------------------------------------------------------------------------------------

void Coordinator::start(StartEnrollment& start) {
  fresh_ = true;
  running_ = true;
  trace_ = start.asker.trace;
  node_.journal.wake_new(saga_of(enrollment_));
  node_.journal.wake_new(enrollment_);
  node_.journal.wake_new(payment_of(enrollment_));
  const auto& command = start.command;
  BeginEnrollment begin{
      .course = command.course,
      .hold = {enrollment_, command.student, command.seats, node_.payments_available()},
      .method = command.method,
      .key = start.asker.key,
      .trace = trace_,
  };
  const AggregateId course{command.course};
  starting_ = std::move(start);
  node_.directory.send(course, std::move(begin));
}

void Coordinator::join(JoinEnrollment& join) {
  join.asker.claimed = true;
  add_waiting(std::move(join.asker), false, join.wait);
  if (summary_.state == EnrollmentState::none || summary_.ended() || summary_.saga == SagaState::stuck)
    return answer_waiting(summary_.saga == SagaState::stuck);
  resume();
}

void Coordinator::cancel(CancelRequest& cancel) {
  const bool unknown = summary_.state == EnrollmentState::none;
  if (unknown || summary_.state == EnrollmentState::cancelled || has_ended_otherwise(summary_.state)) {
    Waiting now{.number = 0, .cancels = true, .asker = std::move(cancel.asker), .open = nullptr};
    return answer_one(now, false);
  }
  if (cursor_.turned || !may_turn(cursor_)) {
    // On its way back already, or between the steps behind the point of no return, which pass in a moment.
    if (cursor_.turned)
      add_waiting(std::move(cancel.asker), true, cancel.wait);
    else
      cancels_.push_back(std::move(cancel));
    return resume();
  }
  turn_back(TurnCause::cancelled, cancel.reason, &cancel.asker);
  add_waiting(std::move(cancel.asker), true, cancel.wait);
}

void Coordinator::resume() {
  if (running_ || summary_.state == EnrollmentState::none || summary_.ended()) return;
  if (summary_.saga == SagaState::stuck) return answer_waiting(true);
  retry_armed_ = false;
  run();
}

void Coordinator::wait_over(std::uint64_t number) {
  auto it = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) { return w.number == number; });
  if (it == waiting_.end()) return;
  auto waiting = std::move(*it);
  waiting_.erase(it);
  answer_one(waiting, true);
}

// --- the steps
// -----------------------------------------------------------------------------------------------------

void Coordinator::hear(const StepReply& reply) {
  if (starting_) return hear_birth(reply);
  fold(reply.records);
  if (reply.step != command_at(cursor_)) return;
  switch (reply.outcome) {
    case StepOutcome::under_way:
      return;
    case StepOutcome::done:
      return move(StepEnd::done, reply);
    case StepOutcome::refused:
      return move(StepEnd::refused, reply);
    case StepOutcome::unknown:
      return move(StepEnd::unknown, reply);
  }
}

void Coordinator::hear_birth(const StepReply& reply) {
  auto start = std::move(*starting_);
  starting_.reset();
  if (reply.outcome == StepOutcome::refused) {
    running_ = false;
    node_.journal.forget(enrollment_);
    node_.journal.forget(payment_of(enrollment_));
    Outcome refused;
    refused.refusal = reply.refusal;
    return answer(node_, std::move(start.asker), refused);
  }
  sequence_ = 1;
  may_defer_ = reply.may_defer;
  fold(reply.records);
  cursor_ = {summary_.kind, std::nullopt, 0};
  start.asker.claimed = start.asker.key.has_value();
  const bool at_once = summary_.kind == CourseKind::performance;
  add_waiting(std::move(start.asker), false,
              start.wait.value_or(at_once ? Milliseconds{0} : node_.limits.default_wait));
  move(StepEnd::done, reply);
}

void Coordinator::run() {
  if (auto command = command_at(cursor_)) {
    running_ = true;
    dispatch(*command);
  } else {
    finish();
  }
}

template <class Aggregate>
Task<Aggregate> Coordinator::task(typename Aggregate::Command command, const Causation& step) const {
  return {.command = std::move(command), .step = step, .enrollment = enrollment_, .trace = trace_, .birth = {}};
}

void Coordinator::dispatch(const Causation& command) {
  auto to_enrollment = [&](EnrollmentCommand what) {
    auto message = task<Enrollment>(std::move(what), command);
    if (fresh_ && !std::exchange(enrollment_told_of_birth_, true))
      message.birth = {{.state = EnrollmentState::requested}, 1};
    node_.directory.send(enrollment_, std::move(message));
  };
  switch (command.step) {
    case Step::hold_seats:
      node_.directory.send(summary_.course, task<Course>(ReleaseSeats{enrollment_}, command));
      return;
    case Step::take_seats:
      node_.directory.send(summary_.course, task<Course>(TakeSeats{enrollment_}, command));
      return;
    case Step::take_payment: {
      const bool act = command.direction == Direction::act;
      auto message = task<Payment>(
          act ? PaymentCommand{TakePayment{summary_.amount, summary_.method}} : PaymentCommand{RefundPayment{}},
          command);
      if (fresh_ && !std::exchange(payment_told_of_birth_, true)) message.birth = Task<Payment>::Birth{};
      node_.directory.send(payment_of(enrollment_), std::move(message));
      return;
    }
    case Step::confirm:
      return to_enrollment(ConfirmEnrollment{});
    case Step::mark_cancel_requested:
      return to_enrollment(RequestCancel{summary_.reason});
    case Step::mark_cancelled:
      return to_enrollment(CancelEnrollment{});
    case Step::mark_rejected:
      return to_enrollment(RejectEnrollment{summary_.reason});
    case Step::mark_expired:
      return to_enrollment(ExpireEnrollment{});
    case Step::none:
    case Step::request:
      return;
  }
}

void Coordinator::move(StepEnd end, const StepReply& reply) {
  running_ = false;
  const auto command = *command_at(cursor_);
  auto [cursor, next] = advance(cursor_, end);
  if (std::holds_alternative<TurnRound>(next))
    return turn_back(std::get<TurnRound>(next).cause, decline_reason(reply));
  cursor_ = cursor;
  if (end == StepEnd::done) attempts_ = 0;
  if (!cancels_.empty() && may_turn(cursor_)) {
    auto cancels = std::move(cancels_);
    cancels_.clear();
    for (auto& each : cancels) cancel(each);
    return;
  }
  std::visit(Overloaded{
                 [&](Run) { run(); },
                 [&](RunAgainLater) { retry_later(command, reply.error); },
                 [&](TurnRound) {},
                 [&](Finish) { finish(); },
                 [&](GetStuck) { get_stuck(command, reply); },
             },
             next);
}

void Coordinator::retry_later(const Causation& command, const std::string& error) {
  const auto now = node_.timers.now();
  append(SagaStepFailed{command.step, command.direction, ++attempts_, error});
  if (!cursor_.turned && now >= summary_.deadline)
    return turn_back(TurnCause::expired, "no answer by the deadline");
  if (may_defer_) answer_waiting(true);
  const auto random = node_.ids.mint(now, enrollment_.uid.partition()).low;
  auto when = now + backoff(node_.limits, attempts_, random);
  if (!cursor_.turned) when = std::min(when, summary_.deadline);
  retry_armed_ = true;
  node_.timers.at(when, [&directory = node_.directory, id = saga_of(enrollment_), attempt = attempts_] {
    directory.send(id, RetryStep{attempt});
  });
}

void Coordinator::turn_back(TurnCause cause, std::string reason, Asker* claimant) {
  append(SagaTurned{cause, std::move(reason)}, Owed{saga_of(enrollment_), true}, claimant);
  cursor_ = turn_round(cursor_, cause);
  attempts_ = 0;
  retry_armed_ = false;
  run();
}

void Coordinator::finish() {
  running_ = false;
  append(cursor_.turned ? SagaEvent{SagaCompensated{}} : SagaEvent{SagaCompleted{}},
         Owed{saga_of(enrollment_), false});
  answer_waiting(false);
}

void Coordinator::get_stuck(const Causation& command, const StepReply& reply) {
  append(SagaStuck{command.step, command.direction, reply.error});
  answer_waiting(true);
}

// --- the journal and the callers
// -----------------------------------------------------------------------------------

void Coordinator::append(SagaEvent event, std::optional<Owed> owed, Asker* claimant) {
  const auto now = node_.timers.now();
  Append append;
  if (claimant && claimant->key && !claimant->claimed) {
    append.records.push_back(claim_record(node_, *claimant->key, enrollment_, claimant->trace, now));
    claimant->claimed = true;
  }
  Record record;
  record.aggregate = saga_of(enrollment_);
  record.sequence = ++sequence_;
  record.id = EventId{node_.ids.mint(now, enrollment_.uid.partition())};
  record.time = now;
  record.enrollment = enrollment_;
  record.trace = trace_;
  record.event = std::move(event);
  append.records.push_back(record);
  if (owed) append.owed.push_back(*owed);
  record.position = node_.journal.append(std::move(append));
  appended(record.position);
  sugang::apply(summary_, record);
}

void Coordinator::fold(const std::vector<Record>& records) {
  for (const auto& record : records)
    if (record.position > read_up_to_) sugang::apply(summary_, record);
}

void Coordinator::add_waiting(Asker asker, bool cancels, Wait wait) {
  const auto patience = wait.value_or(node_.limits.default_wait);
  Waiting waiting{.number = next_waiter_++,
                  .cancels = cancels,
                  .asker = std::move(asker),
                  .open = std::make_shared<std::atomic<bool>>(true)};
  if (patience == Milliseconds{0}) return answer_one(waiting, true);
  node_.timers.at(node_.timers.now() + patience, [&directory = node_.directory, id = saga_of(enrollment_),
                                                  number = waiting.number, open = waiting.open] {
    if (open->load()) directory.send(id, WaitOver{number});
  });
  waiting_.push_back(std::move(waiting));
}

void Coordinator::answer_waiting(bool under_way) {
  auto waiting = std::move(waiting_);
  waiting_.clear();
  for (auto& each : waiting) answer_one(each, under_way);
}

void Coordinator::answer_one(Waiting& waiting, bool under_way) {
  if (waiting.open) waiting.open->store(false);
  answer(node_, std::move(waiting.asker), outcome_for(waiting, under_way));
}

Outcome Coordinator::outcome_for(const Waiting& waiting, bool under_way) const {
  Outcome outcome;
  if (summary_.state == EnrollmentState::none) {
    outcome.refusal = EnrollmentError::not_found;
    return outcome;
  }
  outcome.subject = summary_;
  outcome.under_way = under_way;
  if (waiting.cancels) {
    if (has_ended_otherwise(summary_.state)) outcome.refusal = EnrollmentError::not_cancellable;
  } else if (summary_.state == EnrollmentState::rejected) {
    outcome.refusal = PaymentError::declined;
  }
  return outcome;
}

}  // namespace sugang
