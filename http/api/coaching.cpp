#include "http/api/coaching.hpp"

#include <array>

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
template <class Step>
Handled take_decoded(Call& call, Decoded<Step> (*decode)(std::string_view), std::uint16_t status) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto decoded = decode(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  StepAnswer answer{.status = status, .write = write_coaching, .problem = coaching_problem, .location = {}};
  if (status == 201) answer.location = "/v1/coaching/" + to_text(*id);
  return take_staff_step(call, *id, std::get<Step>(std::move(decoded)), std::move(answer));
}

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

}  // namespace

Coaching shown_coaching(const EnrollmentSummary& enrollment) {
  auto coaching = enrollment.coaching.value_or(Coaching{});
  if (coaching.state == CoachingState::released) {
    coaching.instructor.reset();
    coaching.slot.reset();
  }
  return coaching;
}

void write_slot(JsonWriter& json, const TimeSlot& slot) {
  json.begin_object();
  member_text(json, "startsAt", to_text(slot.starts_at));
  member_text(json, "endsAt", to_text(slot.ends_at));
  json.end_object();
}

void write_coaching(JsonWriter& json, const EnrollmentSummary& enrollment) {
  const auto coaching = shown_coaching(enrollment);
  json.begin_object();
  member_id(json, "enrollmentId", enrollment.id);
  member_id(json, "courseId", enrollment.course);
  member_id(json, "studentId", enrollment.student);
  json.member("state", to_text(coaching.state));
  write_optional(json, "instructorId",
                 coaching.instructor ? std::optional{coaching.instructor->text} : std::nullopt);
  json.key("schedule");
  if (coaching.slot)
    write_slot(json, *coaching.slot);
  else
    json.null();
  write_optional(json, "heldAt", coaching.held_at ? std::optional{to_text(*coaching.held_at)} : std::nullopt);
  write_optional(json, "result", coaching.result);
  json.member("version", enrollment.version).end_object();
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
      Route{Method::post, "/v1/coaching/{enrollmentId}/assign", json, assign_instructor},
      Route{Method::post, "/v1/coaching/{enrollmentId}/schedule", json, agree_on_schedule},
      Route{Method::post, "/v1/coaching/{enrollmentId}/result", json, record_result},
  };
  return routes;
}

}  // namespace sugang
