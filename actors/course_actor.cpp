#include "actors/course_actor.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "actors/answering.hpp"
#include "domain/mileage.hpp"

namespace sugang {
namespace {

constexpr Causation hold_step{Step::hold_seats, Direction::act};

}  // namespace

caf::message_handler CourseActor::handlers() {
  return caf::message_handler{
      [this](BeginEnrollment& message) {
        turn([this, message = std::move(message)](const Unreadable* unread) {
          if (unread) return refuse_unread(message, *unread);
          try {
            begin(message);
          } catch (const std::exception& fault) {
            // The saga has no deadline yet, and would wait for an answer for ever.
            const auto enrollment = message.hold.enrollment;
            reply_to(enrollment, {.step = hold_step, .outcome = StepOutcome::unknown, .error = fault.what()});
            throw;
          }
        });
      },
      [this](ReviseCourseTask& task) {
        turn([this, task = std::move(task)](const Unreadable* fault) {
          fault ? refuse_unreadable(node_, task.asker, *fault) : revise(task);
        });
      },
      [this](CancelCourseTask& task) {
        turn([this, task = std::move(task)](const Unreadable* fault) {
          fault ? refuse_unreadable(node_, task.asker, *fault) : cancel(task);
        });
      },
      [this](DescribeCourse& query) {
        turn([this, query = std::move(query)](const Unreadable* fault) {
          fault ? query.failed(error_of(*fault)) : describe(query);
        });
      },
      [this](FindInLine& query) {
        turn([this, query = std::move(query)](const Unreadable* fault) {
          fault ? query.failed(error_of(*fault)) : find_in_line(query);
        });
      },
      [this](AdoptCourse& adopted) { turn([this, adopted = std::move(adopted)] { adopt(adopted); }); },
      [this](const TendCourse& message) {
        turn([this, at_closing = message.at_closing] {
          if (at_closing) closing_armed_ = false;
          tend();
        });
      },
      [this](const EnrollmentRevoked& revoked) { turn([this, revoked] { hear(revoked); }); },
  };
}

void CourseActor::forget_state() {
  EntityHost::forget_state();
  listed_.reset();
  closing_armed_ = false;
  revoking_.clear();
  to_ask_.clear();
  places_.clear();
  places_as_of_ = 0;
}

/// The waitlist's head may fit, and enrollments of a cancelled course remain to be revoked.
void CourseActor::recover_from_fault() {
  node_.timers.after(node_.limits.retry_max,
                     [&directory = node_.directory, id = resident_->id] { directory.send(id, TendCourse{}); });
}

// --- enrollments
// ---------------------------------------------------------------------------------------------------

void CourseActor::begin(const BeginEnrollment& message) {
  const auto enrollment = message.hold.enrollment;
  const auto now = node_.timers.now();
  auto decision = decide(state_, CourseCommand{message.hold}, now);
  const auto& definition = state_.definition;
  if (decision.error)
    return reply_to(enrollment,
                    {.step = hold_step,
                     .outcome = StepOutcome::refused,
                     .refusal = *decision.error,
                     .hold = HoldRefusal{.enrollment = only_enrollment_of(state_, message.hold.student),
                                         .seats_per_student = definition.seats_per_student,
                                         .seats_left = seats_left_for(state_, message.hold.student).value_or(0)}});

  const bool waits = std::holds_alternative<SeatsWaitlisted>(decision.events.front());
  const bool defers = waits || definition.payment_unavailable == PaymentUnavailable::defer;
  const auto amount = definition.price * message.hold.seats;
  EnrollmentRequested requested{.course = message.course,
                                .student = message.hold.student,
                                .seats = message.hold.seats,
                                .kind = definition.kind,
                                .amount = amount,
                                .method = message.method,
                                .mileage = mileage_for(amount, definition.mileage_percent),
                                .defers = defers};
  auto deadline = now + (defers ? node_.limits.deferred_payment_deadline : node_.limits.payment_deadline);
  if (waits) deadline = now + node_.limits.waitlist_deadline;
  const Cause birth{{Step::request, Direction::act}, enrollment, message.trace};
  Append append;
  append.created = {enrollment};
  if (message.key) append.created.emplace_back(message.key->id);
  if (message.key) append.records.push_back(claim_record(*message.key, enrollment, message.trace, now));
  append.records.push_back(envelope(enrollment, 1, EnrollmentEvent{std::move(requested)}, birth, now));
  append.records.push_back(envelope(saga_of(enrollment), 1, SagaEvent{SagaStarted{deadline}}, birth, now));
  append.owed.push_back({saga_of(enrollment), true});
  StepReply reply{.step = hold_step, .outcome = waits ? StepOutcome::under_way : StepOutcome::done};
  reply.records =
      commit_and_tell(std::move(decision.events), {hold_step, enrollment, message.trace}, std::move(append));
  if (waits) reply.waitlist_position = state_.line.size();
  reply_to(enrollment, std::move(reply));
}

/// Nothing is held, and nothing was begun.
void CourseActor::refuse_unread(const BeginEnrollment& message, const Unreadable& fault) {
  reply_to(message.hold.enrollment,
           {.step = hold_step, .outcome = StepOutcome::refused, .refusal = error_of(fault), .error = fault.why});
}

void CourseActor::handle(const Task<Course>& task) {
  auto decision = decide(state_, task.command, node_.timers.now());
  if (decision.error) return refuse(task.enrollment, task.step, *decision.error);
  StepReply reply{.step = task.step};
  reply.records = commit_and_tell(std::move(decision.events), {task.step, task.enrollment, task.trace});
  // Who asks for her seats again still stands in line.
  if (task.step == hold_step) reply.waitlist_position = place_in_line(task.enrollment);
  if (reply.waitlist_position) reply.outcome = StepOutcome::under_way;
  std::erase_if(reply.records, [&](const Record& record) { return record.enrollment != task.enrollment; });
  reply_to(task.enrollment, std::move(reply));
}

EntityHost<Course>::Cause CourseActor::cause_of(const CourseEvent& event, const Cause& command) const {
  const auto enrollment = enrollment_in(event);
  if (!enrollment || enrollment == command.enrollment) return command;
  // Who comes up from the line, or is sent away, does so as an answer to her own hold_seats.
  return {hold_step, enrollment, command.trace};
}

std::vector<Record> CourseActor::commit_and_tell(std::vector<CourseEvent> events, const Cause& cause,
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
  if (line_moves(state_, node_.timers.now())) node_.directory.send(resident_->id, TendCourse{});
  arm_closing();
  return records;
}

void CourseActor::add_owed(Append& append) {
  const bool owes = !state_.line.empty() || !revoking_.empty();
  if (std::exchange(listed_, owes) != owes) append.owed.push_back({resident_->id, owes});
}

// --- the line
// ------------------------------------------------------------------------------------------------------

void CourseActor::tend() {
  if (!state_.registered) return;
  auto decision = decide(state_, CourseCommand{TendLine{}}, node_.timers.now());
  if (!decision.events.empty()) commit_and_tell(std::move(decision.events), {});
  arm_closing();
  if (state_.cancelled && revoking_.empty()) {
    list_claims();
    revoke_first();
  }
  settle_owed();
}

void CourseActor::settle_owed() {
  Append change;
  add_owed(change);
  if (!change.owed.empty()) appended(node_.journal.append(std::move(change)));
}

std::optional<std::uint64_t> CourseActor::place_in_line(EnrollmentId enrollment) {
  if (!state_.tickets.contains(enrollment)) return std::nullopt;
  if (places_as_of_ != sequence_) {
    places_.clear();
    for (const auto& [ticket, waiter] : state_.line) places_.emplace(waiter.enrollment, places_.size() + 1);
    places_as_of_ = sequence_;
  }
  return places_.at(enrollment);
}

void CourseActor::arm_closing() {
  const auto closes = state_.definition.closes_at;
  if (!closes || state_.line.empty() || closing_armed_ || node_.timers.now() >= *closes) return;
  closing_armed_ = true;
  node_.timers.at(*closes,
                  [&directory = node_.directory, id = resident_->id] { directory.send(id, TendCourse{true}); });
}

// --- a cancelled course
// --------------------------------------------------------------------------------------------

void CourseActor::cancel(const CancelCourseTask& task) {
  Outcome outcome;
  auto decision = decide(state_, CourseCommand{CancelCourse{task.reason}}, node_.timers.now());
  outcome.refusal = decision.error;
  if (!decision.events.empty()) {
    // Listed before the commit, so that the course owes from its first event on.
    list_claims();
    commit(std::move(decision.events), {{}, std::nullopt, task.asker.trace});
    revoke_first();
  }
  if (!decision.error) outcome.subject = snapshot();
  answer(node_, task.asker, outcome);
}

void CourseActor::list_claims() {
  for (const auto& [enrollment, claim] : state_.claims) revoking_.insert(enrollment);
  for (const auto& [ticket, waiter] : state_.line) revoking_.insert(waiter.enrollment);
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
  node_.directory.send(saga_of(enrollment), RevokeEnrollment{CourseId{resident_->id.name}, state_.cancel_reason});
}

void CourseActor::hear(const EnrollmentRevoked& revoked) {
  if (revoked.unreadable) return revoke_next();
  if (revoking_.erase(revoked.enrollment) == 0) return;
  revoke_next();
  if (revoking_.empty()) settle_owed();
}

// --- the catalogue's side
// ------------------------------------------------------------------------------------------

void CourseActor::revise(const ReviseCourseTask& task) {
  auto decision = decide(state_, CourseCommand{task.command}, node_.timers.now());
  Outcome outcome;
  outcome.refusal = decision.error;
  if (!decision.error) {
    commit_and_tell(std::move(decision.events), {{}, std::nullopt, task.asker.trace});
    outcome.subject = snapshot();
  }
  answer(node_, task.asker, outcome);
}

void CourseActor::describe(const DescribeCourse& query) {
  auto seen = state_.registered ? std::optional{snapshot()} : std::nullopt;
  Append gate;
  gate.then = [done = query.done, seen = std::move(seen)](Position position) { done(seen, position); };
  node_.journal.append(std::move(gate));
}

void CourseActor::find_in_line(const FindInLine& query) {
  Append gate;
  gate.then = [done = query.done, place = place_in_line(query.enrollment)](Position) { done(place); };
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
