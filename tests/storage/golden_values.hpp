#pragma once

#include <vector>

#include "domain/record.hpp"
#include "domain/timeline.hpp"

namespace sugang {

/// One event of each type, each in a record of its own.
std::vector<Record> golden_events();
/// The events that begin a keyed enrollment, which go into one record.
std::vector<Record> golden_beginning();
Course golden_course();
InstructorCalendar golden_calendar();
WebhookRegistry golden_webhooks();
EnrollmentSummary golden_summary();

}  // namespace sugang
