#include "http/coaching_routes.hpp"

#include "http/person_step.hpp"

namespace sugang {
namespace {

bool is_training(const EnrollmentSummary& enrollment) { return enrollment.kind == CourseKind::training; }

Problem coaching_problem(const Outcome& outcome) {
  const auto problem = problem_of(*outcome.refusal);
  const auto* enrollment = std::get_if<EnrollmentSummary>(&outcome.subject);
  const bool other_kind = enrollment && enrollment->version != 0 && !is_training(*enrollment);
  return problem == Problem::not_awaited && other_kind ? Problem::not_a_training : problem;
}

/// Takes the step that the body says, or refuses the body.
template <class Step>
Handled take_decoded(Call& call, Decoded<Step> (*decode)(std::string_view), std::uint16_t status) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto decoded = decode(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  StepAnswer answer{.status = status, .write = write_coaching, .problem = coaching_problem, .location = {}};
  if (status == 201) answer.location = "/v1/coaching/" + to_text(*id);
  return take_person_step(call, *id, std::get<Step>(std::move(decoded)), std::move(answer));
}

}  // namespace

Handled list_coaching(Call& call) {
  QueryReader query{call.request};
  CoachingFilter filter;
  filter.state = query.one_of<CoachingState>("state");
  filter.instructor = query.named<InstructorId>("instructorId");
  return list_view(call, query, std::move(filter), write_coaching);
}

Handled get_coaching(Call& call) {
  return get_of_enrollment(call, parse_id<EnrollmentTag>(call.request.path_id),
                           {.write = write_coaching, .exists = is_training, .absent = Problem::coaching_not_found});
}

Handled assign_instructor(Call& call) { return take_decoded(call, decode_assignment, 200); }
Handled agree_on_schedule(Call& call) { return take_decoded(call, decode_schedule, 200); }
Handled record_result(Call& call) { return take_decoded(call, decode_result, 201); }

}  // namespace sugang
