#include "actors/course_actor.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "actors/answers.hpp"
#include "domain/opening.hpp"

namespace sugang {
namespace {

constexpr Causation hold_step{Step::hold_seats, Direction::act};

}  // namespace

caf::message_handler CourseActor::handlers() {
  return caf::message_handler{
      [this](BeginEnrollment& message) {
        turn([this, message = std::move(message)](const Unreadable* unread) {
          if (unread) return refuse_unread(message, *unread);
          // The saga has no deadline yet, and would wait for an answer for ever.
          answered_if_faulted([&] { begin(message); },
                              [&](const std::exception& fault) {
                                reply_to(
                                    message.enrollment,
                                    {.step = hold_step, .outcome = StepOutcome::unknown, .error = fault.what()});
                              });
        });
      },
      [this](SettleEnrollment& message) {
        turn([this, message = std::move(message)](const Unreadable* unread) {
          if (unread) return reply_settled(message.enrollment, {SettlementOutcome::undone, {}});
          answered_if_faulted([&] { settle(message); },
                              [&](const auto&) {
                                reply_settled(message.enrollment, {SettlementOutcome::unknown, {}});
                              });
        });
      },
      [this](CallCourse& call) {
        turn([this, call = std::move(call)](const Unreadable* fault) {
          auto caller = node_.callers.commands.take(call.caller);
          fault ? refuse_unreadable(node_, std::move(caller), *fault) : serve(call.request, std::move(caller));
        });
      },
      [this](const DescribeCourse& query) {
        turn([this, query](const Unreadable* fault) {
          auto reader = node_.callers.course_reads.take(query.reader);
          fault ? reader(error_of(*fault), 0) : describe(std::move(reader));
        });
      },
      [this](const DescribeWaitlistPosition& query) {
        turn([this, query](const Unreadable* fault) {
          auto reader = node_.callers.waitlist_position_reads.take(query.reader);
          fault ? reader(error_of(*fault)) : describe_waitlist_position(query.enrollment, std::move(reader));
        });
      },
      [this](AdoptCourse& adopted) { turn([this, adopted = std::move(adopted)] { adopt(adopted); }); },
      [this](const AdvanceCourse& message) {
        turn([this, at_closing = message.at_closing] {
          if (at_closing) closing_armed_ = false;
          advance();
        });
      },
      [this](const EnrollmentRevoked& revoked) { turn([this, revoked] { on(revoked); }); },
  };
}

void CourseActor::forget_state() {
  EntityHost::forget_state();
  listed_.reset();
  closing_armed_ = false;
  revoking_.clear();
  to_ask_.clear();
  positions_.clear();
  positions_as_of_ = 0;
}

/// The waitlist's head may fit, and enrollments of a cancelled course remain to be revoked.
void CourseActor::recover_from_fault() {
  node_.timers.after(node_.limits.retry_max,
                     [&directory = node_.directory, id = resident_->id] { directory.send(id, AdvanceCourse{}); });
}

void CourseActor::begin(const BeginEnrollment& message) {
  const auto& limits = node_.limits;
  const auto now = node_.timers.now();
  auto opening =
      open_enrollment(state_, message.enrollment, message.placement, message.payments,
                      {limits.payment_deadline, limits.deferred_payment_deadline, limits.waitlist_deadline}, now);
  const auto& student = message.placement.student;
  if (opening.error)
    return reply_to(message.enrollment,
                    {.step = hold_step,
                     .outcome = StepOutcome::refused,
                     .refusal = *opening.error,
                     .hold = HoldRefusal{.enrollment = only_enrollment_of(state_, student),
                                         .seats_per_student = state_.definition.seats_per_student,
                                         .seats_left = seats_left_for(state_, student).value_or(0)}});

  EnrollmentSummary opened;
  Sequence of_payment = 0;
  for (const auto& record : opening.records) {
    sugang::apply(opened, record);
    if (record.aggregate.kind == AggregateKind::payment) of_payment = record.sequence;
  }
  const auto payment = payment_of(message.enrollment);
  Append append;
  append.created = {message.enrollment, saga_of(message.enrollment), payment};
  if (message.key) append.created.emplace_back(message.key->id);
  if (message.key) append.records.push_back(claim_record(*message.key, message.enrollment, message.trace, now));
  if (!opened.ended()) append.pending.push_back({saga_of(message.enrollment), true});
  const bool calls = opened.payment_so_far().charge_pending();
  if (calls)
    append.then = [&directory = node_.directory, payment,
                   charge = PaymentOpened{opened.payment_so_far(), of_payment, message.enrollment, message.trace}](
                      Position) { directory.send(payment, charge); };
  StepReply reply{.step = hold_step};
  reply.records = commit_jointly(std::move(opening.records), message.trace, std::move(append));
  if (opened.state == EnrollmentState::waitlisted) {
    reply.outcome = StepOutcome::under_way;
    reply.waitlist_position = state_.waitlist.size();
  }
  arm_closing();
  reply_to(message.enrollment, std::move(reply));
}

void CourseActor::settle(const SettleEnrollment& message) {
  auto taken = decide(state_, CourseCommand{TakeSeats{message.enrollment}}, node_.timers.now());
  if (taken.error) return reply_settled(message.enrollment, {SettlementOutcome::undone, {}});
  auto records = message.payment;
  for (auto& event : taken.events)
    records.push_back({.aggregate = resident_->id,
                       .enrollment = message.enrollment,
                       .causation = message.seats,
                       .event = std::move(event)});
  records.insert(records.end(), message.confirmation.begin(), message.confirmation.end());
  Append append;
  if (message.ends) append.pending.push_back({saga_of(message.enrollment), false});
  reply_settled(message.enrollment, {SettlementOutcome::appended,
                                     commit_jointly(std::move(records), message.trace, std::move(append))});
  // A change may have given seats back.
  if (waitlist_advances(state_, node_.timers.now())) node_.directory.send(resident_->id, AdvanceCourse{});
}

/// To both owners that wait for it.
void CourseActor::reply_settled(EnrollmentId enrollment, Settled settled) {
  node_.directory.send(payment_of(enrollment), settled);
  node_.directory.send(enrollment, std::move(settled));
}

/// Nothing is held, and nothing was begun.
void CourseActor::refuse_unread(const BeginEnrollment& message, const Unreadable& fault) {
  reply_to(message.enrollment,
           {.step = hold_step, .outcome = StepOutcome::refused, .refusal = error_of(fault), .error = fault.why});
}

void CourseActor::handle(const Task<Course>& task) {
  auto decision = decide(state_, task.command, node_.timers.now());
  if (decision.error) return refuse(task.enrollment, task.step, *decision.error);
  StepReply reply{.step = task.step};
  reply.records = commit_and_notify(std::move(decision.events), {task.step, task.enrollment, task.trace});
  // A repeated hold of a waiting enrollment changes nothing.
  if (task.step == hold_step) reply.waitlist_position = waitlist_position(task.enrollment);
  if (reply.waitlist_position) reply.outcome = StepOutcome::under_way;
  std::erase_if(reply.records, [&](const Record& record) { return record.enrollment != task.enrollment; });
  reply_to(task.enrollment, std::move(reply));
}

EntityHost<Course>::Cause CourseActor::cause_of(const CourseEvent& event, const Cause& command) const {
  const auto enrollment = enrollment_in(event);
  if (!enrollment || enrollment == command.enrollment) return command;
  // A promotion or a dismissal is the late reply to the enrollment's own hold_seats.
  return {hold_step, enrollment, command.trace};
}

std::vector<Record> CourseActor::commit_and_notify(std::vector<CourseEvent> events, const Cause& cause,
                                                   Append append) {
  auto records = commit(std::move(events), cause, std::move(append));
  for (const auto& record : records) {
    if (!record.enrollment || record.enrollment == cause.enrollment) continue;
    StepReply reply{.step = hold_step};
    if (const auto* dismissed = std::get_if<WaiterDismissed>(&std::get<CourseEvent>(record.event))) {
      reply.outcome = StepOutcome::refused;
      reply.refusal = dismissed->reason == Dismissal::course_closed ? CourseError::not_open : CourseError::sold_out;
      reply.error = explain(dismissed->reason);
    }
    reply.records = {record};
    reply_to(*record.enrollment, std::move(reply));
  }
  if (waitlist_advances(state_, node_.timers.now())) node_.directory.send(resident_->id, AdvanceCourse{});
  arm_closing();
  return records;
}

void CourseActor::add_pending(Append& append) {
  const bool pending = !state_.waitlist.empty() || !revoking_.empty();
  if (std::exchange(listed_, pending) != pending) append.pending.push_back({resident_->id, pending});
}

void CourseActor::advance() {
  if (!state_.registered) return;
  auto decision = decide(state_, CourseCommand{AdvanceWaitlist{}}, node_.timers.now());
  if (!decision.events.empty()) commit_and_notify(std::move(decision.events), {});
  arm_closing();
  if (state_.cancelled && revoking_.empty()) {
    list_claims();
    revoke_first();
  }
  update_pending();
}

void CourseActor::update_pending() {
  Append change;
  add_pending(change);
  if (!change.pending.empty()) appended(node_.journal.append(std::move(change)));
}

std::optional<std::uint64_t> CourseActor::waitlist_position(EnrollmentId enrollment) {
  if (!state_.tickets.contains(enrollment)) return std::nullopt;
  if (positions_as_of_ != sequence_) {
    positions_.clear();
    for (const auto& [ticket, waiter] : state_.waitlist)
      positions_.emplace(waiter.enrollment, positions_.size() + 1);
    positions_as_of_ = sequence_;
  }
  return positions_.at(enrollment);
}

void CourseActor::arm_closing() {
  const auto closes = state_.definition.closes_at;
  if (!closes || state_.waitlist.empty() || closing_armed_ || node_.timers.now() >= *closes) return;
  closing_armed_ = true;
  node_.timers.at(*closes,
                  [&directory = node_.directory, id = resident_->id] { directory.send(id, AdvanceCourse{true}); });
}

void CourseActor::serve(const CourseRequest& request, Caller caller) {
  const auto command = std::visit([](const auto& each) { return CourseCommand{each}; }, request);
  auto decision = decide(state_, command, node_.timers.now());
  const Cause cause{{}, std::nullopt, caller.trace};
  if (std::holds_alternative<ReviseCourse>(request)) {
    if (!decision.error) commit_and_notify(std::move(decision.events), cause);
  } else if (!decision.events.empty()) {
    // Listed before the commit, so that the course is pending from its first event on.
    list_claims();
    commit(std::move(decision.events), cause);
    revoke_first();
  }
  Outcome outcome;
  outcome.refusal = decision.error;
  if (!decision.error) outcome.subject = snapshot();
  answer(node_, std::move(caller), outcome);
}

void CourseActor::list_claims() {
  for (const auto& [enrollment, claim] : state_.claims) revoking_.insert(enrollment);
  for (const auto& [ticket, waiter] : state_.waitlist) revoking_.insert(waiter.enrollment);
  to_ask_.assign(revoking_.begin(), revoking_.end());
  // Taken from the end: the oldest first, whatever the order in memory.
  std::sort(to_ask_.begin(), to_ask_.end(), std::greater<>{});
}

void CourseActor::revoke_first() {
  for (std::size_t i = 0; i < node_.limits.revoked_at_once; ++i) revoke_next();
}

void CourseActor::revoke_next() {
  if (to_ask_.empty()) return;
  const auto enrollment = to_ask_.back();
  to_ask_.pop_back();
  node_.directory.send(enrollment, RevokeSaga{CourseId{resident_->id.name}, state_.cancel_reason});
}

void CourseActor::on(const EnrollmentRevoked& revoked) {
  if (revoked.unreadable) return revoke_next();
  if (revoking_.erase(revoked.enrollment) == 0) return;
  revoke_next();
  if (revoking_.empty()) update_pending();
}

void CourseActor::describe(CourseReader reader) {
  auto seen = state_.registered ? std::optional{snapshot()} : std::nullopt;
  Append gate;
  gate.then = [reader = std::move(reader), seen = std::move(seen)](Position position) { reader(seen, position); };
  node_.journal.append(std::move(gate));
}

void CourseActor::describe_waitlist_position(EnrollmentId enrollment, WaitlistPositionReader reader) {
  Append gate;
  gate.then = [reader = std::move(reader), place = waitlist_position(enrollment)](Position) { reader(place); };
  node_.journal.append(std::move(gate));
}

void CourseActor::adopt(const AdoptCourse& adopted) {
  // Woken after the registration was appended, it has read it already.
  if (sequence_ >= adopted.registered.sequence) return;
  sugang::apply(state_, std::get<CourseEvent>(adopted.registered.event));
  sequence_ = adopted.registered.sequence;
  appended(adopted.append);
}

CourseSnapshot CourseActor::snapshot() const {
  return {.id = CourseId{resident_->id.name},
          .definition = state_.definition,
          .state = state_at(state_.definition, node_.timers.now()),
          .definition_version = state_.definition_version,
          .sequence = sequence_,
          .held = state_.held,
          .taken = state_.taken,
          .waitlisted = state_.waitlisted,
          .cancelled = state_.cancelled};
}

}  // namespace sugang
