#include "http/enrollment_routes.hpp"

#include "domain/rejection.hpp"
#include "http/handling.hpp"
#include "http/request_fields.hpp"

namespace sugang {
namespace {

/// How long the rest of the server waits for a saga's end when the caller says nothing.
constexpr std::chrono::seconds wait_unless_said{5};
constexpr std::uint32_t pending_retry_after_s = 1;
/// What one enrollment's JSON usually takes.
constexpr std::size_t enrollment_bytes = 768;

Answer enrollment_answer(std::uint16_t status, const EnrollmentSummary& enrollment,
                         std::optional<std::uint64_t> place = std::nullopt) {
  Answer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.location = "/v1/enrollments/" + to_text(enrollment.id);
  answer.body.reserve(enrollment_bytes);
  JsonWriter json{answer.body};
  write_enrollment_in_line(json, enrollment, place);
  answer.etag = version_etag(enrollment.version, place);
  answer.position = enrollment.position;
  if (status == 202) answer.retry_after_s = pending_retry_after_s;
  return answer;
}

Answer ended_otherwise(Problem problem, const EnrollmentSummary& enrollment, const std::string& instance) {
  auto answer = to_answer(ProblemReport{.problem = problem, .instance = instance, .enrollment = enrollment.id});
  answer.position = enrollment.position;
  return answer;
}

/// What a POST of an enrollment answers: the enrollment, or how it ended without a seat.
Answer render_placement(const std::string& instance, const Outcome& outcome) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
  switch (enrollment.state) {
    case EnrollmentState::confirmed:
    case EnrollmentState::completed:
      return enrollment_answer(201, enrollment);
    case EnrollmentState::rejected:
      return ended_otherwise(problem_of(rejection_of(enrollment)), enrollment, instance);
    case EnrollmentState::expired:
      return ended_otherwise(Problem::enrollment_expired, enrollment, instance);
    case EnrollmentState::cancel_requested:
    case EnrollmentState::cancelled:
      return ended_otherwise(Problem::enrollment_ended, enrollment, instance);
    case EnrollmentState::none:
    case EnrollmentState::requested:
    case EnrollmentState::waitlisted:
    case EnrollmentState::seats_held:
    case EnrollmentState::payment_pending:
    case EnrollmentState::awaiting_instructor:
    case EnrollmentState::awaiting_schedule:
      break;
  }
  return enrollment_answer(202, enrollment, outcome.waitlist_position);
}

Answer render_cancellation(const std::string& instance, const Outcome& outcome) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
  return enrollment_answer(enrollment.state == EnrollmentState::cancelled ? 200 : 202, enrollment);
}

Preferences preferences(const Call& call) {
  return parse_prefer(call.request.field(RequestField::prefer).value_or(std::string_view{}));
}

EnrollmentFilter read_filter(QueryReader& query) {
  EnrollmentFilter filter;
  filter.student = query.named<StudentId>("studentId");
  filter.course = query.named<CourseId>("courseId");
  filter.state = query.one_of<EnrollmentState>("state");
  return filter;
}

}  // namespace

Handled post_enrollment(Call& call) {
  auto decoded = decode_placement(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  auto& placement = std::get<PlaceEnrollment>(decoded);
  if (!call.enter_course(placement.course)) return refuse(call, Problem::overloaded);
  const auto prefer = preferences(call);
  const Wait wait = prefer.effective_wait();
  call.wait_longer(wait.value_or(wait_unless_said));
  const Render render = [instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_placement(instance, outcome);
  };
  Submission placed{.caller = placement.student.text,
                    .resource = placement.course,
                    .wait = wait,
                    .render = render,
                    .render_joined = render,
                    .preference_applied = prefer.applied()};
  placed.command = std::move(placement);
  return submit(call, std::move(placed));
}

Handled cancel_enrollment(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto decoded = decode_cancellation(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  const auto prefer = preferences(call);
  const Wait wait = prefer.effective_wait();
  call.wait_longer(wait.value_or(wait_unless_said));
  const Render render = [instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_cancellation(instance, outcome);
  };
  return submit(call, {.resource = *id,
                       .command = ToEnrollment{*id, CancelSaga{std::get<std::string>(std::move(decoded))}},
                       .wait = wait,
                       .render = render,
                       .render_joined = render,
                       .preference_applied = prefer.applied()});
}

Handled list_enrollments(Call& call) {
  QueryReader query{call.request};
  auto filter = read_filter(query);
  return list_view(call, query, std::move(filter), write_enrollment);
}

}  // namespace sugang
