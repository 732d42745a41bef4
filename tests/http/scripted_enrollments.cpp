#include "tests/http/scripted_backend.hpp"

#include "domain/mileage.hpp"

// How scripted enrollments go through their steps. The aggregates' own decisions say what is refused.

namespace sugang {

void ScriptedBackend::append(Enrolled& enrolled, AggregateId aggregate, Event event, Causation causation,
                             const TraceContext& trace) {
  Record record{.position = journal_.size() + 1,
                .aggregate = std::move(aggregate),
                .sequence = enrolled.timeline.size() + 1,
                .id = EventId{{1, journal_.size() + 1}},
                .time = scripted_time,
                .enrollment = enrolled.id,
                .causation = causation,
                .trace = trace,
                .event = std::move(event)};
  journal_.push_back(record);
  enrolled.timeline.push_back(record);
  apply(enrolled.summary, record);
}

void ScriptedBackend::wait_for(Enrolled& enrolled, Step step, const TraceContext& trace) {
  append(enrolled, saga_of(enrolled.id), SagaEvent{SagaWaits{step, scripted_time + std::chrono::hours{1}}}, {},
         trace);
}

void ScriptedBackend::confirm(Enrolled& enrolled, const TraceContext& trace) {
  append(enrolled, enrolled.id, EnrollmentEvent{EnrollmentConfirmed{}}, {Step::confirm, Direction::act}, trace);
}

void ScriptedBackend::complete(Enrolled& enrolled, const TraceContext& trace) {
  append(enrolled, enrolled.id, EnrollmentEvent{EnrollmentCompleted{}}, {Step::complete, Direction::act}, trace);
  append(enrolled, saga_of(enrolled.id), SagaEvent{SagaCompleted{}}, {}, trace);
}

void ScriptedBackend::pay(Enrolled& enrolled, const TraceContext& trace) {
  const Causation charge{Step::take_payment, Direction::act};
  const auto& summary = enrolled.summary;
  append(enrolled, payment_of(enrolled.id),
         PaymentEvent{PaymentRequested{summary.amount, summary.method, true, summary.mileage}}, charge, trace);
  append(enrolled, payment_of(enrolled.id), PaymentEvent{PaymentApproved{summary.mileage}}, charge, trace);
  if (summary.kind == CourseKind::training) {
    append(enrolled, coaching_of(enrolled.id), CoachingEvent{CoachingRequested{}},
           {Step::assign_instructor, Direction::act}, trace);
    return wait_for(enrolled, Step::assign_instructor, trace);
  }
  if (summary.kind == CourseKind::product) {
    const Causation prepare{Step::prepare_stock, Direction::act};
    append(enrolled, stock_of(enrolled.id), StockEvent{StockRequested{summary.course, summary.seats}}, prepare,
           trace);
    append(enrolled, stock_of(enrolled.id), StockEvent{StockPrepared{}}, prepare, trace);
  }
  confirm(enrolled, trace);
  if (summary.kind != CourseKind::product) return;
  append(enrolled, delivery_of(enrolled.id), DeliveryEvent{DeliveryRequested{}},
         {Step::request_delivery, Direction::act}, trace);
  wait_for(enrolled, Step::start_delivery, trace);
}

ScriptedBackend::Enrolled& ScriptedBackend::enroll(const PlaceEnrollment& command, const CourseSnapshot& course,
                                                   const Asker& asker) {
  const auto& trace = asker.trace;
  const EnrollmentId id{{1, ++minted_}};
  const bool waits = command.may_wait && course.definition.waitlist && is_full(course);
  const auto ticket = line(course.id).size() + 1;
  auto& enrolled = enrollments_[id];
  enrolled.id = id;
  if (asker.key) keyed_[asker.key->id].enrollment = id;
  const auto amount = course.definition.price * command.seats;
  EnrollmentRequested requested{.course = command.course,
                                .student = command.student,
                                .seats = command.seats,
                                .kind = course.definition.kind,
                                .amount = amount,
                                .method = command.method,
                                .mileage = mileage_for(amount, course.definition.mileage_percent)};
  append(enrolled, id, EnrollmentEvent{requested}, {Step::request, Direction::act}, trace);
  append(enrolled, saga_of(id), SagaEvent{SagaStarted{scripted_time}}, {}, trace);
  const Causation hold{Step::hold_seats, Direction::act};
  if (waits) {
    append(enrolled, course.id, CourseEvent{SeatsWaitlisted{id, command.student, command.seats, ticket}}, hold,
           trace);
    wait_for(enrolled, Step::hold_seats, trace);
    return enrolled;
  }
  append(enrolled, course.id, CourseEvent{SeatsHeld{id, command.student, command.seats}}, hold, trace);
  pay(enrolled, trace);
  // What the server notes for itself; no caller may see it.
  journal_.push_back({.position = journal_.size() + 1,
                      .aggregate = RequestId{{1, 1}},
                      .sequence = 1,
                      .time = scripted_time,
                      .event = RequestEvent{RequestClaimed{}}});
  return enrolled;
}

std::vector<EnrollmentId> ScriptedBackend::line(const CourseId& course) const {
  std::vector<EnrollmentId> waiting;
  for (const auto& [id, enrolled] : enrollments_)
    if (enrolled.summary.course == course && enrolled.summary.ticket) waiting.push_back(id);
  return waiting;
}

bool ScriptedBackend::is_full(const CourseSnapshot& course) const {
  std::uint32_t used = 0;
  for (const auto& [id, enrolled] : enrollments_)
    if (enrolled.summary.course == course.id && !enrolled.summary.ticket) used += enrolled.summary.seats;
  return used >= course.definition.capacity;
}

void ScriptedBackend::promote(Enrolled& enrolled) {
  const auto& summary = enrolled.summary;
  append(enrolled, summary.course, CourseEvent{WaiterPromoted{enrolled.id, summary.seats}},
         {Step::hold_seats, Direction::act}, {});
  pay(enrolled, {});
}

void ScriptedBackend::command_on(EnrollmentId id, const Asker& asker,
                                 std::function<void(Enrolled&, Outcome&)> act) {
  later([this, id, asker, act = std::move(act)] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      last_trace_ = asker.trace;
      auto it = enrollments_.find(id);
      if (it == enrollments_.end()) {
        outcome.refusal = EnrollmentError::not_found;
      } else {
        if (asker.key) keyed_[asker.key->id].enrollment = id;
        act(it->second, outcome);
        outcome.subject = it->second.summary;
        if (change_) change_(outcome);
      }
    }
    answer(asker, outcome);
  });
}

