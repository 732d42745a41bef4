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

PaymentSide payment_side(const Node& node) {
  if (node.payments_available()) return PaymentSide::available;
  const bool full = node.deferred_payments.load() >= node.limits.deferred_payments_max;
  return full ? PaymentSide::queue_full : PaymentSide::unavailable;
}

/// The step of the table that a person's command takes.
Step step_of(const PersonStep& step) {
  return std::visit(Overloaded{
                        [](const AssignInstructor&) { return Step::assign_instructor; },
                        [](const AgreeOnSlot&) { return Step::book_slot; },
                        [](const RecordResult&) { return Step::record_result; },
                        [](const StartDelivery&) { return Step::start_delivery; },
                        [](const CompleteDelivery&) { return Step::complete_delivery; },
                    },
                    step);
}

/// Why the step cannot be taken before its time.
Refusal too_early(Step step, const EnrollmentSummary& summary) {
  const bool asked = summary.coaching && summary.coaching->state == CoachingState::requested;
  if (step == Step::book_slot && asked) return CoachingError::not_assigned;
  if (step == Step::record_result) return CoachingError::not_scheduled;
  if (step == Step::complete_delivery && summary.delivery == DeliveryState::requested)
    return DeliveryError::not_started;
  if (summary.kind == CourseKind::product && summary.delivery == DeliveryState::none)
    return DeliveryError::not_found;
  return SagaError::not_awaited;
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
      [this](RevokeEnrollment& message) { turn([this, message = std::move(message)] { revoke(message); }); },
      [this](TakePersonStep& message) {
        turn([this, message = std::move(message)]() mutable { take_person_step(message); });
      },
      [this](OperateSaga& message) { turn([this, message = std::move(message)]() mutable { operate(message); }); },
      [this](const ResumeSaga&) { turn([this] { resume(); }); },
      [this](const DeadlineOver&) { turn([this] { deadline_over(); }); },
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
  deadline_armed_.reset();
  deferred_.reset();
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

bool Coordinator::ready_to_leave() const {
  return !running_ && !starting_ && waiting_.empty() && cancels_.empty() && revocations_.empty() && !person_ &&
         persons_.empty() && !deferred_;
}

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
      .hold = {enrollment_, command.student, command.seats, payment_side(node_), command.may_wait},
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
  if (summary_.state == EnrollmentState::none || summary_.ended()) return answer_waiting(false);
  if (summary_.saga == SagaState::stuck) answer_waiting(true);
  resume();
}

void Coordinator::cancel(CancelRequest& cancel) {
  const bool unknown = summary_.state == EnrollmentState::none;
  if (unknown || summary_.state == EnrollmentState::cancelled || has_ended_otherwise(summary_.state)) {
    Waiting now{.number = 0, .cancels = true, .asker = std::move(cancel.asker), .open = nullptr};
    return answer_one(now, false);
  }
  if (cursor_.turned) {
    add_waiting(std::move(cancel.asker), true, cancel.wait);
    return resume();
  }
  const auto may = person_ ? Cancel::waits : cancel_at(cursor_);
  switch (may) {
    case Cancel::refused:
      return answer_refused(std::move(cancel.asker), EnrollmentError::not_cancellable);
    case Cancel::waits:
      cancels_.push_back(std::move(cancel));
      return resume();
    case Cancel::turns:
      turn_back(TurnCause::cancelled, cancel.reason, &cancel.asker);
      add_waiting(std::move(cancel.asker), true, cancel.wait);
  }
}

void Coordinator::revoke(const RevokeEnrollment& revoke) {
  const bool live = summary_.state != EnrollmentState::none && !cursor_.turned &&
                    !has_ended_otherwise(summary_.state) && summary_.state != EnrollmentState::cancelled;
  const auto may = person_ ? Cancel::waits : cancel_at(cursor_);
  if (live && may == Cancel::waits) {
    revocations_.push_back(revoke.reason);
    return resume();
  }
  if (live && may == Cancel::turns) turn_back(TurnCause::cancelled, "the course was cancelled: " + revoke.reason);
  // Turned, ended, or delivered: the course has nothing more to do for this one.
  node_.directory.send(revoke.course, EnrollmentRevoked{enrollment_});
}

