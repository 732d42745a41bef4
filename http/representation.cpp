#include "http/representation.hpp"

#include "http/request_fields.hpp"

namespace sugang {
namespace {

void write_money(JsonWriter& json, const Money& money) {
  json.begin_object().member("amount", money.amount).member("currency", money.currency.text()).end_object();
}

void member_text(JsonWriter& json, std::string_view name, const std::string& text) {
  json.member(name, std::string_view{text});
}

/// Texts of ids need no escape.
void member_id(JsonWriter& json, std::string_view name, const auto& id) { member_text(json, name, to_text(id)); }

void write_steps(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.key("steps").begin_array();
  for (const auto& step : enrollment.steps) {
    json.begin_object()
        .member("name", step_label(step.step, step.direction))
        .member("state", to_text(step.state))
        .member("at", std::string_view{to_text(step.at)})
        .end_object();
  }
  json.end_array();
}

void write_slot(JsonWriter& json, const TimeSlot& slot) {
  json.begin_object();
  member_text(json, "startsAt", to_text(slot.starts_at));
  member_text(json, "endsAt", to_text(slot.ends_at));
  json.end_object();
}

/// Instructor and schedule are given up together: what was released is shown no more.
Coaching shown_coaching(const EnrollmentSummary& enrollment) {
  auto coaching = enrollment.coaching.value_or(Coaching{});
  if (coaching.state == CoachingState::released) {
    coaching.instructor.reset();
    coaching.slot.reset();
  }
  return coaching;
}

void write_coaching_of(JsonWriter& json, const EnrollmentSummary& enrollment) {
  const auto coaching = shown_coaching(enrollment);
  json.key("coaching").begin_object().member("state", to_text(coaching.state));
  if (coaching.instructor) member_id(json, "instructorId", *coaching.instructor);
  if (coaching.slot) write_slot(json.key("schedule"), *coaching.slot);
  if (coaching.held_at) member_text(json, "heldAt", to_text(*coaching.held_at));
  if (coaching.result) member_text(json, "result", *coaching.result);
  json.end_object();
}

/// What there is of an enrollment besides seats and money.
void write_fulfilment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  if (enrollment.kind == CourseKind::training) write_coaching_of(json, enrollment);
  if (enrollment.stock != StockState::none)
    json.key("stock").begin_object().member("state", to_text(enrollment.stock)).end_object();
  if (enrollment.delivery == DeliveryState::none) return;
  json.key("delivery").begin_object();
  member_id(json, "id", delivery_of(enrollment.id));
  json.member("state", to_text(enrollment.delivery)).end_object();
}

void write_enrollment_members(JsonWriter& json, const EnrollmentSummary& enrollment,
                              std::optional<std::uint64_t> place = std::nullopt) {
  member_id(json, "id", enrollment.id);
  member_id(json, "courseId", enrollment.course);
  member_id(json, "studentId", enrollment.student);
  json.member("seats", enrollment.seats).member("state", to_text(enrollment.state));
  if (!enrollment.reason.empty()) member_text(json, "reason", enrollment.reason);
  if (place) json.member("waitlistPosition", *place);
  json.key("payment").begin_object();
  member_id(json, "id", payment_of(enrollment.id));
  json.member("state", to_text(enrollment.payment)).key("amount");
  write_money(json, enrollment.amount);
  json.end_object();
  json.key("mileage").begin_object().member("earned", enrollment.mileage_earned).end_object();
  write_fulfilment(json, enrollment);
  write_steps(json, enrollment);
  json.member("version", enrollment.version);
}

void write_seats(JsonWriter& json, const CourseSnapshot& course) {
  const auto capacity = course.definition.capacity;
  json.key("seats")
      .begin_object()
      .member("capacity", capacity)
      .member("available", capacity - course.held - course.taken)
      .member("held", course.held)
      .member("taken", course.taken)
      .member("waitlisted", course.waitlisted)
      .end_object();
}

void write_optional(JsonWriter& json, std::string_view name, const std::optional<std::string>& text) {
  json.key(name);
  if (text)
    json.value(std::string_view{*text});
  else
    json.null();
}

/// The step that a person, the line, the payment side or a paused component is waited for at.
std::optional<std::string> waits_for(const EnrollmentSummary& enrollment) {
  if (enrollment.ticket) return std::string{step_label(Step::hold_seats, Direction::act)};
  if (enrollment.saga != SagaState::waiting) return std::nullopt;
  // A charge that is under way is waited for without an event that says so.
  auto step = enrollment.awaits == Step::none ? Step::take_payment : enrollment.awaits;
  // To book it in her calendar is how an instructor confirms a schedule.
  if (step == Step::book_slot) step = Step::confirm_schedule;
  return std::string{step_label(step, enrollment.turned ? Direction::undo : Direction::act)};
}

}  // namespace

void write_next(JsonWriter& json, const std::optional<std::string>& next) { write_optional(json, "next", next); }

