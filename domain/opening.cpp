#include "domain/opening.hpp"

#include "domain/mileage.hpp"
#include "domain/saga_steps.hpp"

namespace sugang {
namespace {

constexpr Causation request{Step::request, Direction::act};
constexpr Causation hold_seats{Step::hold_seats, Direction::act};
constexpr Causation take_payment{Step::take_payment, Direction::act};
constexpr Causation take_seats{Step::take_seats, Direction::act};
constexpr Causation confirm{Step::confirm, Direction::act};

/// Collects the records of one enrollment's creation.
class Records {
 public:
  Records(EnrollmentId enrollment, TimePoint now) : enrollment_(enrollment), now_(now) {}

  void add(AggregateId aggregate, Sequence sequence, Causation causation, Event event) {
    records_.push_back({.aggregate = std::move(aggregate),
                        .sequence = sequence,
                        .time = now_,
                        .enrollment = enrollment_,
                        .causation = causation,
                        .event = std::move(event)});
  }
  std::vector<Record> take() { return std::move(records_); }

 private:
  const EnrollmentId enrollment_;
  const TimePoint now_;
  std::vector<Record> records_;
};

}  // namespace

Opening open_enrollment(const Course& course, EnrollmentId id, const PlaceEnrollment& placement,
                        PaymentSide payments, const OpeningLimits& limits, TimePoint now) {
  const HoldSeats hold{id, placement.student, placement.seats, payments, placement.may_wait};
  auto held = decide(course, CourseCommand{hold}, now);
  if (held.error) return {.records = {}, .error = held.error};

  const auto& definition = course.definition;
  const bool waits = std::holds_alternative<SeatsWaitlisted>(held.events.front());
  const bool defers = waits || definition.payment_unavailable == PaymentUnavailable::defer;
  const auto amount = definition.price * placement.seats;
  const auto mileage = mileage_for(amount, definition.mileage_percent);
  const auto deadline = now + (waits ? limits.waitlist : defers ? limits.deferred_payment : limits.payment);

  const AggregateId of_course{placement.course};
  Records records{id, now};
  records.add(id, 1, request,
              EnrollmentEvent{EnrollmentRequested{.course = placement.course,
                                                  .student = placement.student,
                                                  .seats = placement.seats,
                                                  .kind = definition.kind,
                                                  .amount = amount,
                                                  .method = placement.method,
                                                  .mileage = mileage,
                                                  .defers = defers}});
  records.add(saga_of(id), 1, request, SagaEvent{SagaStarted{deadline}});
  for (auto& event : held.events) records.add(of_course, 0, hold_seats, std::move(event));
  if (waits) return {.records = records.take(), .error = {}};

  const TakePayment take{amount, placement.method, payments == PaymentSide::available, mileage};
  Sequence of_payment = 0;
  for (auto& event : decide(Payment{}, take, now).events)
    records.add(payment_of(id), ++of_payment, take_payment, std::move(event));
  const Cursor paying{
      .kind = definition.kind, .turned = {}, .index = *place_of(definition.kind, Step::take_payment)};
  if (amount.amount == 0 && confirms_next(paying)) {
    records.add(of_course, 0, take_seats, CourseEvent{SeatsTaken{id}});
    records.add(id, 2, confirm, EnrollmentEvent{EnrollmentConfirmed{}});
    records.add(saga_of(id), 2, {}, SagaEvent{SagaCompleted{}});
  }
  return {.records = records.take(), .error = {}};
}

}  // namespace sugang
