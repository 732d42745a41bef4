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

/// Runs `list`, which answers, if there is the course.
Handled list_of_course(Call& call, std::function<void()> list) {
  const CourseId id{call.request.path_id};
  if (!call.enter_course_read(id)) return refuse(call, Problem::overloaded);
  call.backend.read_course(
      id, [exchange = call.exchange, instance = std::string{call.request.path}, list = std::move(list)](
              const ReadResult<std::optional<CourseSnapshot>>& read, Position) {
        const auto* course = read_or_refuse(read, exchange, instance);
        if (!course) return;
        if (!*course) return exchange.answer(refuse(instance, Problem::course_not_found));
        exchange.resume([list](bool waits) {
          if (waits) list();
        });
      });
  return std::nullopt;
}

/// The place is free again once the command, with all that was made of it, is gone.
Command import_command(Backend& backend, std::vector<ImportRow> decoded, const std::string& path,
                       const ImportPlace& place) {
  Command command;
  // Copied into a shared place, because a std::function must be copyable and the rows are many.
  auto rows = std::make_shared<std::vector<ImportRow>>(std::move(decoded));
  command.run = [&backend, rows](Asker asker) { backend.import_courses(std::move(*rows), std::move(asker)); };
  command.render = [instance = path, place](const Outcome& outcome) {
    if (outcome.refusal) return refusal_answer(outcome, instance);
    Answer answer;
    answer.status = 201;
    answer.content_type = "application/json";
    JsonWriter{answer.body}.begin_object().member("created", std::get<std::size_t>(outcome.subject)).end_object();
    return answer;
  };
  return command;
}

void revise(Backend& backend, const CourseId& id, ReviseCourse command, std::uint64_t definition, Asker asker) {
  command.expected_definition = definition;
  backend.revise_course(id, std::move(command), std::move(asker));
}

/// `If-Match: *` and lists need the current definition first; a change in between is answered 412.
void revise_if_listed(Backend& backend, const CourseId& id, const ReviseCourse& command, const IfMatch& match,
                      const Exchange& exchange, const std::string& instance, Asker asker) {
  backend.read_course(id, [=, &backend](const ReadResult<std::optional<CourseSnapshot>>& read, Position) {
    const auto refuse_it = [&](Problem problem) {
      if (asker.key) backend.release_request(*asker.key);
      exchange.answer(refuse(instance, problem));
    };
    if (const auto* error = std::get_if<ServiceError>(&read)) return refuse_it(problem_of(*error));
    const auto& course = std::get<0>(read);
    if (!course) return refuse_it(Problem::course_not_found);
    const auto current = course->definition_version;
    const auto& listed = match.definitions;
    if (!match.any && std::find(listed.begin(), listed.end(), current) == listed.end())
      return refuse_it(Problem::precondition_failed);
    exchange.resume([=, &backend](bool waits) {
      if (waits) revise(backend, id, command, current, asker);
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
  Command command;
  if (registration.id) command.resource = id;
  command.run = [&backend = call.backend, id, definition = std::move(registration.definition)](Asker asker) {
    backend.register_course(id, definition, std::move(asker));
  };
  command.render = [instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_course(201, instance, outcome);
  };
  return run_command(call, std::move(command));
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
    auto command =
        import_command(later.backend, std::get<std::vector<ImportRow>>(std::move(decoded)), later.instance, place);
    later.exchange.resume([later, command = std::move(command)](bool waits) {
      if (waits) run_later(later, command);
    });
  });
  return std::nullopt;
}

Handled list_courses(Call& call) {
  QueryReader query{call.request};
  auto kind = query.one_of<CourseKind>("kind");
  auto asked = read_view_query(call, query);
  if (auto* refusal = std::get_if<Response>(&asked)) return std::move(*refusal);
  auto& [page, position] = std::get<ViewQuery>(asked);
  call.backend.list_courses(kind, std::move(page), position, answer_with_list(call, write_course));
  return std::nullopt;
}

Handled get_course(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  const CourseId id{call.request.path_id};
  if (!call.enter_course_read(id)) return refuse(call, Problem::overloaded);
  call.backend.read_course(
      id, [exchange = call.exchange, instance = std::string{call.request.path}, known = if_none_match(call)](
              const ReadResult<std::optional<CourseSnapshot>>& read, Position) {
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
  Command command;
  std::string instance{call.request.path};
  command.render = [instance](const Outcome& outcome) { return render_course(200, instance, outcome); };
  command.run = [&backend = call.backend, exchange = call.exchange, id, instance, match = std::move(*match),
                 revision = std::get<ReviseCourse>(decoded)](Asker asker) {
    // No definition is 0, so what matches nothing is refused by the course itself, behind its existence.
    if (!match.any && match.definitions.size() <= 1)
      return revise(backend, id, revision, match.definitions.empty() ? 0 : match.definitions.front(),
                    std::move(asker));
    revise_if_listed(backend, id, revision, match, exchange, instance, std::move(asker));
  };
  run_unkeyed(call, std::move(command));
  return std::nullopt;
}

Handled cancel_course(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  auto decoded = decode_reason(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  CourseId id{call.request.path_id};
  if (!call.enter_course(id)) return refuse(call, Problem::overloaded);
  Command command;
  command.resource = id;
  command.run = [&backend = call.backend, id, reason = std::get<std::string>(std::move(decoded))](Asker asker) {
    backend.cancel_course(id, reason, std::move(asker));
  };
  command.repeatable = true;
  command.render = [instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_course(202, instance, outcome);
  };
  return run_command(call, std::move(command));
}

Handled list_course_enrollments(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  QueryReader query{call.request};
  EnrollmentFilter filter;
  filter.course = CourseId{call.request.path_id};
  filter.state = query.one_of<EnrollmentState>("state");
  auto asked = read_view_query(call, query);
  if (auto* refusal = std::get_if<Response>(&asked)) return std::move(*refusal);
  return list_of_course(call, [&backend = call.backend, filter, view = std::get<ViewQuery>(asked),
                               answer = answer_with_list(call, write_enrollment)] {
    backend.list_enrollments(filter, view.page, view.min_position, answer);
  });
}

Handled list_course_waitlist(Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::course_not_found);
  QueryReader query{call.request};
  auto asked = read_view_query(call, query);
  if (auto* refusal = std::get_if<Response>(&asked)) return std::move(*refusal);
  return list_of_course(
      call, [&backend = call.backend, id = CourseId{call.request.path_id}, view = std::get<ViewQuery>(asked),
             answer = answer_with_list(call, write_waitlist_row)] {
        backend.list_waitlist(id, view.page, view.min_position, answer);
      });
}

}  // namespace sugang
