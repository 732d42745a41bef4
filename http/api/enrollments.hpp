#pragma once

#include "http/api/enrollment_resource.hpp"
#include "http/server/router.hpp"

namespace sugang {

std::span<const Route> enrollment_routes();

inline constexpr std::uint32_t seats_per_request_max = 1000;

Decoded<PlaceEnrollment> decode_placement(std::string_view body);

void write_enrollment(JsonWriter& json, const EnrollmentSummary& enrollment);
/// With its position on the course's waitlist, counted from 1, if it has one; and further members.
void write_enrollment_members(JsonWriter& json, const EnrollmentSummary& enrollment,
                              std::optional<std::uint64_t> place = std::nullopt);

}  // namespace sugang