void ScriptedBackend::take_step(EnrollmentId id, StaffStep person_step, Asker asker) {
  note("take_step");
  command_on(id, asker, [this, person_step, trace = asker.trace](Enrolled& enrolled, Outcome& outcome) {
    step(enrolled, person_step, trace, outcome);
  });
}

bool ScriptedBackend::coach(Enrolled& enrolled, const CoachingCommand& command, Step step,
                            const TraceContext& trace, Outcome& outcome) {
  // Some weeks later: what was scheduled may have been held.
  const auto now = scripted_time + std::chrono::hours{24 * 30};
  const auto decision = decide(enrolled.summary.coaching.value_or(Coaching{}), command, now);
  if (decision.error) outcome.refusal = *decision.error;
  for (const auto& event : decision.events)
    append(enrolled, coaching_of(enrolled.id), event, {step, Direction::act}, trace);
  return !decision.error;
}

bool ScriptedBackend::book(Enrolled& enrolled, const TimeSlot& slot, const TraceContext& trace, Outcome& outcome) {
  const auto& coaching = enrolled.summary.coaching;
  // No calendar to look into: the coaching itself refuses.
  if (!coaching || coaching->state != CoachingState::assigned) return true;
  auto& calendar = calendars_[*coaching->instructor];
  const auto decision = decide(calendar, CalendarCommand{BookSlot{enrolled.id, slot, {}}}, scripted_time);
  if (decision.error) outcome.refusal = *decision.error;
  for (const auto& event : decision.events) {
    apply(calendar, event);
    append(enrolled, AggregateId::calendar_of(*coaching->instructor), event, {Step::book_slot, Direction::act},
           trace);
  }
  return !decision.error;
}