void Coordinator::take_person_step(TakePersonStep& message) {
  if (person_) return persons_.push_back(std::move(message));
  if (auto refusal = refusal_of(message.step)) return answer_refused(std::move(message.asker), *refusal);
  const Causation sent{step_of(message.step), Direction::act};
  // The slot is agreed on when the coaching has it, not when the calendar has.
  const bool books = sent.step == Step::book_slot;
  person_ = {std::move(message.asker), sent, books ? Causation{Step::confirm_schedule, Direction::act} : sent};
  const auto coaching = [&](CoachingCommand command) {
    dispatch_to<Coaching>(coaching_of(enrollment_), std::move(command), person_->sent);
  };
  std::visit(Overloaded{
                 [&](const AssignInstructor& c) { coaching(c); },
                 [&](const AgreeOnSlot& c) {
                   if (command_at(cursor_) == sent)
                     return dispatch_to<InstructorCalendar>(
                         AggregateId::calendar_of(*summary_.coaching->instructor), BookSlot{enrollment_, c.slot},
                         sent);
                   // It was agreed on before: the coaching knows whether it was this one.
                   person_->sent = person_->answered_by;
                   coaching(ConfirmSchedule{c.slot});
                 },
                 [&](const RecordResult& c) { coaching(c); },
                 [&](const StartDelivery& c) { dispatch_to<Delivery>(delivery_of(enrollment_), c, sent); },
                 [&](const CompleteDelivery& c) { dispatch_to<Delivery>(delivery_of(enrollment_), c, sent); },
             },
             message.step);
}

std::optional<Refusal> Coordinator::refusal_of(const PersonStep& step) const {
  const auto taken = step_of(step);
  if (summary_.state == EnrollmentState::none) return EnrollmentError::not_found;
  const auto place = place_of(summary_.kind, taken);
  if (!place) return SagaError::not_awaited;
  if (!node_.components.runs(*component_of(taken))) return ServiceError::component_paused;
  if (cursor_.turned || has_ended_otherwise(summary_.state)) {
    if (summary_.kind == CourseKind::product) return DeliveryError::cancelled;
    return CoachingError::released;
  }
  if (cursor_.index < *place) return too_early(taken, summary_);
  return std::nullopt;
}

void Coordinator::operate(OperateSaga& message) {
  const auto& [action, reason] = message.operation;
  if (auto refusal = refusal_of(action)) return answer_refused(std::move(message.asker), *refusal);
  const auto command = command_at(cursor_).value_or(Causation{});
  append(SagaOperated{action, command.step, command.direction, reason}, std::nullopt, &message.asker);
  attempts_ = 0;
  switch (action) {
    case OperatorAction::retry:
      resume();
      break;
    case OperatorAction::compensate:
      turn_back(TurnCause::cancelled, reason);
      break;
    case OperatorAction::resolve:
      resolve(command, reason);
      break;
  }
  answer_as_it_stands(std::move(message.asker));
}

std::optional<SagaError> Coordinator::refusal_of(OperatorAction action) const {
  if (summary_.state == EnrollmentState::none) return SagaError::not_found;
  if (action == OperatorAction::compensate)
    return person_ || cancel_at(cursor_) != Cancel::turns ? std::optional{SagaError::not_compensatable}
                                                          : std::nullopt;
  const auto command = command_at(cursor_);
  if (summary_.ended() || !command) return SagaError::ended;
  if (action == OperatorAction::retry) return std::nullopt;
  switch (command->step) {
    case Step::take_payment:
      // Not while the gateway may still say otherwise.
      return summary_.saga == SagaState::stuck ? std::nullopt : std::optional{SagaError::not_resolvable};
    case Step::start_delivery:
    case Step::complete_delivery:
    case Step::record_result:
      return person_ ? std::optional{SagaError::not_resolvable} : std::nullopt;
    default:
      return SagaError::not_resolvable;
  }
}

