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
  Submission taken{.resource = id, .command = ToEnrollment{id, std::move(step)}, .repeatable = true};
  taken.render = [answer = std::move(answer), instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_step(answer, instance, outcome);
  };
  return submit(call, std::move(taken));
}

}  // namespace sugang
