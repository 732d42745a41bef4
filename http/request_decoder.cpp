#include "http/request_decoder.hpp"

#include "http/object_decoding.hpp"

namespace sugang {
namespace {

std::optional<Money> read_price(ObjectReader& course) {
  auto members = course.object("price");
  if (!members) return std::nullopt;
  Money price;
  members->require("amount");
  set(price.amount, members->integer("amount", 0, price_max));
  if (auto currency = members->text("currency", 3)) {
    auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (currency->size() == 3 && upper((*currency)[0]) && upper((*currency)[1]) && upper((*currency)[2])) {
      price.currency.code = {(*currency)[0], (*currency)[1], (*currency)[2]};
    } else {
      members->fault("currency", "must be three upper-case letters (ISO 4217)");
    }
  }
  return price;
}

/// The state in the definition; with `opensAt` to come the course opens by itself.
CourseState read_state(ObjectReader& members, const CourseDefinition& definition, TimePoint now) {
  auto given = members.one_of("state", {"draft", "open"});
  const bool opens_later = definition.opens_at && *definition.opens_at > now;
  return opens_later || given == "draft" ? CourseState::draft : CourseState::open;
}

void read_course(ObjectReader& members, CourseRegistration& registration, TimePoint now) {
  auto& course = registration.definition;
  for (auto required : {"kind", "title", "capacity"}) members.require(required);
  if (auto id = members.name("id")) registration.id = CourseId{*id};
  if (registration.id && registration.id->text == reserved_course_id)
    members.fault("id", std::string{reserved_course_id_rule});
  set(course.kind, members.one_of<CourseKind>("kind"));
  set(course.title, members.line("title", title_chars_max));
  set(course.capacity, members.integer("capacity", 1, capacity_max));
  set(course.price, read_price(members));
  if (auto instructor = members.name("instructorId")) course.instructor = InstructorId{*instructor};
  course.opens_at = members.time("opensAt");
  course.closes_at = members.time("closesAt");
  if (course.opens_at && course.closes_at && *course.closes_at <= *course.opens_at)
    members.fault("closesAt", "must be after opensAt");
  course.state = read_state(members, course, now);
  set(course.waitlist, members.flag("waitlist"));
  apply_kind_defaults(course);
  set(course.seats_per_student, members.integer("seatsPerStudent", 0, capacity_max));
  set(course.payment_unavailable, members.one_of<PaymentUnavailable>("paymentUnavailable"));
  set(course.mileage_percent, members.integer("mileagePercent", 0, 100));
}

void read_placement(ObjectReader& members, PlaceEnrollment& placement) {
  members.require("courseId");
  members.require("studentId");
  set(placement.course.text, members.name("courseId"));
  set(placement.student.text, members.name("studentId"));
  set(placement.seats, members.integer("seats", 1, seats_per_request_max));
  // A course without a line answers "waitlist" as it answers "fail".
  placement.may_wait = members.one_of("onFull", {"fail", "waitlist"}) == "waitlist";
  set(placement.method, members.one_of<PaymentMethod>("paymentMethod"));
}

void read_gateway_settings(ObjectReader& members, GatewaySettings& settings) {
  if (auto latency = members.range("latencyMillis", 0, gateway_latency_max_ms)) {
    settings.latency_min_ms = static_cast<std::uint32_t>(latency->first);
    settings.latency_max_ms = static_cast<std::uint32_t>(latency->second);
  }
  set(settings.fail_percent, members.integer("failPercent", 0, 100));
  set(settings.decline_percent, members.integer("declinePercent", 0, 100));
  set(settings.hang, members.flag("hang"));
}

}  // namespace

void apply_kind_defaults(CourseDefinition& definition) {
  using Kind = CourseKind;
  const auto kind = definition.kind;
  const bool one_place_each = kind == Kind::lecture || kind == Kind::training;
  definition.seats_per_student = one_place_each ? 1 : 0;
  definition.payment_unavailable =
      kind == Kind::performance ? PaymentUnavailable::defer : PaymentUnavailable::refuse;
}

Decoded<CourseRegistration> decode_course(std::string_view body, TimePoint now) {
  return decode_object<CourseRegistration>(
      body, [&](ObjectReader& members, CourseRegistration& value) { read_course(members, value, now); });
}

Decoded<ReviseCourse> decode_revision(std::string_view body) {
  return decode_object<ReviseCourse>(body, [](ObjectReader& members, ReviseCourse& value) {
    value.title = members.line("title", title_chars_max);
    if (auto capacity = members.integer("capacity", 1, capacity_max))
      value.capacity = static_cast<std::uint32_t>(*capacity);
    value.state = members.one_of<CourseState>("state");
  });
}

Decoded<PlaceEnrollment> decode_placement(std::string_view body) {
  return decode_object<PlaceEnrollment>(body, read_placement);
}

Decoded<std::string> decode_cancellation(std::string_view body) {
  if (body.empty()) return std::string{};
  return decode_object<std::string>(body, [](ObjectReader& members, std::string& value) {
    set(value, members.text("reason", reason_chars_max, true));
  });
}

Decoded<GatewaySettings> decode_gateway_settings(std::string_view body) {
  return decode_object<GatewaySettings>(body, read_gateway_settings);
}

Decoded<bool> decode_component_state(std::string_view body) {
  return decode_object<bool>(body, [](ObjectReader& members, bool& value) {
    members.require("state");
    value = members.one_of("state", {"running", "paused"}) == "running";
  });
}

}  // namespace sugang