/// The participant hears what a person says has happened outside.
void Coordinator::resolve(const Causation& command, const std::string& reason) {
  running_ = true;
  switch (command.step) {
    case Step::take_payment: {
      const bool refund = summary_.payment == PaymentState::refund_requested;
      const bool act = command.direction == Direction::act;
      dispatch_to<Payment>(payment_of(enrollment_),
                           refund ? PaymentCommand{ResolveRefund{}} : PaymentCommand{ResolveCharge{act, reason}},
                           command);
      return;
    }
    case Step::start_delivery:
      return dispatch_to<Delivery>(delivery_of(enrollment_), StartDelivery{}, command);
    case Step::complete_delivery:
      return dispatch_to<Delivery>(delivery_of(enrollment_), CompleteDelivery{}, command);
    default:
      return dispatch_to<Coaching>(coaching_of(enrollment_), RecordResult{reason, node_.timers.now()}, command);
  }
}

void Coordinator::resume() {
  if (running_ || summary_.state == EnrollmentState::none || summary_.ended()) return;
  retry_armed_ = false;
  run();
}

void Coordinator::deadline_over() {
  deadline_armed_.reset();
  const auto* step = forward_step(cursor_);
  if (!step || summary_.ended() || summary_.deadline == TimePoint{}) return;
  if (node_.timers.now() < summary_.deadline) return arm_deadline();
  // A person who came in time is heard first.
  if (!person_) let_deadline_pass(*step);
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
  if (person_ && reply.step == person_->sent && reply.outcome == StepOutcome::refused) return hear_person(reply);
  const auto command = command_at(cursor_);
  if (reply.step == command) {
    switch (reply.outcome) {
      case StepOutcome::under_way:
        if (command->step != Step::hold_seats) break;
        waitlist_position_ = reply.waitlist_position;
        running_ = false;
        arm_deadline();
        answer_waiting(true);
        break;
      case StepOutcome::done:
        move(StepEnd::done, reply);
        break;
      case StepOutcome::refused:
        move(StepEnd::refused, reply);
        break;
      case StepOutcome::unknown:
        move(StepEnd::unknown, reply);
        break;
    }
  } else if (!running_ && !person_) {
    // A participant moved while this slept: what was waited for may be there.
    resume();
  }
  if (person_ && reply.step == person_->answered_by && reply.outcome == StepOutcome::done)
    return hear_person(reply);
  serve_postponed();
}

void Coordinator::hear_person(const StepReply& reply) {
  auto asker = std::move(person_->asker);
  person_.reset();
  if (reply.outcome == StepOutcome::refused)
    answer_refused(std::move(asker), *reply.refusal);
  else
    answer_as_it_stands(std::move(asker));
  serve_postponed();
  // The deadline may have come while she was heard.
  if (const auto* step = forward_step(cursor_);
      step && !running_ && !person_ && step->taken == Taken::by_person && node_.timers.now() >= summary_.deadline)
    deadline_over();
}

void Coordinator::serve_postponed() {
  if (person_) return;
  if (!cursor_.turned && cancel_at(cursor_) == Cancel::waits) return;
  for (auto& each : std::exchange(cancels_, {})) cancel(each);
  for (auto& reason : std::exchange(revocations_, {})) revoke({summary_.course, std::move(reason)});
  for (auto& each : std::exchange(persons_, {})) take_person_step(each);
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
  fold(reply.records);
  cursor_ = first_step(summary_);
  start.asker.claimed = start.asker.key.has_value();
  const bool at_once = summary_.kind == CourseKind::performance;
  if (reply.outcome == StepOutcome::under_way) waitlist_position_ = reply.waitlist_position;
  add_waiting(std::move(start.asker), false,
              start.wait.value_or(at_once ? Milliseconds{0} : node_.limits.default_wait));
  if (reply.outcome == StepOutcome::done) return move(StepEnd::done, reply);
  running_ = false;
  arm_deadline();
  answer_waiting(true);
}

