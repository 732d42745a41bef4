#pragma once

#include "http/enrollment_reads.hpp"

namespace sugang {

/// How a person's step in an enrollment's saga is answered.
struct StepAnswer {
  std::uint16_t status = 200;
  WriteSummary write;
  /// The problem that a refusal is for this resource.
  Problem (*problem)(const Outcome&);
  /// Where a 201 has put what it made.
  std::string location;
};

/// Takes the step, once per Idempotency-Key. All these steps may be repeated: the second time they change nothing.
Handled take_person_step(Call& call, EnrollmentId id, StaffStep step, StepAnswer answer);

}  // namespace sugang
