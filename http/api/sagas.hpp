#pragma once

#include "http/api/enrollment_resource.hpp"
#include "http/server/router.hpp"

namespace sugang {

std::span<const Route> saga_routes();

void write_saga(JsonWriter& json, const EnrollmentSummary& enrollment);

}  // namespace sugang
