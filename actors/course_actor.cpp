#include "actors/course_actor.hpp"

#include "actors/answering.hpp"

namespace sugang {

caf::message_handler CourseActor::handlers() {
  return {
      [this](BeginEnrollment& message) { turn([this, message = std::move(message)] { begin(message); }); },
      [this](ReviseCourseTask& task) { turn([this, task = std::move(task)] { revise(task); }); },
      [this](DescribeCourse& query) { turn([this, query = std::move(query)] { describe(query); }); },
      [this](ProbeCourse& query) { turn([this, query = std::move(query)] { query.done(state_.registered); }); },
      [this](AdoptCourse& adopted) { turn([this, adopted = std::move(adopted)] { adopt(adopted); }); },
  };
}

void CourseActor::begin(const BeginEnrollment& message) {
  const auto enrollment = message.hold.enrollment;
  constexpr Causation hold_step{Step::hold_seats, Direction::act};
  const auto now = node_.timers.now();
  auto decision = decide(state_, CourseCommand{message.hold}, now);
  if (decision.error) return refuse(enrollment, hold_step, *decision.error);

  const bool defers = state_.definition.payment_unavailable == PaymentUnavailable::defer;
  EnrollmentRequested requested{.course = message.course,
                                .student = message.hold.student,
                                .seats = message.hold.seats,
                                .kind = state_.definition.kind,
                                .amount = state_.definition.price * message.hold.seats,
                                .method = message.method};
  const auto deadline = now + (defers ? node_.limits.deferred_payment_deadline : node_.limits.payment_deadline);
  const Cause birth{{Step::request, Direction::act}, enrollment, message.trace};
  Append append;
  if (message.key) append.records.push_back(claim_record(node_, *message.key, enrollment, message.trace, now));
  append.records.push_back(envelope(enrollment, 1, EnrollmentEvent{std::move(requested)}, birth, now));
  append.records.push_back(envelope(saga_of(enrollment), 1, SagaEvent{SagaStarted{deadline}}, birth, now));
  append.owed.push_back({saga_of(enrollment), true});
  StepReply reply{.step = hold_step, .may_defer = defers};
  reply.records = {append.records.end() - 2, append.records.end()};
  auto held = commit(std::move(decision.events), {hold_step, enrollment, message.trace}, std::move(append));
  for (std::size_t i = 0; i < reply.records.size(); ++i)
    reply.records[i].position = held.front().position - reply.records.size() + i;
  reply.records.insert(reply.records.end(), held.begin(), held.end());
  reply_to(enrollment, std::move(reply));
}

void CourseActor::revise(const ReviseCourseTask& task) {
  auto decision = decide(state_, CourseCommand{task.command}, node_.timers.now());
  Outcome outcome;
  outcome.refusal = decision.error;
  if (!decision.error) {
    commit(std::move(decision.events), {{}, std::nullopt, task.asker.trace});
    outcome.subject = snapshot();
  }
  answer(node_, task.asker, outcome);
}

void CourseActor::describe(const DescribeCourse& query) {
  auto seen = state_.registered ? std::optional{snapshot()} : std::nullopt;
  const auto position = resident_->last_append.load(std::memory_order_relaxed);
  Append gate;
  gate.then = [done = query.done, seen = std::move(seen), position] { done(seen, position); };
  node_.journal.append(std::move(gate));
}

void CourseActor::adopt(const AdoptCourse& adopted) {
  // Woken after the registration was appended, it has read it already.
  if (sequence_ >= adopted.registered.sequence) return;
  sugang::apply(state_, std::get<CourseEvent>(adopted.registered.event));
  sequence_ = adopted.registered.sequence;
  appended(adopted.registered.position);
}

CourseSnapshot CourseActor::snapshot() const {
  return {.id = CourseId{resident_->id.name},
          .definition = state_.definition,
          .state = state_at(state_.definition, node_.timers.now()),
          .definition_version = state_.definition_version,
          .sequence = sequence_,
          .held = state_.held,
          .taken = state_.taken};
}

}  // namespace sugang
