#include "http/api/enrollment_resource.hpp"

#include "http/server/request_fields.hpp"

namespace sugang {

EnrollmentSummary fold(const std::vector<Record>& records) {
  EnrollmentSummary summary;
  for (const auto& record : records) apply(summary, record);
  return summary;
}

Handled get_of_enrollment(Call& call, std::optional<EnrollmentId> id, const EnrollmentResource& resource) {
  if (!id) return refuse(call, resource.no_enrollment);
  read(call.backend, Reply{call}, ReadTimeline{*id},
       [known = if_none_match(call), resource](const std::vector<Record>& records, const Reply& reply) {
         if (records.empty()) return reply.refuse(resource.no_enrollment);
         const auto summary = fold(records);
         if (resource.exists && !resource.exists(summary)) return reply.refuse(resource.absent);
         reply.answer(single_resource(json_of(summary, resource.write), version_etag(summary.version), known));
       });
  return std::nullopt;
}

void list_of_enrollment(Call& call, EnrollmentId id, std::optional<SagaState> state, WriteSummary write) {
  read(call.backend, Reply{call}, ReadTimeline{id},
       [state, write](const std::vector<Record>& records, const Reply& reply) {
         std::vector<EnrollmentSummary> found;
         if (!records.empty()) found.push_back(fold(records));
         if (state) std::erase_if(found, [&](const EnrollmentSummary& one) { return one.saga != *state; });
         reply.answer(json_response(200, json_list(found, std::nullopt, write)));
       });
}

Answer summary_answer(std::uint16_t status, std::string location, const EnrollmentSummary& enrollment,
                      WriteSummary write) {
  return {.status = status,
          .content_type = "application/json",
          .location = std::move(location),
          .body = json_of(enrollment, write),
          .etag = version_etag(enrollment.version),
          .position = enrollment.position};
}

Handled take_staff_step(Call& call, EnrollmentId id, StaffStep step, StepAnswer answer) {
  const auto render = [answer = std::move(answer)](const Outcome& outcome, const std::string& instance) {
    if (outcome.refusal) return refusal_answer(outcome, instance, answer.problem(outcome));
    const auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
    return summary_answer(answer.status, answer.location, enrollment, answer.write);
  };
  return submit(
      call, {.resource = id, .command = ToEnrollment{id, std::move(step)}, .render = render, .repeatable = true});
}

void write_steps(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.key("steps").objects(enrollment.steps, [](JsonWriter& members, const StepProgress& step) {
    members.member("name", step_label(step.step, step.direction)).member("state", step.state).member("at", step.at);
  });
}

}  // namespace sugang
