#pragma once

#include "http/api/enrollment_resource.hpp"

namespace sugang {

inline constexpr std::uint32_t seats_per_request_max = 1000;

Decoded<PlaceEnrollment> decode_placement(std::string_view body);

void write_enrollment(JsonWriter& json, const EnrollmentSummary& enrollment);
/// With its position on the course's waitlist, counted from 1, if it has one.
void write_enrollment_at(JsonWriter& json, const EnrollmentSummary& enrollment,
                         std::optional<std::uint64_t> waitlist_position);

}  // namespace sugang
