#include "sagas/coordinator.hpp"

#include <algorithm>
#include <utility>

#include "actors/answering.hpp"
#include "domain/rejection.hpp"

namespace sugang {
namespace {

PaymentSide payment_side(const Node& node) {
  if (node.payments_available()) return PaymentSide::available;
  const bool full = node.deferred_payments.load() >= node.limits.deferred_payments_max;
  return full ? PaymentSide::queue_full : PaymentSide::unavailable;
}

}  // namespace

Coordinator::Coordinator(caf::actor_config& config, Node& node, std::shared_ptr<Resident> resident)
    : ResidentActor(config, node, std::move(resident)),
      enrollment_{resident_->id.uid},
      participants_(node, enrollment_) {}

caf::behavior Coordinator::make_behavior() {
  return {
      [this](StartEnrollment& message) {
        born();
        turn([this, message = std::move(message)](const Unreadable* fault) mutable {
          fault ? refuse_unreadable(node_, std::move(message.asker), *fault) : start(message);
        });
      },
      [this](StepReply& reply) { turn([this, reply = std::move(reply)] { hear(reply); }); },
      [this](JoinEnrollment& message) {
        turn([this, message = std::move(message)](const Unreadable* fault) mutable {
          fault ? refuse_unreadable(node_, std::move(message.asker), *fault) : join(message);
        });
      },
      [this](CancelRequest& message) {
        turn([this, message = std::move(message)](const Unreadable* fault) mutable {
          fault ? refuse_unreadable(node_, std::move(message.asker), *fault) : cancel(message);
        });
      },
      [this](RevokeEnrollment& message) {
        turn([this, message = std::move(message)](const Unreadable* fault) {
          fault ? leave_revocation(message) : revoke(message);
        });
      },
      [this](TakePersonStep& message) {
        turn([this, message = std::move(message)](const Unreadable* fault) mutable {
          fault ? refuse_unreadable(node_, std::move(message.asker), *fault) : take_person_step(message);
        });
      },
      [this](OperateSaga& message) {
        turn([this, message = std::move(message)](const Unreadable* fault) mutable {
          fault ? refuse_unreadable(node_, std::move(message.asker), *fault) : operate(message);
        });
      },
      [this](const ResumeSaga&) {
        turn([this] {
          resume();
          serve_postponed();
        });
      },
      [this](const DeadlineOver&) { turn([this] { deadline_over(); }); },
      [this](const RetryStep& message) { turn([this, message] { retry(message); }); },
      [this](const WaitOver& over) { turn([this, over] { wait_over(over.waiter); }); },
      [this](const AnswerWaiting&) { turn([this] { answer_waiting(true); }); },
      [this](TimelineRead& read) { awoke(read.unreadable, [&] { load(read.timeline); }); },
  };
}

void Coordinator::wake() {
  auto self = caf::actor_cast<caf::actor>(this);
  node_.journal.wake(resident_->id, [self, &journal = node_.journal, id = enrollment_](const Recovered& recovered) {
    TimelineRead read{.timeline = {}, .unreadable = recovered.unreadable};
    try {
      if (!read.unreadable) read.timeline = journal.timeline(id);
    } catch (const std::exception& fault) {
      read.unreadable = why_unreadable(fault);
    }
    caf::anon_send(self, std::move(read));
  });
}

/// Those that came before a fault, which the state was to be read again after.
void Coordinator::refuse_waiting(const Unreadable& fault) {
  std::vector<Asker> askers;
  if (auto start = std::exchange(starting_, std::nullopt)) askers.push_back(std::move(start->asker));
  if (auto person = std::exchange(person_, std::nullopt)) askers.push_back(std::move(person->asker));
  for (auto& each : std::exchange(waiting_, {})) {
    each.open->store(false);
    askers.push_back(std::move(each.asker));
  }
  for (auto& each : std::exchange(cancels_, {})) askers.push_back(std::move(each.asker));
  for (auto& each : std::exchange(persons_, {})) askers.push_back(std::move(each.asker));
  for (const auto& each : std::exchange(revocations_, {})) leave_revocation(each);
  for (auto& asker : askers) refuse_unreadable(node_, std::move(asker), fault);
}

void Coordinator::forget_state() {
  summary_ = {};
  sequence_ = 0;
  folded_.clear();
  cursor_ = {};
  participants_.may_have_lived();
  running_ = retry_armed_ = operator_retries_ = false;
  deadline_armed_.reset();
  deferred_.reset();
  attempts_ = 0;
}

/// The step of the turn that faulted is taken again; not at once, for what faults once may do so always.
void Coordinator::recover_from_fault() {
  // The reply that would have ended the step may be the one that faulted; the step itself can be taken again.
  if (auto person = std::exchange(person_, std::nullopt))
    answer_refused(std::move(person->asker), ServiceError::read_failed);
  node_.timers.after(node_.limits.retry_max, [&directory = node_.directory, id = saga_of(enrollment_)] {
    directory.send(id, ResumeSaga{});
  });
}

void Coordinator::load(const std::vector<Record>& timeline) {
  forget_state();
  for (const auto& record : timeline) {
    sugang::apply(summary_, record);
    folded_[record.aggregate] = record.sequence;
    trace_ = record.trace;
    if (record.aggregate.kind == AggregateKind::saga) sequence_ = record.sequence;
  }
  cursor_ = cursor_of(summary_);
  attempts_ = summary_.failing == command_at(cursor_) ? summary_.attempts : 0;
}

bool Coordinator::ready_to_leave() const {
  return !running_ && !starting_ && waiting_.empty() && cancels_.empty() && revocations_.empty() && !person_ &&
         persons_.empty() && !deferred_ && !pending_move(summary_);
}

// --- the outside
// ---------------------------------------------------------------------------------------------------

void Coordinator::start(StartEnrollment& start) {
  participants_.are_fresh();
  running_ = true;
  trace_ = start.asker.trace;
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
  switch (cancel_now()) {
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

Cancel Coordinator::cancel_now() const {
  // What is asked of a participant behind the point of no return has its answer in a moment; turning before would
  // let the act come after the mark of the cancel.
  const auto confirm = place_of(cursor_.kind, Step::confirm);
  const bool in_flight = running_ && !cursor_.turned && confirm && cursor_.index > *confirm;
  return person_ || in_flight || pending_move(summary_) ? Cancel::waits : cancel_at(cursor_);
}

void Coordinator::revoke(const RevokeEnrollment& revoke) try {
  const bool live = summary_.state != EnrollmentState::none && !cursor_.turned &&
                    !has_ended_otherwise(summary_.state) && summary_.state != EnrollmentState::cancelled;
  const auto may = cancel_now();
  if (live && may == Cancel::waits) {
    revocations_.push_back(revoke);
    return resume();
  }
  if (live && may == Cancel::turns) turn_back(TurnCause::cancelled, "the course was cancelled: " + revoke.reason);
  // Turned, ended, or delivered: the course has nothing more to do for this one.
  node_.directory.send(revoke.course, EnrollmentRevoked{enrollment_});
} catch (const std::exception&) {
  revocations_.push_back(revoke);
  throw;
}

/// The course goes on with the others, and comes back to this one after a restart.
void Coordinator::leave_revocation(const RevokeEnrollment& revoke) {
  node_.directory.send(revoke.course, EnrollmentRevoked{enrollment_, true});
}

void Coordinator::resume() {
  if (running_ || summary_.state == EnrollmentState::none || summary_.ended()) return;
  run();
}

void Coordinator::retry(const RetryStep& retry) {
  if (retry_armed_ && retry.attempt != attempts_) return;
  if (!retry_armed_ && !running_ && retry.command == command_at(cursor_))
    attempts_ = std::max(attempts_, retry.attempt);
  resume();
}

void Coordinator::wait_over(std::uint64_t number) {
  auto it = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) { return w.number == number; });
  if (it == waiting_.end()) return;
  auto waiting = std::move(*it);
  waiting_.erase(it);
  answer_one(waiting, true);
}

void Coordinator::hear_birth(const StepReply& reply) {
  // Unanswered, it gives its key back, and its caller gets 500.
  auto start = std::move(*starting_);
  starting_.reset();
  if (reply.outcome == StepOutcome::unknown) {
    // The journal tells whether the course began the enrollment before its fault.
    node_.directory.send(saga_of(enrollment_), ResumeSaga{});
    return reload();
  }
  if (reply.outcome == StepOutcome::refused) {
    running_ = false;
    Outcome refused;
    refused.refusal = reply.refusal;
    refused.hold = reply.hold;
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

// --- the journal and the callers
// -----------------------------------------------------------------------------------

void Coordinator::append(SagaEvent event, std::optional<bool> owes, Asker* claimant) {
  const auto now = node_.timers.now();
  Append append;
  if (claimant && claimant->key && !claimant->claimed) {
    append.records.push_back(claim_record(*claimant->key, enrollment_, claimant->trace, now));
    claimant->claimed = true;
  }
  Record record;
  record.aggregate = saga_of(enrollment_);
  record.sequence = ++sequence_;
  record.time = now;
  record.enrollment = enrollment_;
  record.trace = trace_;
  record.event = std::move(event);
  append.records.push_back(record);
  give_ids(node_.ids, append.records);
  if (owes) append.owed.push_back({saga_of(enrollment_), *owes});
  appended(node_.journal.append(std::move(append)));
  sugang::apply(summary_, record);
}

void Coordinator::fold(const std::vector<Record>& records) {
  for (const auto& record : records) {
    auto& last = folded_[record.aggregate];
    if (record.sequence <= last) continue;
    last = record.sequence;
    sugang::apply(summary_, record);
  }
}

void Coordinator::add_waiting(Asker asker, bool cancels, Wait wait) {
  const auto patience = wait.value_or(node_.limits.default_wait);
  Waiting waiting{.number = next_waiter_++,
                  .cancels = cancels,
                  .asker = std::move(asker),
                  .open = std::make_shared<std::atomic<bool>>(true)};
  if (patience == Milliseconds{0}) return answer_one(waiting, true);
  node_.timers.after(patience, [&directory = node_.directory, id = saga_of(enrollment_), number = waiting.number,
                                open = waiting.open] {
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
    outcome.refusal = rejection_of(summary_);
  }
  return outcome;
}

}  // namespace sugang
