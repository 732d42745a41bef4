#include "http/api/enrollment_resource.hpp"

#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

Answer render_step(const StepAnswer& form, const std::string& instance, const Outcome& outcome) {
  if (outcome.refusal) return refusal_answer(outcome, instance, form.problem(outcome));
  const auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
  Answer answer;
  answer.status = form.status;
  answer.content_type = "application/json";
  answer.location = form.location;
  answer.body = json_of(enrollment, form.write);
  answer.etag = version_etag(enrollment.version);
  answer.position = enrollment.position;
  return answer;
}

}  // namespace

EnrollmentSummary fold(const std::vector<Record>& records) {
  EnrollmentSummary summary;
  for (const auto& record : records) apply(summary, record);
  return summary;
}

Handled get_of_enrollment(Call& call, std::optional<EnrollmentId> id, const EnrollmentResource& resource) {
  if (!id) return refuse(call, resource.no_enrollment);
  ask(call.backend, ReadTimeline{*id},
      [exchange = call.exchange, instance = std::string{call.request.path}, known = if_none_match(call),
       resource](const ReadTimeline::Result& read) {
        const auto* found = read_or_refuse(read, exchange, instance);
        if (!found) return;
        const auto& records = *found;
        if (records.empty()) return exchange.answer(refuse(instance, resource.no_enrollment));
        const auto summary = fold(records);
        if (resource.exists && !resource.exists(summary)) return exchange.answer(refuse(instance, resource.absent));
        exchange.answer(single_resource(json_of(summary, resource.write), version_etag(summary.version), known));
      });
  return std::nullopt;
}

void list_of_enrollment(Call& call, EnrollmentId id, std::optional<SagaState> state, WriteSummary write) {
  ask(call.backend, ReadTimeline{id},
      [exchange = call.exchange, instance = std::string{call.request.path}, state,
       write](const ReadTimeline::Result& read) {
        const auto* records = read_or_refuse(read, exchange, instance);
        if (!records) return;
        std::vector<EnrollmentSummary> found;
        if (!records->empty()) found.push_back(fold(*records));
        if (state) std::erase_if(found, [&](const EnrollmentSummary& one) { return one.saga != *state; });
        exchange.answer(json_response(200, json_list(found, std::nullopt, write)));
      });
}

Handled take_staff_step(Call& call, EnrollmentId id, StaffStep step, StepAnswer answer) {
  Submission taken{.resource = id, .command = ToEnrollment{id, std::move(step)}, .repeatable = true};
  taken.render = [answer = std::move(answer), instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_step(answer, instance, outcome);
  };
  return submit(call, std::move(taken));
}

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

}  // namespace sugang
