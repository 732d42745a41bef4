#include "http/api/courses.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "http/api/course_import.hpp"
#include "http/api/enrollments.hpp"
#include "http/api/reason.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

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

void write_waitlist_row(JsonWriter& json, const WaitlistRow& row) {
  json.begin_object();
  write_enrollment_members(json, row.enrollment, row.place);
  json.end_object();
}

/// Until the enrollments of a cancelled course have had the time to follow it.
constexpr std::uint32_t cancel_retry_after_s = 1;

CourseId make_course_id(TimePoint now) {
  std::random_device random;
  const auto low = static_cast<std::uint64_t>(random()) << 32 | random();
  const Partition anywhere{static_cast<std::uint16_t>(random() % partition_count)};
  return {"crs_" + to_text(make_uid(now, anywhere, low, static_cast<std::uint8_t>(random())))};
}

std::string course_path(const CourseId& id) { return "/v1/courses/" + id.text; }

Answer course_answer(std::uint16_t status, const CourseSnapshot& course) {
  Answer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = json_of(course, write_course);
  answer.etag = course_etag(course.definition_version, course.sequence);
  return answer;
}

/// The answer to a command whose subject is a course.
Answer render_course(std::uint16_t status, const std::string& instance, const Outcome& outcome) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& course = std::get<CourseSnapshot>(outcome.subject);
  auto answer = course_answer(status, course);
  if (status == 201 || status == 202) answer.location = course_path(course.id);
  if (status == 202) answer.retry_after_s = cancel_retry_after_s;
  return answer;
}

Render course_render(const Call& call, std::uint16_t status) {
  return [status, instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_course(status, instance, outcome);
  };
}

/// A list from a view, if there is the course.
template <class Filter, class Write>
Handled list_of_course(Call& call, QueryReader& query, Filter filter, Write write) {
  auto read = read_view_page(call, query);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  const CourseId id{call.request.path_id};
  if (!call.enter_course_read(id)) return refuse(call, Problem::overloaded);
  auto& [page, position] = std::get<ViewPage>(read);
  ask(call.backend, ReadCourse{id},
      [&backend = call.backend, exchange = call.exchange, instance = std::string{call.request.path},
       list = ViewQuery<Filter>{std::move(filter), std::move(page), position},
       answer = answer_with_list(call, write)](const CourseRead& found) {
        const auto* course = read_or_refuse(found, exchange, instance);
        if (!course) return;
        if (!*course) return exchange.answer(refuse(instance, Problem::course_not_found));
        exchange.resume([&backend, list, answer](bool waits) {
          if (waits) ask(backend, list, answer);
        });
      });
  return std::nullopt;
}

/// `If-Match: *` and lists need the current definition first; a change in between is answered 412.
void revise_if_listed(const Call& call, CourseId id, ReviseCourse revision, IfMatch match, Caller caller) {
  ask(call.backend, ReadCourse{id},
      [&backend = call.backend, exchange = call.exchange, instance = std::string{call.request.path}, id,
       revision = std::move(revision), match = std::move(match),
       caller = std::move(caller)](const CourseRead& read) {
        const auto* course = read_or_refuse(read, exchange, instance);
        if (!course) return;
        if (!*course) return exchange.answer(refuse(instance, Problem::course_not_found));
        const auto current = (*course)->definition_version;
        const bool listed =
            std::find(match.definitions.begin(), match.definitions.end(), current) != match.definitions.end();
        if (!match.any && !listed) return exchange.answer(refuse(instance, Problem::precondition_failed));
        exchange.resume([&backend, id, revision, current, caller](bool waits) mutable {
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
  Submission registered{
      .command = RegisterCourses{.rows = {{id, std::move(registration.definition)}}, .single = true},
      .render = course_render(call, 201)};
  if (registration.id) registered.resource = id;
  return submit(call, std::move(registered));
}

Handled list_courses(Call& call) {
  QueryReader query{call.request};
  const CourseFilter filter{query.one_of<CourseKind>("kind")};
  return list_view(call, query, filter, write_course);
}

Handled get_course(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  const CourseId id{call.request.path_id};
  if (!call.enter_course_read(id)) return refuse(call, Problem::overloaded);
  ask(call.backend, ReadCourse{id},
      [exchange = call.exchange, instance = std::string{call.request.path},
       known = if_none_match(call)](const CourseRead& read) {
        const auto* found = read_or_refuse(read, exchange, instance);
        if (!found) return;
        const auto& course = *found;
        if (!course) return exchange.answer(refuse(instance, Problem::course_not_found));
        // A course opens and closes by the clock without an event, so then its tag alone does not show it.
        const bool by_clock = course->state != course->definition.state;
        auto etag = course_etag(course->definition_version, course->sequence);
        exchange.answer(single_resource(json_of(*course, write_course), etag, by_clock ? std::nullopt : known));
      });
  return std::nullopt;
}

Handled patch_course(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  auto condition = call.request.field(RequestField::if_match);
  if (!condition) return refuse(call, Problem::precondition_required);
  auto match = parse_if_match(*condition);
  if (!match) return refuse(call, Problem::malformed, "If-Match is not a list of entity tags");
  auto decoded = decode_revision(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  CourseId id{call.request.path_id};
  if (!call.enter_course(id)) return refuse(call, Problem::overloaded);
  auto caller = unkeyed_caller(call, course_render(call, 200));
  auto& revision = std::get<ReviseCourse>(decoded);
  if (match->any || match->definitions.size() > 1) {
    revise_if_listed(call, std::move(id), std::move(revision), std::move(*match), std::move(caller));
  } else {
    // No definition is 0, so what matches nothing is refused by the course itself, behind its existence.
    revision.expected_definition = match->definitions.empty() ? 0 : match->definitions.front();
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
                       .render = course_render(call, 202),
                       .repeatable = true});
}

Handled list_course_enrollments(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  QueryReader query{call.request};
  EnrollmentFilter filter;
  filter.course = CourseId{call.request.path_id};
  filter.state = query.one_of<EnrollmentState>("state");
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
