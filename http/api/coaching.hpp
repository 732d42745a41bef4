#pragma once

#include "http/api/enrollment_resource.hpp"

namespace sugang {

inline constexpr Milliseconds slot_max = std::chrono::hours{24};

Decoded<AssignInstructor> decode_assignment(std::string_view body);
/// A slot that ends after it starts and is no longer than `slot_max`.
Decoded<AgreeOnSlot> decode_schedule(std::string_view body);
Decoded<RecordResult> decode_result(std::string_view body);

/// Instructor and schedule are given up together: what was released is shown no more.
Coaching shown_coaching(const EnrollmentSummary& enrollment);
void write_coaching(JsonWriter& json, const EnrollmentSummary& enrollment);

}  // namespace sugang