void Coordinator::run() {
  const auto command = command_at(cursor_);
  if (!command) return finish();
  if (waits_for_component(*command)) return wait_for_component(*command);
  const auto* step = forward_step(cursor_);
  if (step && step->step == Step::take_payment && summary_.promoted && summary_.amount.amount > 0)
    append(SagaWaits{Step::take_payment, node_.timers.now() + node_.limits.deferred_payment_deadline});
  const bool asks_first = command->step == Step::assign_instructor && !summary_.coaching;
  if (step && step->taken == Taken::by_person && !asks_first) return wait_for_person(*step);
  running_ = true;
  dispatch(*command);
}

template <class Aggregate>
void Coordinator::dispatch_to(AggregateId participant, typename Aggregate::Command command, const Causation& step) {
  node_.directory.send(
      participant,
      Task<Aggregate>{
          .command = std::move(command), .step = step, .enrollment = enrollment_, .trace = trace_, .birth = {}});
}

void Coordinator::dispatch(const Causation& command) {
  const bool act = command.direction == Direction::act;
  auto to_enrollment = [&](EnrollmentCommand what) {
    Task<Enrollment> message{
        .command = std::move(what), .step = command, .enrollment = enrollment_, .trace = trace_, .birth = {}};
    if (fresh_ && !std::exchange(enrollment_told_of_birth_, true))
      message.birth = {{.state = EnrollmentState::requested}, 1};
    node_.directory.send(enrollment_, std::move(message));
  };
  auto to_coaching = [&](CoachingCommand what) {
    dispatch_to<Coaching>(coaching_of(enrollment_), std::move(what), command);
  };
  switch (command.step) {
    case Step::hold_seats:
      // Forward, only who waits in line comes here: she asks where she stands.
      return dispatch_to<Course>(summary_.course,
                                 act ? CourseCommand{HoldSeats{enrollment_, summary_.student, summary_.seats,
                                                               PaymentSide::available, true}}
                                     : CourseCommand{ReleaseSeats{enrollment_}},
                                 command);
    case Step::take_seats:
      return dispatch_to<Course>(summary_.course, TakeSeats{enrollment_}, command);
    case Step::take_payment: {
      Task<Payment> message{.command = act ? PaymentCommand{TakePayment{summary_.amount, summary_.method}}
                                           : PaymentCommand{RefundPayment{}},
                            .step = command,
                            .enrollment = enrollment_,
                            .trace = trace_,
                            .birth = {}};
      if (fresh_ && !std::exchange(payment_told_of_birth_, true)) message.birth = Task<Payment>::Birth{};
      node_.directory.send(payment_of(enrollment_), std::move(message));
      return;
    }
    case Step::prepare_stock:
      return dispatch_to<StockPreparation>(
          stock_of(enrollment_),
          act ? StockCommand{PrepareStock{summary_.course, summary_.seats}} : StockCommand{ReleaseStock{}},
          command);
    case Step::request_delivery:
      return dispatch_to<Delivery>(delivery_of(enrollment_),
                                   act ? DeliveryCommand{RequestDelivery{}} : DeliveryCommand{CancelDelivery{}},
                                   command);
    case Step::earn_mileage: {
      const auto payment = payment_of(enrollment_);
      return dispatch_to<MileageAccount>(
          AggregateId::mileage_of(summary_.student),
          act ? MileageCommand{EarnMileage{payment, summary_.mileage}} : MileageCommand{ReverseMileage{payment}},
          command);
    }
    case Step::assign_instructor:
      return to_coaching(act ? CoachingCommand{RequestCoaching{}} : CoachingCommand{ReleaseCoaching{}});
    case Step::book_slot:
      // Undone only; the act is the instructor's.
      return dispatch_to<InstructorCalendar>(AggregateId::calendar_of(*summary_.coaching->instructor),
                                             ReleaseSlot{enrollment_}, command);
    case Step::confirm_schedule:
      return to_coaching(ConfirmSchedule{summary_.booked.value_or(TimeSlot{})});
    case Step::confirm:
      return to_enrollment(ConfirmEnrollment{});
    case Step::complete:
      return to_enrollment(CompleteEnrollment{});
    case Step::mark_cancel_requested:
      return to_enrollment(RequestCancel{summary_.reason});
    case Step::mark_cancelled:
      return to_enrollment(CancelEnrollment{});
    case Step::mark_rejected:
      return to_enrollment(RejectEnrollment{summary_.reason});
    case Step::mark_expired:
      return to_enrollment(ExpireEnrollment{});
    case Step::start_delivery:
    case Step::complete_delivery:
    case Step::record_result:
    case Step::none:
    case Step::request:
      return;
  }
}

