#pragma once

#include "http/api/enrollment_resource.hpp"
#include "http/server/router.hpp"

namespace sugang {

std::span<const Route> payment_routes();

void write_payment(JsonWriter& json, const EnrollmentSummary& enrollment);

}  // namespace sugang
