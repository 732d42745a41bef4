#include "sagas/coordinator.hpp"

#include <algorithm>
#include <utility>

#include "actors/answers.hpp"
#include "actors/backoff.hpp"

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
      deferred_payments_(node.deferred_payments) {
  saga_.id = enrollment_;
}

template <class Command>
auto Coordinator::on_posted() {
  return [this](Command& message) {
    turn([this, message = std::move(message)]() mutable { carry_out(std::move(message)); });
  };
}

caf::behavior Coordinator::make_behavior() {
  return {
      [this](CallSaga& call) {
        if (std::holds_alternative<PlaceEnrollment>(call.request)) created();
        turn([this, call = std::move(call)](const Unreadable* fault) mutable { serve(std::move(call), fault); });
      },
      [this](StepReply& message) {
        const bool of_placement = places() && message.step.step == Step::hold_seats;
        auto work = [this, message = std::move(message)]() mutable { carry_out(std::move(message)); };
        of_placement ? release(std::move(work)) : turn(std::move(work));
      },
      [this](RevokeSaga& message) {
        turn([this, message = std::move(message)](const Unreadable* fault) {
          // The course continues with its other enrollments, and revokes this one after a restart.
          if (fault) return node_.directory.send(message.course, EnrollmentRevoked{enrollment_, true});
          answered_if_faulted([&] { carry_out(message); },
                              [&](const auto&) { saga_.postponed.emplace_back(message); });
        });
      },
      [this](SettlePayment& message) {
        turn([this, message = std::move(message)](const Unreadable* fault) {
          if (fault) return perform(SettleApart{});
          answered_if_faulted([&] { carry_out(message); }, [&](const auto&) { perform(SettleApart{}); });
        });
      },
      [this](Settled& settled) {
        release([this, settled = std::move(settled)]() mutable {
          if (settled.outcome == SettlementOutcome::unknown) return reload_and_resume();
          carry_out(SettlementEnded{settled.outcome == SettlementOutcome::appended, std::move(settled.records)});
        });
      },
      on_posted<ResumeSaga>(),
      on_posted<DeadlineOver>(),
      on_posted<RetryStep>(),
      on_posted<WaitOver>(),
      on_posted<AnswerWaiting>(),
      [this](TimelineRead& read) {
        awoke(read.unreadable, [&] {
          for (const auto& record : read.timeline) trace_ = record.trace;
          saga_ = load(enrollment_, read.timeline, std::move(saga_));
          check_sequences(saga_of(enrollment_), saga_.sequence_of(saga_of(enrollment_)));
        });
      },
  };
}