void Coordinator::move(StepEnd end, const StepReply& reply) {
  running_ = false;
  const auto command = *command_at(cursor_);
  if (end == StepEnd::done) {
    attempts_ = 0;
    deferred_.reset();
    // A person was asked, and has not answered yet.
    const auto* step = forward_step(cursor_);
    if (step && step->taken == Taken::by_person && !is_done(summary_, command)) return wait_for_person(*step);
  }
  auto [cursor, next] = advance(cursor_, end);
  if (std::holds_alternative<TurnRound>(next))
    return turn_back(std::get<TurnRound>(next).cause, decline_reason(reply));
  cursor_ = cursor;
  if (!cursor_.turned && !person_ && !(cancels_.empty() && revocations_.empty()) &&
      cancel_at(cursor_) == Cancel::turns)
    return;  // serve_postponed() turns it round.
  std::visit(Overloaded{
                 [&](Run) { run(); },
                 [&](RunAgainLater) { retry_later(command, reply.error); },
                 [&](TurnRound) {},
                 [&](Finish) { finish(); },
                 [&](GetStuck) { get_stuck(command, reply.error); },
             },
             next);
}

void Coordinator::retry_later(const Causation& command, const std::string& error) {
  if (waits_for_component(command)) return wait_for_component(command);
  const auto now = node_.timers.now();
  append(SagaStepFailed{command.step, command.direction, ++attempts_, error});
  if (!cursor_.turned && now >= summary_.deadline)
    return turn_back(TurnCause::expired, "no answer by the deadline");
  const bool may_take_its_time = summary_.defers && !cursor_.turned;
  if (may_take_its_time && !deferred_) deferred_.emplace(node_.deferred_payments);
  if (attempts_ >= node_.limits.stuck_attempts && !may_take_its_time) get_stuck(command, error);
  if (may_take_its_time) answer_waiting(true);
  const auto random = node_.ids.mint(now, enrollment_.uid.partition()).low;
  auto when = now + backoff(node_.limits, attempts_, random);
  if (!cursor_.turned) when = std::min(when, summary_.deadline);
  retry_armed_ = true;
  node_.timers.at(when, [&directory = node_.directory, id = saga_of(enrollment_), attempt = attempts_] {
    directory.send(id, RetryStep{attempt});
  });
}

void Coordinator::turn_back(TurnCause cause, std::string reason, Asker* claimant) {
  append(SagaTurned{cause, std::move(reason)}, true, claimant);
  cursor_ = turn_round(cursor_, cause);
  attempts_ = 0;
  deferred_.reset();
  retry_armed_ = false;
  run();
}

void Coordinator::finish() {
  running_ = false;
  append(cursor_.turned ? SagaEvent{SagaCompensated{}} : SagaEvent{SagaCompleted{}}, false);
  answer_waiting(false);
}

void Coordinator::get_stuck(const Causation& command, const std::string& error) {
  if (summary_.saga != SagaState::stuck) append(SagaStuck{command.step, command.direction, error});
  answer_waiting(true);
}

