#pragma once

#include <vector>

#include "domain/record.hpp"
#include "domain/timeline.hpp"

namespace sugang {

/// A record as it was meant when `version` of its event type was current.
struct GoldenRecord {
  int version = 1;
  Record record;
};
std::vector<GoldenRecord> golden_records();
/// As version 1 of the snapshot knew it, or as the newest does.
inline constexpr int course_version = 3;
Course golden_course(int version);
InstructorCalendar golden_calendar();
MileageAccount golden_account();
NotificationBox golden_box();
inline constexpr int summary_version = 5;
EnrollmentSummary golden_summary(int version);

}  // namespace sugang
