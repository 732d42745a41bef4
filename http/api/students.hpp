#pragma once

#include "http/api/query.hpp"
#include "http/server/router.hpp"

namespace sugang {

std::span<const Route> student_routes();

void write_notification(JsonWriter& json, const Notification& notification);

}  // namespace sugang
