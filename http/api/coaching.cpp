#include "http/api/coaching.hpp"

#include <array>

#include "http/api/routes.hpp"

namespace sugang {
namespace {

void read_slot(ObjectReader& members, AgreeOnSlot& agreed) {
  members.require("startsAt");
  members.require("endsAt");
  const auto from = members.time("startsAt");
  const auto to = members.time("endsAt");
  if (!from || !to) return;
  agreed.slot = {*from, *to};
  if (*to <= *from)
    members.fault("endsAt", "must be after startsAt");
  else if (*to - *from > slot_max)
    members.fault("endsAt", "must be at most 24 hours after startsAt");
}

bool is_training(const EnrollmentSummary& enrollment) { return enrollment.kind == CourseKind::training; }

Problem coaching_problem(const Outcome& outcome) {
  const auto problem = problem_of(*outcome.refusal);
  const auto* enrollment = std::get_if<EnrollmentSummary>(&outcome.subject);
  const bool other_kind = enrollment && enrollment->version != 0 && !is_training(*enrollment);
  return problem == Problem::not_awaited && other_kind ? Problem::not_a_training : problem;
}

/// Takes the step in the body, or refuses the body.
template <auto decode, std::uint16_t status>
Handled take_decoded(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto decoded = decode(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  StepAnswer answer{.status = status, .write = write_coaching, .problem = coaching_problem, .location = {}};
  if (status == 201) answer.location = "/v1/coaching/" + to_text(*id);
  return take_staff_step(call, *id, std::get<0>(std::move(decoded)), std::move(answer));
}

Handled list_coaching(Call& call) {
  QueryReader query{call.request};
  CoachingFilter filter{.state = query.one_of<CoachingState>("state"),
                        .instructor = query.named<InstructorId>("instructorId")};
  return ask_view(call, query, std::move(filter), as_list(write_coaching));
}

Handled get_coaching(Call& call) {
  return get_of_enrollment(call, parse_id<EnrollmentTag>(call.request.path_id),
                           {.write = write_coaching, .exists = is_training, .absent = Problem::coaching_not_found});
}

}  // namespace

Coaching shown_coaching(const EnrollmentSummary& enrollment) {
  auto coaching = enrollment.coaching.value_or(Coaching{});
  if (coaching.state == CoachingState::released) {
    coaching.instructor.reset();
    coaching.slot.reset();
  }
  return coaching;
}

void write_coaching(JsonWriter& json, const EnrollmentSummary& enrollment) {
  const auto coaching = shown_coaching(enrollment);
  json.member("enrollmentId", enrollment.id)
      .member("courseId", enrollment.course)
      .member("studentId", enrollment.student)
      .member("state", coaching.state)
      .member("instructorId", coaching.instructor)
      .member("schedule", coaching.slot)
      .member("heldAt", coaching.held_at)
      .member("result", coaching.result)
      .member("version", enrollment.version);
}

Decoded<AssignInstructor> decode_assignment(std::string_view body) {
  return decode_object<AssignInstructor>(body, [](ObjectReader& members, AssignInstructor& value) {
    members.require("instructorId");
    set(value.instructor.text, members.name("instructorId"));
  });
}

Decoded<AgreeOnSlot> decode_schedule(std::string_view body) { return decode_object<AgreeOnSlot>(body, read_slot); }

Decoded<RecordResult> decode_result(std::string_view body) {
  return decode_object<RecordResult>(body, [](ObjectReader& members, RecordResult& value) {
    members.require("result");
    members.require("heldAt");
    set(value.result, members.text("result", result_chars_max));
    set(value.held_at, members.time("heldAt"));
  });
}

std::span<const Route> coaching_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::get, "/v1/coaching", none, list_coaching},
      Route{Method::get, "/v1/coaching/{enrollmentId}", none, get_coaching},
      Route{Method::post, "/v1/coaching/{enrollmentId}/assign", json, take_decoded<decode_assignment, 200>},
      Route{Method::post, "/v1/coaching/{enrollmentId}/schedule", json, take_decoded<decode_schedule, 200>},
      Route{Method::post, "/v1/coaching/{enrollmentId}/result", json, take_decoded<decode_result, 201>},
  };
  return routes;
}

}  // namespace sugang
