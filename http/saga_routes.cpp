#include "http/saga_routes.hpp"

#include "http/handling.hpp"
#include "http/request_fields.hpp"

namespace sugang {
namespace {

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

}  // namespace

Handled retry_saga(Call& call) { return operate(call, OperatorAction::retry, decode_cancellation); }
Handled compensate_saga(Call& call) { return operate(call, OperatorAction::compensate, decode_reason); }
Handled resolve_saga(Call& call) { return operate(call, OperatorAction::resolve, decode_reason); }

}  // namespace sugang
