#pragma once

#include "http/api/enrollment_resource.hpp"
#include "http/server/router.hpp"

namespace sugang {

std::span<const Route> coaching_routes();

inline constexpr Milliseconds slot_max = std::chrono::hours{24};

Decoded<AssignInstructor> decode_assignment(std::string_view body);
/// A slot that ends after it starts and is no longer than `slot_max`.
Decoded<AgreeOnSlot> decode_schedule(std::string_view body);
Decoded<RecordResult> decode_result(std::string_view body);

/// Instructor and schedule are given up together: what was released is shown no more.
Coaching shown_coaching(const EnrollmentSummary& enrollment);
void write_slot(JsonWriter& json, const TimeSlot& slot);
void write_coaching(JsonWriter& json, const EnrollmentSummary& enrollment);

}  // namespace sugang
