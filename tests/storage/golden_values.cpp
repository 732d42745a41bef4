#include "tests/storage/golden_values.hpp"

namespace sugang {
namespace {

const CourseId course{"music-101"};
const StudentId student{"s1"};
const InstructorId instructor{"i7"};
const EnrollmentId enrollment{{0x0198'0000'0000'7004ULL, 0x8123'4567'89ab'cdefULL}};
const EnrollmentId other{{0x0198'0000'0001'7004ULL, 0x8123'4567'89ab'cdefULL}};
const RequestId request{{0x1122'3344'5566'7788ULL, 0x99aa'bbcc'ddee'ff00ULL}};
const TimePoint now{Milliseconds{1'772'445'600'123}};
const TimeSlot slot{now + std::chrono::hours{24}, now + std::chrono::hours{25}};
const Money price{12'000, {{'U', 'S', 'D'}}};

Record enveloped(AggregateId aggregate, Event event, std::optional<EnrollmentId> on = std::nullopt) {
  Record record;
  record.aggregate = std::move(aggregate);
  record.sequence = 300;
  record.id = EventId{{0x0198'0000'0002'7004ULL, 0x8000'0000'0000'0001ULL}};
  record.time = now;
  record.enrollment = on;
  if (on) record.causation = {Step::take_payment, Direction::undo};
  record.event = std::move(event);
  return record;
}

Record of(CourseEvent event, std::optional<EnrollmentId> on = std::nullopt) {
  return enveloped(course, std::move(event), on);
}
Record of(EnrollmentEvent event) { return enveloped(enrollment, std::move(event), enrollment); }
Record of(PaymentEvent event) { return enveloped(payment_of(enrollment), std::move(event), enrollment); }
Record of(SagaEvent event) { return enveloped(saga_of(enrollment), std::move(event), enrollment); }
Record of(RequestEvent event) { return enveloped(request, std::move(event), enrollment); }
Record of(StockEvent event) { return enveloped(stock_of(enrollment), std::move(event), enrollment); }
Record of(DeliveryEvent event) { return enveloped(delivery_of(enrollment), std::move(event), enrollment); }
Record of(CoachingEvent event) { return enveloped(coaching_of(enrollment), std::move(event), enrollment); }
Record of(CalendarEvent event) {
  return enveloped(AggregateId::calendar_of(instructor), std::move(event), enrollment);
}
Record of(WebhookEvent event) { return enveloped(AggregateId::webhooks(), std::move(event), {}); }

const WebhookId webhook{{0x0198'0000'0003'7005ULL, 0x8000'0000'0000'0005ULL}};
WebhookRegistered webhook_registered() {
  return {webhook, "https://a.example/hook", {NoticeKind::schedule_confirmed}, "c2VhbGVk", now, 70'000};
}

Record traced(Record record) {
  for (std::size_t i = 0; i < record.trace.trace_id.size(); ++i)
    record.trace.trace_id[i] = static_cast<std::uint8_t>(0xa0 + i);
  for (std::size_t i = 0; i < record.trace.span_id.size(); ++i)
    record.trace.span_id[i] = static_cast<std::uint8_t>(0xb0 + i);
  record.trace.flags = 1;
  return record;
}

CourseDefinition definition() {
  CourseDefinition d;
  d.kind = CourseKind::performance;
  d.title = "Musiktheorie für alle";
  d.capacity = 70'000;
  d.price = price;
  d.state = CourseState::draft;
  d.instructor = InstructorId{"i7"};
  d.opens_at = now;
  d.closes_at = now + std::chrono::hours{1};
  d.waitlist = true;
  d.seats_per_student = 0;
  d.payment_unavailable = PaymentUnavailable::defer;
  d.mileage_percent = 5;
  d.credits = 3;
  d.meets = "MWF 9:00";
  return d;
}

}  // namespace

std::vector<Record> golden_events() {
  return {
      of(CourseRegistered{definition()}),
      of(CourseRevised{"Another title", 90, CourseState::closed}),
      traced(of(SeatsHeld{enrollment, student, 2}, enrollment)),
      of(SeatsTaken{enrollment}, enrollment),
      of(SeatsReleased{enrollment, 2}, enrollment),
      of(SeatsWaitlisted{enrollment, student, 2, 70'000}, enrollment),
      of(WaiterPromoted{enrollment, 2}, enrollment),
      of(WaiterLeft{enrollment}, enrollment),
      of(WaiterDismissed{enrollment, Dismissal::capacity_reduced}, enrollment),
      of(CourseCancelled{"burst pipe"}),
      of(SeatsChangeHeld{enrollment, 3, 1, 1'800}, enrollment),
      of(SeatsChangeTaken{enrollment, 1, 0}, enrollment),
      of(SeatsChangeReleased{enrollment, 1}, enrollment),
      of(EnrollmentRequested{course, student, 2, CourseKind::performance, price * 2, PaymentMethod::test_decline,
                             1'200, true}),
      of(EnrollmentConfirmed{}),
      of(EnrollmentCompleted{}),
      of(EnrollmentRejected{"payment-declined"}),
      of(EnrollmentExpired{}),
      of(CancelRequested{"ill"}),
      of(EnrollmentCancelled{}),
      of(SeatsChangeRequested{3, price * 3}),
      of(SeatsChanged{}),
      of(SeatsChangeRefused{"no funds"}),
      of(PaymentRequested{price * 2, PaymentMethod::test_decline, false, 1'200}),
      of(ChargeStarted{}),
      of(PaymentApproved{1'200}),
      of(PaymentDeclined{"no funds"}),
      of(PaymentVoidRequested{}),
      of(PaymentVoided{}),
      of(RefundRequested{1'200, true}),
      of(PaymentRefunded{true}),
      of(ReplacementRequested{price * 3, 1'800}),
      of(PaymentReplaced{1'800}),
      of(ReplacementDeclined{"no funds"}),
      of(RefundDeclined{"account closed"}),
      of(SagaStarted{now}),
      of(SagaTurned{TurnCause::expired, "too late"}),
      of(SagaStepFailed{Step::take_payment, Direction::act, 4, "timed out"}),
      of(SagaStuck{Step::take_payment, Direction::undo, "refund refused", 4}),
      of(SagaCompleted{}),
      of(SagaCompensated{}),
      of(SagaWaits{Step::confirm_schedule, now}),
      of(SagaOperated{OperatorAction::resolve, Step::take_payment, Direction::undo, "paid back by hand"}),
      of(RequestClaimed{{0xfeed, 0xbeef}, enrollment}),
      of(RequestAnswered{201, "application/json", "/v1/enrollments/x", "{\"state\": \"confirmed\"}", "\"7\""}),
      of(StockRequested{course, 2}),
      of(StockPrepared{}),
      of(StockReleased{}),
      of(DeliveryRequested{}),
      of(DeliveryStarted{}),
      of(DeliveryCompleted{}),
      of(DeliveryCancelled{}),
      of(CoachingRequested{}),
      of(CoachingAssigned{instructor}),
      of(CoachingScheduled{slot}),
      of(CoachingHeld{slot.ends_at}),
      of(ResultRecorded{"runs five kilometres"}),
      of(CoachingReleased{}),
      of(SlotBooked{enrollment, slot}),
      of(SlotReleased{enrollment}),
      of(SlotFreed{enrollment}),
      of(webhook_registered()),
      of(WebhookDisabled{webhook, "it answered 410"}),
      of(WebhookRemoved{webhook}),
  };
}

std::vector<Record> golden_beginning() {
  const EnrollmentRequested requested{
      course, student, 1, CourseKind::lecture, {12'000, {}}, PaymentMethod::test_approve, 120};
  auto claimed = of(RequestEvent{RequestClaimed{{0xfeed, 0xbeef}, enrollment}});
  claimed.enrollment.reset();
  std::vector<Record> events{claimed, of(EnrollmentEvent{requested}), of(SagaEvent{SagaStarted{now}}),
                             of(CourseEvent{SeatsHeld{enrollment, student, 1}}, enrollment),
                             of(PaymentEvent{PaymentRequested{{12'000, {}}, {}, true, 120}})};
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i] = traced(std::move(events[i]));
    events[i].sequence = events[i].aggregate.kind == AggregateKind::course ? 300 : 1;
    events[i].causation = {i < 3 ? Step::request : Step::hold_seats, Direction::act};
    if (i > 1) events[i].id.uid.low = events[1].id.uid.low + i - 1;
  }
  events[0].id = EventId{{0x0198'0000'0002'7aa8ULL, 0x8000'0000'0000'0009ULL}};
  return events;
}

Course golden_course() {
  Course c;
  c.registered = true;
  c.definition = definition();
  c.definition_version = 2;
  c.held = 3;
  c.taken = 3;
  c.claims[enrollment] = {student, 2, false};
  c.claims[other] = {student, 3, true, 4};
  for (const auto& [id, claim] : c.claims) add_to_share(c, claim.student, id, claim.seats + claim.added());
  c.released.insert(EnrollmentId{{1, 1}});
  c.released.insert(EnrollmentId{{1, 2}});
  const EnrollmentId first{{0x0198'0000'0004'7004ULL, 1}}, second{{0x0198'0000'0005'7004ULL, 1}};
  c.waitlist[4] = {first, student, 4};
  c.waitlist[70'000] = {second, {"s2"}, 1};
  c.waitlist_by_seats = {{4, 4}, {1, 70'000}};
  c.tickets = {{first, 4}, {second, 70'000}};
  c.last_ticket = 70'001;
  c.waitlisted = 5;
  for (const auto& [ticket, waiter] : c.waitlist) add_to_share(c, waiter.student, waiter.enrollment, waiter.seats);
  c.cancelled = true;
  c.cancel_reason = "burst pipe";
  c.released.insert(EnrollmentId{{1, 0}});
  return c;
}

InstructorCalendar golden_calendar() {
  InstructorCalendar calendar;
  calendar.slots = {{enrollment, slot}, {other, {slot.ends_at, slot.ends_at + std::chrono::hours{1}}}};
  calendar.released.insert(EnrollmentId{{1, 2}});
  calendar.released.insert(EnrollmentId{{1, 1}});
  return calendar;
}

WebhookRegistry golden_webhooks() {
  WebhookRegistry registry;
  registry.webhooks[webhook] = {webhook_registered(), true, "it answered 410"};
  return registry;
}

EnrollmentSummary golden_summary() {
  EnrollmentSummary s;
  s.id = enrollment;
  s.course = course;
  s.student = student;
  s.seats = 2;
  s.kind = CourseKind::performance;
  s.amount = price * 2;
  s.method = PaymentMethod::test_decline;
  s.state = EnrollmentState::rejected;
  s.reason = "payment-declined";
  s.payment = PaymentState::declined;
  s.saga = SagaState::compensating;
  s.turned = TurnCause::declined;
  s.deadline = now + std::chrono::hours{2};
  s.attempts = 1;
  s.last_error = "timed out";
  s.requested_at = now;
  s.updated_at = now + std::chrono::seconds{1};
  s.steps = {{Step::request, Direction::act, StepState::done, now},
             {Step::take_payment, Direction::act, StepState::failed, now}};
  s.version = 7;
  s.position = 1'000'000;
  s.mileage = 1'200;
  s.mileage_earned = 1'100;
  s.defers = true;
  s.ticket = 70'000;
  s.promoted = true;
  s.stock = StockState::prepared;
  s.delivery = DeliveryState::started;
  s.coaching = Coaching{CoachingState::result_recorded, instructor, slot, slot.ends_at, "runs five kilometres"};
  s.booked = slot;
  s.awaits = Step::start_delivery;
  s.charge_started = true;
  s.refund_declined = true;
  s.change = SeatsChange{3, price * 3, 1'800, true, "no funds"};
  s.booked_with = instructor;
  s.left_with = InstructorId{"lee"};
  s.failing = {Step::take_payment, Direction::act};
  return s;
}

}  // namespace sugang
