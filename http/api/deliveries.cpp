#include "http/api/deliveries.hpp"

#include <array>

namespace sugang {
namespace {

void write_delivery(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.begin_object();
  member_id(json, "id", delivery_of(enrollment.id));
  member_id(json, "enrollmentId", enrollment.id);
  member_id(json, "courseId", enrollment.course);
  member_id(json, "studentId", enrollment.student);
  json.member("state", to_text(enrollment.delivery)).member("version", enrollment.version).end_object();
}

bool has_delivery(const EnrollmentSummary& enrollment) { return enrollment.delivery != DeliveryState::none; }

Problem delivery_problem(const Outcome& outcome) {
  const auto problem = problem_of(*outcome.refusal);
  const auto* enrollment = std::get_if<EnrollmentSummary>(&outcome.subject);
  const bool none_yet = problem == Problem::not_awaited && enrollment && !has_delivery(*enrollment);
  return problem == Problem::enrollment_not_found || none_yet ? Problem::delivery_not_found : problem;
}

Handled move_delivery(Call& call, StaffStep step) {
  auto id = parse_id<DeliveryTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::delivery_not_found);
  return take_staff_step(call, enrollment_of(*id), std::move(step),
                         {.status = 200, .write = write_delivery, .problem = delivery_problem, .location = {}});
}

Handled list_deliveries(Call& call) {
  QueryReader query{call.request};
  DeliveryFilter filter;
  filter.state = query.one_of<DeliveryState>("state");
  filter.student = query.named<StudentId>("studentId");
  return list_view(call, query, std::move(filter), write_delivery);
}

Handled get_delivery(Call& call) {
  return get_of_enrollment(call, enrollment_behind(parse_id<DeliveryTag>(call.request.path_id)),
                           {.write = write_delivery,
                            .no_enrollment = Problem::delivery_not_found,
                            .exists = has_delivery,
                            .absent = Problem::delivery_not_found});
}

Handled start_delivery(Call& call) { return move_delivery(call, StartDelivery{}); }
Handled complete_delivery(Call& call) { return move_delivery(call, CompleteDelivery{}); }

}  // namespace

std::span<const Route> delivery_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::get, "/v1/deliveries", none, list_deliveries},
      Route{Method::get, "/v1/deliveries/{id}", none, get_delivery},
      Route{Method::post, "/v1/deliveries/{id}/start", json_optional, start_delivery},
      Route{Method::post, "/v1/deliveries/{id}/complete", json_optional, complete_delivery},
  };
  return routes;
}

}  // namespace sugang
