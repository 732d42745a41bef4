#pragma once

#include "http/api/enrollment_resource.hpp"
#include "http/server/router.hpp"

namespace sugang {

std::span<const Route> delivery_routes();

}  // namespace sugang
