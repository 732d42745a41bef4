#include "http/course_routes.hpp"

#include <random>

#include "http/enrollment_routes.hpp"
#include "http/handling.hpp"
#include "http/request_fields.hpp"

namespace sugang {
namespace {

/// Until the enrollments of a cancelled course have had the time to follow it.
constexpr std::uint32_t cancel_retry_after_s = 1;
/// A large file's registration, beyond the time that any answer has.
constexpr std::chrono::seconds import_wait{50};

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

/// The import's place is free again once the submission, with all that was made of it, is gone.
Submission import_submission(std::vector<ImportRow> rows, const std::string& path, const ImportPlace& place) {
  const auto render = [instance = path, place](const Outcome& outcome) {
    if (outcome.refusal) return refusal_answer(outcome, instance);
    Answer answer{.status = 201, .content_type = "application/json"};
    JsonWriter{answer.body}.begin_object().member("created", std::get<std::size_t>(outcome.subject)).end_object();
    return answer;
  };
  return {.command = RegisterCourses{std::move(rows)}, .render = render};
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

}  // namespace

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

/// A large file takes long to read, and the loop's thread has others to serve meanwhile.
Handled import_courses(Call& call) {
  auto kept = keep_for_later(call, {}, {});
  if (auto* refusal = std::get_if<Response>(&kept)) return std::move(*refusal);
  call.wait_longer(import_wait);
  call.backend.run_apart([later = std::get<LaterCall>(std::move(kept)), body = std::move(call.body),
                          place = std::move(call.import_place), deadline = call.hold.deadline,
                          rows_max = call.limits.import_rows_max] {
    // Behind other files the caller may have been given up.
    if (std::chrono::steady_clock::now() >= deadline) return;
    auto decoded = decode_catalogue(body, rows_max);
    if (auto* refusal = std::get_if<BodyRefusal>(&decoded))
      return later.exchange.answer(refuse(later.instance, std::move(*refusal)));
    auto submission =
        import_submission(std::get<std::vector<ImportRow>>(std::move(decoded)), later.instance, place);
    later.exchange.resume([later, submission = std::move(submission)](bool waits) mutable {
      if (waits) submit_later(later, std::move(submission));
    });
  });
  return std::nullopt;
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
        // A course opens and closes by the clock without an event, so then its tag alone does not tell.
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

}  // namespace sugang
