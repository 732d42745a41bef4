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
Course golden_course();
EnrollmentSummary golden_summary();

}  // namespace sugang