void Coordinator::serve(CallSaga call, const Unreadable* fault) {
  const auto number = call.caller;
  auto caller = node_.callers.commands.take(number);
  if (fault) return refuse_unreadable(node_, std::move(caller), *fault);
  if (std::holds_alternative<PlaceEnrollment>(call.request)) trace_ = caller.trace;
  if (std::holds_alternative<JoinSaga>(call.request)) caller.claimed = true;
  callers_.emplace(number, WaitingCaller{std::move(caller), nullptr});
  answered_if_faulted([&] { carry_out(std::move(call)); }, [&](const auto&) { callers_.erase(number); });
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

void Coordinator::forget_state() {
  count_deferred(false);
  saga_ = load(enrollment_, {}, std::move(saga_));
}

/// The saga resumes after a delay, because a turn that failed once may fail each time.
void Coordinator::recover_from_fault() {
  // The turn that failed may be that of the awaited reply. These callers can repeat their requests.
  if (const auto staff = std::exchange(saga_.staff, std::nullopt))
    perform(AnswerCaller{staff->caller, {.refusal = ServiceError::read_failed}});
  if (const auto changing = std::exchange(saga_.changing, std::nullopt))
    perform(AnswerCaller{changing->caller, {.refusal = ServiceError::read_failed}});
  node_.timers.after(node_.limits.retry_max,
                     [&directory = node_.directory, id = enrollment_] { directory.send(id, ResumeSaga{}); });
}

/// Refuses the callers of earlier turns: after a fault the state could not be read.
void Coordinator::refuse_waiting(const Unreadable& fault) {
  for (const auto& each : saga_.postponed)
    if (const auto* revoke = std::get_if<RevokeSaga>(&each))
      node_.directory.send(revoke->course, EnrollmentRevoked{enrollment_, true});
  saga_ = {.id = enrollment_};
  for (auto& [number, waiting] : std::exchange(callers_, {})) {
    if (waiting.unanswered) waiting.unanswered->store(false);
    refuse_unreadable(node_, std::move(waiting.caller), fault);
  }
}

void Coordinator::carry_out(const SagaCommand& command) {
  if (const auto* reply = std::get_if<StepReply>(&command); reply && places() && !reply->records.empty())
    on_creation(*reply);
  auto decision = decide(saga_, command, conditions());
  append(decision);
  saga_ = std::move(decision.saga);
  count_deferred(saga_.deferred);
  for (auto& effect : decision.effects) std::visit([this](auto& each) { perform(each); }, effect);
}

/// The course has appended the creation of the enrollment and of its saga, and the claim of a keyed request.
void Coordinator::on_creation(const StepReply& reply) {
  auto& caller = callers_.at(saga_.starting->caller).caller;
  caller.claimed = caller.key.has_value();
  for (const auto& id : {AggregateId{enrollment_}, AggregateId{saga_of(enrollment_)}}) {
    Sequence last = 0;
    for (const auto& record : reply.records)
      if (record.aggregate == id) last = record.sequence;
    check_sequences(id, last);
  }
}

void Coordinator::append(SagaDecision& decision) {
  if (decision.records.empty() && !decision.pending) return;
  const auto now = decision.records.empty() ? node_.timers.now() : decision.records.front().time;
  Append append;
  if (decision.claimant) {
    auto& caller = callers_.at(*decision.claimant).caller;
    if (caller.key && !std::exchange(caller.claimed, true))
      append.records.push_back(claim_record(*caller.key, enrollment_, caller.trace, now));
  }
  for (auto& record : decision.records) {
    record.trace = trace_;
    append.records.push_back(std::move(record));
  }
  give_ids(node_.ids, append.records);
  if (decision.pending) append.pending.push_back({saga_of(enrollment_), *decision.pending});
  appended(node_.journal.append(std::move(append)));
}

SagaConditions Coordinator::conditions() const {
  const auto& limits = node_.limits;
  return {.now = node_.timers.now(),
          .payments = payment_side(node_),
          .paused = node_.components.paused(),
          .stuck_attempts = limits.stuck_attempts,
          .deferred_payment_deadline = limits.deferred_payment_deadline,
          .staff_deadline = limits.staff_deadline,
          .default_wait = limits.default_wait};
}

void Coordinator::perform(const SendPlacement& effect) {
  const auto& caller = callers_.at(saga_.starting->caller).caller;
  node_.directory.send(effect.placement.course, BeginEnrollment{.enrollment = enrollment_,
                                                                .placement = effect.placement,
                                                                .payments = effect.payments,
                                                                .key = caller.key,
                                                                .trace = trace_});
  // The gateway's answer to the charge may come before the course's reply.
  hold();
}

template <class Aggregate>
void Coordinator::send(const AggregateId& to, typename Aggregate::Command command, Causation step) {
  node_.directory.send(to, Task<Aggregate>{std::move(command), step, enrollment_, trace_});
}

void Coordinator::perform(SendCommand& effect) {
  const auto& to = effect.command.to;
  const auto step = effect.command.step;
  match(effect.command.command)([&](CourseCommand& c) { send<Course>(to, std::move(c), step); },
                                [&](PaymentCommand& c) { send<Payment>(to, std::move(c), step); },
                                [&](StockCommand& c) { send<StockPreparation>(to, std::move(c), step); },
                                [&](DeliveryCommand& c) { send<Delivery>(to, c, step); },
                                [&](CoachingCommand& c) { send<Coaching>(to, std::move(c), step); },
                                [&](CalendarCommand& c) { send<InstructorCalendar>(to, c, step); },
                                // The saga decides these itself.
                                [](EnrollmentCommand&) {});
}

void Coordinator::perform(const AnswerCaller& effect) {
  const auto it = callers_.find(effect.caller);
  if (it == callers_.end()) return;
  auto waiting = std::move(it->second);
  callers_.erase(it);
  if (waiting.unanswered) waiting.unanswered->store(false);
  answer(node_, std::move(waiting.caller), effect.outcome);
}

void Coordinator::perform(const ArmWait& effect) {
  const auto it = callers_.find(effect.caller);
  if (it == callers_.end()) return;
  it->second.unanswered = std::make_shared<std::atomic<bool>>(true);
  node_.timers.after(effect.after, [&directory = node_.directory, id = enrollment_, over = WaitOver{effect.caller},
                                    unanswered = it->second.unanswered] {
    if (unanswered->load()) directory.send(id, over);
  });
}

void Coordinator::perform(const ArmDeadline& effect) {
  node_.timers.at(effect.at,
                  [&directory = node_.directory, id = enrollment_] { directory.send(id, DeadlineOver{}); });
}

void Coordinator::perform(const ArmRetry& effect) {
  const auto random = node_.ids.mint(node_.timers.now(), enrollment_.uid.partition()).low;
  auto delay = backoff(node_.limits.retry_min, node_.limits.retry_max, effect.retry.attempt, random);
  if (effect.within) delay = std::min(delay, *effect.within);
  node_.timers.after(
      delay, [&directory = node_.directory, id = enrollment_, retry = effect.retry] { directory.send(id, retry); });
}

void Coordinator::perform(const AwaitPayments& effect) {
  effect.waits ? node_.payment_backlog.add(enrollment_) : node_.payment_backlog.remove(enrollment_);
}

void Coordinator::perform(const ReportRevoked& effect) {
  node_.directory.send(effect.course, EnrollmentRevoked{enrollment_});
}

void Coordinator::perform(SettleJointly& effect) {
  node_.directory.send(saga_.summary.course,
                       SettleEnrollment{enrollment_, std::move(effect.payment), std::move(effect.enrollment),
                                        effect.seats, effect.ends, trace_});
  hold();
}

void Coordinator::perform(const SettleApart&) {
  node_.directory.send(payment_of(enrollment_), Settled{SettlementOutcome::undone, {}});
}

void Coordinator::perform(const Reload& effect) {
  callers_.erase(effect.caller);
  reload_and_resume();
}

void Coordinator::reload_and_resume() {
  node_.directory.send(enrollment_, ResumeSaga{});
  reload();
}

void Coordinator::count_deferred(bool deferred) {
  if (std::exchange(counted_deferred_, deferred) == deferred) return;
  deferred ? ++deferred_payments_ : --deferred_payments_;
}

}  // namespace sugang
