#include "domain/opening.hpp"

#include "domain/saga_steps.hpp"

namespace sugang {

Opening open_enrollment(const Course& course, EnrollmentId id, const PlaceEnrollment& placement,
                        PaymentSide payments, const OpeningLimits& limits, TimePoint now) {
  const HoldSeats hold{id, placement.student, placement.seats, payments, placement.may_wait};
  auto held = decide(course, CourseCommand{hold}, now);
  if (held.error) return {.error = held.error};

  const auto& definition = course.definition;
  const bool waits = std::holds_alternative<SeatsWaitlisted>(held.events.front());
  const bool defers = waits || definition.payment_unavailable == PaymentUnavailable::defer;
  const auto amount = definition.price * placement.seats;
  const auto mileage = mileage_for(amount, definition.mileage_percent);
  const auto deadline = now + (waits ? limits.waitlist : defers ? limits.deferred_payment : limits.payment);

  const AggregateId of_course{placement.course};
  std::vector<Record> records;
  const auto add = [&](AggregateId aggregate, Sequence sequence, Step step, Event event) {
    records.push_back({.aggregate = std::move(aggregate),
                       .sequence = sequence,
                       .time = now,
                       .enrollment = id,
                       .causation = {step},
                       .event = std::move(event)});
  };
  add(id, 1, Step::request,
      EnrollmentEvent{EnrollmentRequested{.course = placement.course,
                                          .student = placement.student,
                                          .seats = placement.seats,
                                          .kind = definition.kind,
                                          .amount = amount,
                                          .method = placement.method,
                                          .mileage = mileage,
                                          .defers = defers}});
  add(saga_of(id), 1, Step::request, SagaEvent{SagaStarted{deadline}});
  for (auto& event : held.events) add(of_course, 0, Step::hold_seats, std::move(event));
  if (waits) return {.records = std::move(records)};

  const TakePayment take{amount, placement.method, payments == PaymentSide::available, mileage};
  Sequence of_payment = 0;
  for (auto& event : decide(Payment{}, take, now).events)
    add(payment_of(id), ++of_payment, Step::take_payment, std::move(event));
  const Cursor paying{.kind = definition.kind, .index = *place_of(definition.kind, Step::take_payment)};
  if (amount.amount == 0 && confirms_next(paying)) {
    add(of_course, 0, Step::take_seats, CourseEvent{SeatsTaken{id}});
    add(id, 2, Step::confirm, EnrollmentEvent{EnrollmentConfirmed{}});
    add(saga_of(id), 2, Step::none, SagaEvent{SagaCompleted{}});
  }
  return {.records = std::move(records)};
}

}  // namespace sugang
