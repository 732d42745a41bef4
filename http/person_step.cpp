#include "http/person_step.hpp"

#include "http/request_fields.hpp"

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

Handled take_person_step(Call& call, EnrollmentId id, StaffStep step, StepAnswer answer) {
  Command command;
  command.resource = id;
  command.run = [&backend = call.backend, id, step = std::move(step)](Asker asker) {
    backend.take_step(id, step, std::move(asker));
  };
  command.repeatable = true;
  command.render = [answer = std::move(answer), instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_step(answer, instance, outcome);
  };
  return run_command(call, std::move(command));
}

}  // namespace sugang
