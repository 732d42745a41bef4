#include "http/api/sagas.hpp"

#include <array>

#include "http/api/reason.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

/// The step at which the saga waits: for the staff, the waitlist, the payment side or a paused component.
std::optional<std::string> waits_for(const EnrollmentSummary& enrollment) {
  if (enrollment.ticket) return std::string{step_label(Step::hold_seats, Direction::act)};
  if (enrollment.saga != SagaState::waiting) return std::nullopt;
  // Waiting for a charge that is under way has no event.
  auto step = enrollment.awaits == Step::none ? Step::take_payment : enrollment.awaits;
  // An instructor confirms a schedule by the booking in the calendar.
  if (step == Step::book_slot) step = Step::confirm_schedule;
  return std::string{step_label(step, enrollment.turned ? Direction::undo : Direction::act)};
}

constexpr std::uint32_t operated_retry_after_s = 1;

Answer saga_answer(const EnrollmentSummary& enrollment) {
  Answer answer;
  answer.status = 202;
  answer.content_type = "application/json";
  answer.location = "/v1/sagas/" + to_text(saga_of(enrollment.id));
  answer.body = json_of(enrollment, write_saga);
  answer.etag = version_etag(enrollment.version);
  answer.position = enrollment.position;
  answer.retry_after_s = operated_retry_after_s;
  return answer;
}

Answer render_operation(const std::string& instance, const Outcome& outcome) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  return saga_answer(std::get<EnrollmentSummary>(outcome.subject));
}

/// The operation is journaled; a saga that has ended since, however it ended, is no refusal of it.
Answer render_joined(const std::string& instance, const Outcome& outcome) {
  const auto* enrollment = std::get_if<EnrollmentSummary>(&outcome.subject);
  return enrollment ? saga_answer(*enrollment) : render_operation(instance, outcome);
}

Handled operate(Call& call, OperatorAction action, Decoded<std::string> (*decode)(std::string_view)) {
  auto id = parse_id<SagaTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto decoded = decode(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  Operation operation{action, std::get<std::string>(std::move(decoded))};
  std::string instance{call.request.path};
  const auto enrollment = enrollment_of(*id);
  return submit(call,
                {.resource = enrollment,
                 .command = ToEnrollment{enrollment, std::move(operation)},
                 .wait = Milliseconds{0},
                 .render = [instance](const Outcome& outcome) { return render_operation(instance, outcome); },
                 .render_joined = [instance](const Outcome& outcome) { return render_joined(instance, outcome); }});
}

Handled retry_saga(Call& call) { return operate(call, OperatorAction::retry, decode_optional_reason); }
Handled compensate_saga(Call& call) { return operate(call, OperatorAction::compensate, decode_reason); }
Handled resolve_saga(Call& call) { return operate(call, OperatorAction::resolve, decode_reason); }

Handled get_saga(Call& call) {
  return get_of_enrollment(call, enrollment_behind(parse_id<SagaTag>(call.request.path_id)), {write_saga});
}

Handled list_sagas(Call& call) {
  QueryReader query{call.request};
  auto id = query.enrollment("enrollmentId");
  EnrollmentFilter filter;
  filter.saga = query.one_of<SagaState>("state");
  if (!id) return list_view(call, query, std::move(filter), write_saga);
  auto page = read_view_page(call, query);
  if (auto* refusal = std::get_if<Response>(&page)) return std::move(*refusal);
  list_of_enrollment(call, *id, filter.saga, write_saga);
  return std::nullopt;
}

}  // namespace

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

std::span<const Route> saga_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::get, "/v1/sagas", none, list_sagas},
      Route{Method::get, "/v1/sagas/{id}", none, get_saga},
      Route{Method::post, "/v1/sagas/{id}/retry", json_optional, retry_saga},
      Route{Method::post, "/v1/sagas/{id}/compensate", json, compensate_saga},
      Route{Method::post, "/v1/sagas/{id}/resolve", json, resolve_saga},
  };
  return routes;
}

}  // namespace sugang