bool ScriptedBackend::deliver(Enrolled& enrolled, const DeliveryCommand& command, Step step,
                              const TraceContext& trace, Outcome& outcome) {
  const auto decision = decide(Delivery{enrolled.summary.delivery}, command, scripted_time);
  if (decision.error) outcome.refusal = *decision.error;
  for (const auto& event : decision.events)
    append(enrolled, delivery_of(enrolled.id), event, {step, Direction::act}, trace);
  return !decision.error && !decision.events.empty();
}

void ScriptedBackend::step(Enrolled& enrolled, const StaffStep& step, const TraceContext& trace, Outcome& outcome) {
  const bool of_coaching =
      !std::holds_alternative<StartDelivery>(step) && !std::holds_alternative<CompleteDelivery>(step);
  if (of_coaching && enrolled.summary.kind != CourseKind::training) {
    outcome.refusal = SagaError::not_awaited;
    return;
  }
  const auto before = enrolled.summary.coaching ? enrolled.summary.coaching->state : CoachingState::none;
  std::visit(
      Overloaded{
          [&](const AssignInstructor& assign) {
            if (coach(enrolled, assign, Step::assign_instructor, trace, outcome) &&
                before == CoachingState::requested)
              wait_for(enrolled, Step::confirm_schedule, trace);
          },
          [&](const AgreeOnSlot& agree) {
            if (book(enrolled, agree.slot, trace, outcome) &&
                coach(enrolled, ConfirmSchedule{agree.slot}, Step::confirm_schedule, trace, outcome) &&
                before == CoachingState::assigned) {
              confirm(enrolled, trace);
              wait_for(enrolled, Step::record_result, trace);
            }
          },
          [&](const RecordResult& result) {
            if (coach(enrolled, result, Step::record_result, trace, outcome) && before == CoachingState::scheduled)
              complete(enrolled, trace);
          },
          [&](const StartDelivery& start) {
            if (deliver(enrolled, start, Step::start_delivery, trace, outcome))
              wait_for(enrolled, Step::complete_delivery, trace);
          },
          [&](const CompleteDelivery& end) {
            if (deliver(enrolled, end, Step::complete_delivery, trace, outcome)) complete(enrolled, trace);
          },
      },
      step);
}

void ScriptedBackend::operate_saga(EnrollmentId id, Operation operation, Asker asker) {
  note("operate_saga");
  command_on(id, asker, [this, operation, trace = asker.trace](Enrolled& enrolled, Outcome& outcome) {
    last_operation_ = operation;
    if (enrolled.summary.ended()) {
      outcome.refusal = SagaError::ended;
      return;
    }
    SagaOperated operated{.action = operation.action, .step = enrolled.summary.awaits, .reason = operation.reason};
    append(enrolled, saga_of(enrolled.id), SagaEvent{operated}, {}, trace);
  });
}

void ScriptedBackend::read_line_position(CourseId course, EnrollmentId enrollment,
                                         std::function<void(ReadResult<std::optional<std::uint64_t>>)> done) {
  note("read_line_position");
  later([this, course, enrollment, done] {
    std::optional<std::uint64_t> found;
    {
      std::lock_guard lock{mutex_};
      if (promotes_between_reads_) promote(enrollments_.at(enrollment));
      const auto waiting = line(course);
      const auto place = std::find(waiting.begin(), waiting.end(), enrollment);
      if (place != waiting.end()) found = place - waiting.begin() + 1;
    }
    done(found);
  });
}

}  // namespace sugang
