#include "sagas/participants.hpp"

#include <utility>

#include "actors/caf_messages.hpp"
#include "actors/directory.hpp"

namespace sugang {

template <class Aggregate>
void Participants::send(const AggregateId& to, typename Aggregate::Command command, const Causation& step,
                        const TraceContext& trace) {
  node_.directory.send(
      to, Task<Aggregate>{
              .command = std::move(command), .step = step, .enrollment = enrollment_, .trace = trace, .birth = {}});
}

void Participants::send_enrollment(EnrollmentCommand command, const Causation& step, const TraceContext& trace) {
  Task<Enrollment> task{
      .command = std::move(command), .step = step, .enrollment = enrollment_, .trace = trace, .birth = {}};
  if (fresh_ && !std::exchange(enrollment_told_of_birth_, true))
    task.birth = {{.state = EnrollmentState::requested}, 1};
  node_.directory.send(enrollment_, std::move(task));
}

void Participants::send_payment(PaymentCommand command, const Causation& step, const TraceContext& trace) {
  Task<Payment> task{
      .command = std::move(command), .step = step, .enrollment = enrollment_, .trace = trace, .birth = {}};
  if (fresh_ && !std::exchange(payment_told_of_birth_, true)) task.birth = Task<Payment>::Birth{};
  node_.directory.send(payment_of(enrollment_), std::move(task));
}

void Participants::command(const Causation& step, const EnrollmentSummary& summary, Calls calls,
                           const TraceContext& trace) {
  const bool act = step.direction == Direction::act;
  auto to_course = [&](CourseCommand command) { send<Course>(summary.course, std::move(command), step, trace); };
  auto to_coaching = [&](CoachingCommand command) {
    send<Coaching>(coaching_of(enrollment_), std::move(command), step, trace);
  };
  auto to_enrollment = [&](EnrollmentCommand command) { send_enrollment(std::move(command), step, trace); };
  switch (step.step) {
    case Step::hold_seats:
      if (!act) return to_course(ReleaseSeats{enrollment_});
      // Seats are held with the enrollment's birth; who comes here waits in line and asks where she stands.
      return to_course(HoldSeats{enrollment_, summary.student, summary.seats, PaymentSide::available, true});
    case Step::take_seats:
      return to_course(TakeSeats{enrollment_});
    case Step::take_payment:
      if (!act) return send_payment(RefundPayment{calls.may_leave, calls.again}, step, trace);
      return send_payment(TakePayment{summary.amount, summary.method, calls.may_leave, summary.mileage}, step,
                          trace);
    case Step::prepare_stock:
      return send<StockPreparation>(
          stock_of(enrollment_),
          act ? StockCommand{PrepareStock{summary.course, summary.seats}} : StockCommand{ReleaseStock{}}, step,
          trace);
    case Step::request_delivery:
      return send<Delivery>(delivery_of(enrollment_),
                            act ? DeliveryCommand{RequestDelivery{}} : DeliveryCommand{CancelDelivery{}}, step,
                            trace);
    case Step::assign_instructor:
      return to_coaching(act ? CoachingCommand{RequestCoaching{}} : CoachingCommand{ReleaseCoaching{}});
    case Step::book_slot:
      // Only undone here; the act is the instructor's.
      return send<InstructorCalendar>(AggregateId::calendar_of(*summary.coaching->instructor),
                                      ReleaseSlot{enrollment_}, step, trace);
    case Step::confirm_schedule:
      return to_coaching(ConfirmSchedule{*summary.booked});
    case Step::confirm:
      return to_enrollment(ConfirmEnrollment{});
    case Step::complete:
      return to_enrollment(CompleteEnrollment{});
    case Step::mark_cancel_requested:
      return to_enrollment(RequestCancel{summary.reason});
    case Step::mark_cancelled:
      return to_enrollment(CancelEnrollment{});
    case Step::mark_rejected:
      return to_enrollment(RejectEnrollment{summary.reason});
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

void Participants::take(const PersonStep& what, const Causation& step, const EnrollmentSummary& summary,
                        const TraceContext& trace) {
  auto to_coaching = [&](CoachingCommand command) {
    send<Coaching>(coaching_of(enrollment_), std::move(command), step, trace);
  };
  auto book = [&](const InstructorId& instructor, const TimeSlot& slot) {
    send<InstructorCalendar>(AggregateId::calendar_of(instructor),
                             BookSlot{enrollment_, slot, summary.coaching->slot}, step, trace);
  };
  auto to_delivery = [&](DeliveryCommand command) {
    send<Delivery>(delivery_of(enrollment_), command, step, trace);
  };
  std::visit(Overloaded{
                 [&](const AssignInstructor& c) {
                   if (step.step != Step::book_slot) return to_coaching(c);
                   book(c.instructor, *summary.coaching->slot);
                 },
                 [&](const AgreeOnSlot& c) {
                   if (step.step != Step::book_slot) return to_coaching(ConfirmSchedule{c.slot});
                   book(*summary.coaching->instructor, c.slot);
                 },
                 [&](const RecordResult& c) { to_coaching(c); },
                 [&](const StartDelivery& c) { to_delivery(c); },
                 [&](const CompleteDelivery& c) { to_delivery(c); },
             },
             what);
}

void Participants::go_on_with(MoveStep move, const EnrollmentSummary& summary, const TraceContext& trace) {
  const auto coaching = coaching_of(enrollment_);
  const auto step = command_of(move);
  switch (move) {
    case MoveStep::assign:
      return send<Coaching>(coaching, AssignInstructor{*summary.booked_with}, step, trace);
    case MoveStep::schedule:
      return send<Coaching>(coaching, ConfirmSchedule{*summary.booked}, step, trace);
    case MoveStep::free:
      return send<InstructorCalendar>(AggregateId::calendar_of(*summary.left_with), FreeSlot{enrollment_}, step,
                                      trace);
  }
}

void Participants::settle(const Causation& step, const std::string& reason, const EnrollmentSummary& summary,
                          const TraceContext& trace) {
  switch (step.step) {
    case Step::take_payment:
      return send_payment(SettleRefund{}, step, trace);
    case Step::start_delivery:
      return send<Delivery>(delivery_of(enrollment_), StartDelivery{}, step, trace);
    case Step::complete_delivery:
      return send<Delivery>(delivery_of(enrollment_), CompleteDelivery{}, step, trace);
    default:
      return send<Coaching>(coaching_of(enrollment_), RecordResult{reason, node_.timers.now()}, step, trace);
  }
}

}  // namespace sugang
