#include "http/api/courses.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "http/api/course_import.hpp"
#include "http/api/enrollments.hpp"
#include "http/api/routes.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

void write_seats(JsonWriter& json, const CourseSnapshot& course) {
  const auto capacity = course.definition.capacity;
  json.member("capacity", capacity)
      .member("available", capacity - course.held - course.taken)
      .member("held", course.held)
      .member("taken", course.taken)
      .member("waitlisted", course.waitlisted);
}

std::optional<Money> read_price(ObjectReader& course) {
  auto members = course.object("price");
  if (!members) return std::nullopt;
  Money price;
  members->require("amount");
  set(price.amount, members->integer("amount", 0, price_max));
  if (auto currency = members->text("currency", 3)) {
    const bool upper = std::all_of(currency->begin(), currency->end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    if (currency->size() == 3 && upper)
      std::copy_n(currency->begin(), 3, price.currency.code.begin());
    else
      members->fault("currency", "must be three upper-case letters (ISO 4217)");
  }
  return price;
}

/// A course with a later `opensAt` is a draft until then, also if `state` is `open`.
CourseState read_state(ObjectReader& members, const CourseDefinition& definition, TimePoint now) {
  auto given = members.one_of("state", {"draft", "open"});
  const bool opens_later = definition.opens_at && *definition.opens_at > now;
  return opens_later || given == "draft" ? CourseState::draft : CourseState::open;
}

void read_registration(ObjectReader& members, CourseRegistration& registration, TimePoint now) {
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

void write_waitlist_row(JsonWriter& json, const WaitlistRow& row) {
  write_enrollment_at(json, row.enrollment, row.place);
}

CourseId make_course_id(TimePoint now) {
  std::random_device random;
  const auto low = static_cast<std::uint64_t>(random()) << 32 | random();
  const Partition anywhere{static_cast<std::uint16_t>(random() % partition_count)};
  return {"crs_" + to_text(make_uid(now, anywhere, low, static_cast<std::uint8_t>(random())))};
}

/// The answer to a command whose subject is a course.
template <std::uint16_t status>
Answer render_course(const Outcome& outcome, const std::string& instance) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& course = std::get<CourseSnapshot>(outcome.subject);
  Answer answer{.status = status,
                .content_type = "application/json",
                .body = json_of(course, write_course),
                .etag = course_etag(course.definition_version, course.sequence)};
  if (status == 201 || status == 202) answer.location = "/v1/courses/" + course.id.text;
  return answer;
}

/// Passes the course to `then(course, reply)`, which answers. 404 if there is none.
template <class Then>
void read_course(const Call& call, const CourseId& id, Then then) {
  read(call.backend, Reply{call}, ReadCourse{id},
       [then = std::move(then)](const std::optional<CourseSnapshot>& course, const Reply& reply) {
         if (!course) return reply.refuse(Problem::course_not_found);
         then(*course, reply);
       });
}

/// Answers with a page of a view; 404 if there is no such course.
template <class Filter, class Write>
Handled list_of_course(Call& call, QueryReader& query, Filter filter, Write write) {
  auto read = read_view_page(call, query);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  const CourseId id{call.request.path_id};
  if (!call.enter_course_read(id)) return refuse(call, Problem::overloaded);
  auto& [page, position] = std::get<ViewPage>(read);
  read_course(call, id,
              [&backend = call.backend, list = ViewQuery<Filter>{std::move(filter), std::move(page), position},
               answer = answer_with(call, as_list(write))](const CourseSnapshot&, const Reply& reply) {
                reply.exchange.resume([&backend, list, answer](bool waits) {
                  if (waits) ask(backend, list, answer);
                });
              });
  return std::nullopt;
}

/// For `If-Match: *` and for several tags: reads which definition is current, and revises that one. A change in
/// between is answered 412.
void revise_if_matched(const Call& call, CourseId id, ReviseCourse revision, IfMatch match, Caller caller) {
  read_course(call, id,
              [&backend = call.backend, id, revision = std::move(revision), match = std::move(match),
               caller = std::move(caller)](const CourseSnapshot& course, const Reply& reply) {
                const auto current = course.definition_version;
                const bool matched = match.any || std::find(match.versions.begin(), match.versions.end(),
                                                            current) != match.versions.end();
                if (!matched) return reply.refuse(Problem::precondition_failed);
                reply.exchange.resume([&backend, id, revision, current, caller](bool waits) mutable {
                  revision.expected_definition = current;
                  if (waits) backend.submit(ToCourse{id, std::move(revision)}, {}, std::move(caller));
                });
              });
}

Handled post_course(Call& call) {
  auto decoded = decode_course(call.request.body, call.now);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  auto& registration = std::get<CourseRegistration>(decoded);
  const auto id = registration.id ? *registration.id : make_course_id(call.now);
  if (!call.enter_course(id)) return refuse(call, Problem::overloaded);
  Submission submission{
      .command = RegisterCourses{.rows = {{id, std::move(registration.definition)}}, .single = true},
      .render = render_course<201>};
  if (registration.id) submission.resource = id;
  return submit(call, std::move(submission));
}

Handled list_courses(Call& call) {
  QueryReader query{call.request};
  const CourseFilter filter{query.one_of<CourseKind>("kind")};
  return ask_view(call, query, filter, as_list(write_course));
}

Handled get_course(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  const CourseId id{call.request.path_id};
  if (!call.enter_course_read(id)) return refuse(call, Problem::overloaded);
  read_course(call, id, [known = if_none_match(call)](const CourseSnapshot& course, const Reply& reply) {
    // The clock opens and closes a course without an event, so the tag stays the same: such a course is
    // never answered 304.
    const bool by_clock = course.state != course.definition.state;
    const auto etag = course_etag(course.definition_version, course.sequence);
    reply.answer(single_resource(json_of(course, write_course), etag, by_clock ? std::nullopt : known));
  });
  return std::nullopt;
}

Handled patch_course(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  auto condition = required_match(call, TagOf::course);
  if (auto* refusal = std::get_if<Response>(&condition)) return std::move(*refusal);
  auto& match = std::get<IfMatch>(condition);
  auto decoded = decode_revision(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  CourseId id{call.request.path_id};
  if (!call.enter_course(id)) return refuse(call, Problem::overloaded);
  auto caller = unkeyed_caller(call, render_course<200>);
  auto& revision = std::get<ReviseCourse>(decoded);
  if (match.any || match.versions.size() > 1) {
    revise_if_matched(call, std::move(id), std::move(revision), std::move(match), std::move(caller));
  } else {
    // No definition is 0, so without a usable tag the course refuses: 404 if it does not exist, else 412.
    revision.expected_definition = match.versions.empty() ? 0 : match.versions.front();
    call.backend.submit(ToCourse{std::move(id), std::move(revision)}, {}, std::move(caller));
  }
  return std::nullopt;
}

Handled cancel_course(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  auto decoded = decode_reason(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  CourseId id{call.request.path_id};
  if (!call.enter_course(id)) return refuse(call, Problem::overloaded);
  return submit(call, {.resource = id,
                       .command = ToCourse{id, CancelCourse{std::get<std::string>(std::move(decoded))}},
                       .render = render_course<202>,
                       .repeatable = true});
}

Handled list_course_enrollments(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  QueryReader query{call.request};
  EnrollmentFilter filter{.course = CourseId{call.request.path_id},
                          .state = query.one_of<EnrollmentState>("state")};
  return list_of_course(call, query, std::move(filter), write_enrollment);
}

Handled list_course_waitlist(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  QueryReader query{call.request};
  return list_of_course(call, query, WaitlistFilter{{call.request.path_id}}, write_waitlist_row);
}

}  // namespace

void write_course(JsonWriter& json, const CourseSnapshot& course) {
  const auto& definition = course.definition;
  json.member("id", course.id)
      .member("kind", definition.kind)
      .member("title", definition.title)
      .member("state", course.state);
  if (course.cancelled) json.member("cancelled", true);
  json.member("price", definition.price).key("seats").object(course, write_seats);
  if (definition.instructor) json.member("instructorId", *definition.instructor);
  if (definition.opens_at) json.member("opensAt", *definition.opens_at);
  if (definition.closes_at) json.member("closesAt", *definition.closes_at);
  json.member("waitlist", definition.waitlist)
      .member("seatsPerStudent", definition.seats_per_student)
      .member("paymentUnavailable", definition.payment_unavailable)
      .member("mileagePercent", definition.mileage_percent);
  if (definition.credits) json.member("credits", *definition.credits);
  if (definition.meets) json.member("meets", *definition.meets);
}

void apply_kind_defaults(CourseDefinition& definition) {
  using Kind = CourseKind;
  const auto kind = definition.kind;
  const bool one_seat_each = kind == Kind::lecture || kind == Kind::training;
  definition.seats_per_student = one_seat_each ? 1 : 0;
  definition.payment_unavailable =
      kind == Kind::performance ? PaymentUnavailable::defer : PaymentUnavailable::refuse;
}

Decoded<CourseRegistration> decode_course(std::string_view body, TimePoint now) {
  return decode_object<CourseRegistration>(
      body, [&](ObjectReader& members, CourseRegistration& value) { read_registration(members, value, now); });
}

Decoded<ReviseCourse> decode_revision(std::string_view body) {
  return decode_object<ReviseCourse>(body, [](ObjectReader& members, ReviseCourse& value) {
    value.title = members.line("title", title_chars_max);
    set(value.capacity, members.integer("capacity", 1, capacity_max));
    value.state = members.one_of<CourseState>("state");
  });
}

std::span<const Route> course_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::get, "/v1/courses/{id}", none, get_course},
      Route{Method::get, "/v1/courses", none, list_courses},
      Route{Method::post, "/v1/courses", json, post_course},
      Route{Method::post, "/v1/courses/import", csv, import_courses},
      Route{Method::patch, "/v1/courses/{id}", merge_patch, patch_course},
      Route{Method::get, "/v1/courses/{id}/enrollments", none, list_course_enrollments},
      Route{Method::post, "/v1/courses/{id}/cancel", json, cancel_course},
      Route{Method::get, "/v1/courses/{id}/waitlist", none, list_course_waitlist},
  };
  return routes;
}

}  // namespace sugang
