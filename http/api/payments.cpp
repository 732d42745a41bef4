#include "http/api/payments.hpp"

#include <array>

namespace sugang {
namespace {

Handled get_payment(Call& call) {
  return get_of_enrollment(call, enrollment_behind(parse_id<PaymentTag>(call.request.path_id)), {write_payment});
}

Handled list_payments(Call& call) {
  QueryReader query{call.request};
  auto id = query.enrollment("enrollmentId");
  if (!id && query.faults().empty()) query.fault("enrollmentId", "is required");
  query.page();
  if (!query.faults().empty()) return refuse(call, query.faults());
  list_of_enrollment(call, *id, std::nullopt, write_payment);
  return std::nullopt;
}

}  // namespace

void write_payment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.begin_object();
  member_id(json, "id", payment_of(enrollment.id));
  member_id(json, "enrollmentId", enrollment.id);
  json.member("state", to_text(enrollment.payment)).key("amount");
  write_money(json, enrollment.amount);
  json.member("paymentMethod", to_text(enrollment.method)).member("version", enrollment.version).end_object();
}

std::span<const Route> payment_routes() {
  static constexpr std::array routes{
      Route{Method::get, "/v1/payments", BodyKind::none, list_payments},
      Route{Method::get, "/v1/payments/{id}", BodyKind::none, get_payment},
  };
  return routes;
}

}  // namespace sugang
