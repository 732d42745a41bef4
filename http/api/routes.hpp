#pragma once

#include "http/server/router.hpp"

// The routes of each resource, from the file of its name.

namespace sugang {

std::span<const Route> coaching_routes();
std::span<const Route> course_routes();
std::span<const Route> delivery_routes();
std::span<const Route> document_routes();
std::span<const Route> enrollment_routes();
std::span<const Route> event_routes();
std::span<const Route> payment_routes();
std::span<const Route> saga_routes();
std::span<const Route> student_routes();
std::span<const Route> webhook_routes();

}  // namespace sugang