void write_course(JsonWriter& json, const CourseSnapshot& course) {
  const auto& definition = course.definition;
  json.begin_object();
  member_id(json, "id", course.id);
  json.member("kind", to_text(definition.kind));
  member_text(json, "title", definition.title);
  json.member("state", to_text(course.state));
  if (course.cancelled) json.member("cancelled", true);
  json.key("price");
  write_money(json, definition.price);
  write_seats(json, course);
  if (definition.instructor) member_id(json, "instructorId", *definition.instructor);
  if (definition.opens_at) member_text(json, "opensAt", to_text(*definition.opens_at));
  if (definition.closes_at) member_text(json, "closesAt", to_text(*definition.closes_at));
  json.member("waitlist", definition.waitlist)
      .member("seatsPerStudent", definition.seats_per_student)
      .member("paymentUnavailable", to_text(definition.payment_unavailable))
      .member("mileagePercent", definition.mileage_percent);
  if (definition.credits) json.member("credits", *definition.credits);
  if (definition.meets) member_text(json, "meets", *definition.meets);
  json.end_object();
}

void write_enrollment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.begin_object();
  write_enrollment_members(json, enrollment);
  json.end_object();
}

void write_enrollment_in_line(JsonWriter& json, const EnrollmentSummary& enrollment,
                              std::optional<std::uint64_t> place) {
  json.begin_object();
  write_enrollment_members(json, enrollment, place);
  json.end_object();
}

void write_waitlist_row(JsonWriter& json, const WaitlistRow& row) {
  write_enrollment_in_line(json, row.enrollment, row.place);
}

void write_page_row(JsonWriter& json, const PageRow& row) {
  json.begin_object();
  write_enrollment_members(json, row.enrollment);
  member_text(json, "courseTitle", row.course_title);
  json.end_object();
}

void write_payment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.begin_object();
  member_id(json, "id", payment_of(enrollment.id));
  member_id(json, "enrollmentId", enrollment.id);
  json.member("state", to_text(enrollment.payment)).key("amount");
  write_money(json, enrollment.amount);
  json.member("paymentMethod", to_text(enrollment.method)).member("version", enrollment.version).end_object();
}

void write_saga(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.begin_object();
  member_id(json, "id", saga_of(enrollment.id));
  member_id(json, "enrollmentId", enrollment.id);
  json.member("state", to_text(enrollment.saga));
  if (enrollment.turned) json.member("turned", to_text(*enrollment.turned));
  write_optional(json, "waitsFor", waits_for(enrollment));
  write_steps(json, enrollment);
  json.member("attempts", enrollment.attempts);
  const auto& error = enrollment.last_error;
  write_optional(json, "lastError", error.empty() ? std::nullopt : std::optional{error});
  const auto deadline = enrollment.deadline;
  write_optional(json, "deadline", deadline == TimePoint{} ? std::nullopt : std::optional{to_text(deadline)});
  json.member("version", enrollment.version).end_object();
}

void write_coaching(JsonWriter& json, const EnrollmentSummary& enrollment) {
  const auto coaching = shown_coaching(enrollment);
  json.begin_object();
  member_id(json, "enrollmentId", enrollment.id);
  member_id(json, "courseId", enrollment.course);
  member_id(json, "studentId", enrollment.student);
  json.member("state", to_text(coaching.state));
  write_optional(json, "instructorId",
                 coaching.instructor ? std::optional{coaching.instructor->text} : std::nullopt);
  json.key("schedule");
  if (coaching.slot)
    write_slot(json, *coaching.slot);
  else
    json.null();
  write_optional(json, "heldAt", coaching.held_at ? std::optional{to_text(*coaching.held_at)} : std::nullopt);
  write_optional(json, "result", coaching.result);
  json.member("version", enrollment.version).end_object();
}

void write_delivery(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.begin_object();
  member_id(json, "id", delivery_of(enrollment.id));
  member_id(json, "enrollmentId", enrollment.id);
  member_id(json, "courseId", enrollment.course);
  member_id(json, "studentId", enrollment.student);
  json.member("state", to_text(enrollment.delivery)).member("version", enrollment.version).end_object();
}

void write_charge(JsonWriter& json, const ChargeEntry& charge) {
  json.begin_object();
  member_id(json, "key", charge.key);
  json.key("amount");
  write_money(json, charge.amount);
  member_text(json, "state", charge.state);
  member_text(json, "at", to_text(charge.at));
  json.end_object();
}

void write_gateway_settings(JsonWriter& json, const GatewaySettings& settings) {
  json.begin_object().key("latencyMillis").begin_array();
  json.value(settings.latency_min_ms).value(settings.latency_max_ms).end_array();
  json.member("failPercent", settings.fail_percent)
      .member("declinePercent", settings.decline_percent)
      .member("hang", settings.hang)
      .end_object();
}

void write_view(JsonWriter& json, const ViewStatus& view) {
  json.begin_object();
  member_text(json, "name", view.name);
  json.member("state", view.rebuilding ? "rebuilding" : "serving").end_object();
}

void write_component(JsonWriter& json, const ComponentStatus& component) {
  json.begin_object();
  member_text(json, "name", component.name);
  json.member("state", component.running ? "running" : "paused").end_object();
}

void write_set_aside(JsonWriter& json, const SetAside& entry) {
  json.begin_object()
      .member("consumer", entry.consumer)
      .member("first", position_text(entry.first))
      .member("last", position_text(entry.last))
      .member("at", to_text(entry.at))
      .member("attempts", entry.attempts)
      .member("error", entry.error)
      .end_object();
}

}  // namespace sugang
