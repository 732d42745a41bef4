#include <array>

#include "http/api/enrollment_resource.hpp"
#include "http/api/routes.hpp"

namespace sugang {
namespace {

void write_delivery(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.member("id", delivery_of(enrollment.id))
      .member("enrollmentId", enrollment.id)
      .member("courseId", enrollment.course)
      .member("studentId", enrollment.student)
      .member("state", enrollment.delivery)
      .member("version", enrollment.version);
}

bool has_delivery(const EnrollmentSummary& enrollment) { return enrollment.delivery != DeliveryState::none; }

Problem delivery_problem(const Outcome& outcome) {
  const auto problem = problem_of(*outcome.refusal);
  const auto* enrollment = std::get_if<EnrollmentSummary>(&outcome.subject);
  const bool none_yet = problem == Problem::not_awaited && enrollment && !has_delivery(*enrollment);
  return problem == Problem::enrollment_not_found || none_yet ? Problem::delivery_not_found : problem;
}

template <class Step>
Handled move_delivery(Call& call) {
  const auto id = enrollment_in_path<DeliveryTag>(call);
  if (!id) return refuse(call, Problem::delivery_not_found);
  return take_staff_step(call, *id, Step{}, {.write = write_delivery, .problem = delivery_problem, .location = {}});
}

Handled list_deliveries(Call& call) {
  QueryReader query{call.request};
  DeliveryFilter filter{.state = query.one_of<DeliveryState>("state"),
                        .student = query.named<StudentId>("studentId")};
  return ask_view(call, query, std::move(filter), as_list(write_delivery));
}

Handled get_delivery(Call& call) {
  return get_of_enrollment(call, enrollment_in_path<DeliveryTag>(call),
                           {.write = write_delivery,
                            .no_enrollment = Problem::delivery_not_found,
                            .exists = has_delivery,
                            .absent = Problem::delivery_not_found});
}

}  // namespace

std::span<const Route> delivery_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::get, "/v1/deliveries", none, list_deliveries},
      Route{Method::get, "/v1/deliveries/{id}", none, get_delivery},
      Route{Method::post, "/v1/deliveries/{id}/start", json_optional, move_delivery<StartDelivery>},
      Route{Method::post, "/v1/deliveries/{id}/complete", json_optional, move_delivery<CompleteDelivery>},
  };
  return routes;
}

}  // namespace sugang