// --- waiting
// -------------------------------------------------------------------------------------------------------

/// A charge is asked for all the same, so that its intent stands in the journal; see wait_for_component.
bool Coordinator::waits_for_component(const Causation& command) const {
  const auto component = component_of(command.step);
  if (!component || node_.components.runs(*component)) return false;
  const bool intent_is_durable = command.direction == Direction::act ? summary_.payment != PaymentState::none
                                                                     : Payment{summary_.payment}.owes_refund() ||
                                                                           Payment{summary_.payment}.owes_charge();
  return *component != Component::payments || intent_is_durable;
}

/// It stays owed, and is resumed when the component runs again.
void Coordinator::wait_for_component(const Causation& command) {
  running_ = false;
  if (person_) answer_as_it_stands(std::exchange(person_, std::nullopt)->asker);
  if (command.step == Step::take_payment && command.direction == Direction::act) {
    if (node_.timers.now() >= summary_.deadline) return turn_back(TurnCause::expired, "no answer by the deadline");
    if (summary_.defers && !deferred_) deferred_.emplace(node_.deferred_payments);
    arm_deadline();
  }
  answer_waiting(true);
}

void Coordinator::wait_for_person(const TableStep& step) {
  running_ = false;
  if (summary_.awaits != step.step) append(SagaWaits{step.step, deadline_of(step.step)});
  answer_waiting(true);
  if (node_.timers.now() >= summary_.deadline)
    let_deadline_pass(step);
  else
    arm_deadline();
}

TimePoint Coordinator::deadline_of(Step step) const {
  const auto now = node_.timers.now();
  const bool has_slot = step == Step::record_result && summary_.coaching && summary_.coaching->slot;
  return (has_slot ? std::max(now, summary_.coaching->slot->ends_at) : now) + node_.limits.person_deadline;
}

void Coordinator::arm_deadline() {
  if (deadline_armed_ == summary_.deadline) return;
  deadline_armed_ = summary_.deadline;
  node_.timers.at(summary_.deadline, [&directory = node_.directory, id = saga_of(enrollment_)] {
    directory.send(id, DeadlineOver{});
  });
}

void Coordinator::let_deadline_pass(const TableStep& step) {
  const std::string what = "not done by the deadline: " + std::string{to_text(step.step)};
  if (step.late) return turn_back(*step.late, what);
  if (step.taken == Taken::by_person) get_stuck({step.step, Direction::act}, what);
}

// --- the journal and the callers
// -----------------------------------------------------------------------------------

void Coordinator::append(SagaEvent event, std::optional<bool> owes, Asker* claimant) {
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
  if (owes) append.owed.push_back({saga_of(enrollment_), *owes});
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

void Coordinator::answer_refused(Asker asker, const Refusal& refusal) {
  Outcome outcome;
  if (summary_.state != EnrollmentState::none) outcome.subject = summary_;
  outcome.refusal = refusal;
  answer(node_, std::move(asker), outcome);
}

void Coordinator::answer_as_it_stands(Asker asker) {
  Outcome outcome;
  outcome.subject = summary_;
  outcome.under_way = !summary_.ended();
  answer(node_, std::move(asker), outcome);
}

Outcome Coordinator::outcome_for(const Waiting& waiting, bool under_way) const {
  Outcome outcome;
  if (summary_.state == EnrollmentState::none) {
    outcome.refusal = EnrollmentError::not_found;
    return outcome;
  }
  outcome.subject = summary_;
  outcome.under_way = under_way;
  if (summary_.state == EnrollmentState::waitlisted) outcome.waitlist_position = waitlist_position_;
  if (waiting.cancels) {
    if (has_ended_otherwise(summary_.state)) outcome.refusal = EnrollmentError::not_cancellable;
  } else if (summary_.state == EnrollmentState::rejected) {
    outcome.refusal = PaymentError::declined;
  }
  return outcome;
}

}  // namespace sugang
