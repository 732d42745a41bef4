#include <array>

#include "http/api/enrollment_resource.hpp"
#include "http/api/routes.hpp"

namespace sugang {
namespace {

void write_payment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.member("id", payment_of(enrollment.id))
      .member("enrollmentId", enrollment.id)
      .member("state", enrollment.payment)
      .member("amount", enrollment.amount)
      .member("paymentMethod", enrollment.method)
      .member("version", enrollment.version);
}

Handled get_payment(Call& call) {
  return get_of_enrollment(call, enrollment_in_path<PaymentTag>(call), {write_payment});
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

std::span<const Route> payment_routes() {
  static constexpr std::array routes{
      Route{Method::get, "/v1/payments", BodyKind::none, list_payments},
      Route{Method::get, "/v1/payments/{id}", BodyKind::none, get_payment},
  };
  return routes;
}

}  // namespace sugang
