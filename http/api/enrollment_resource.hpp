#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/api/command.hpp"

// Resources that are folded from an enrollment's timeline, so that reads by id agree.

namespace sugang {

using WriteSummary = void (*)(JsonWriter&, const EnrollmentSummary&);

EnrollmentSummary fold(const std::vector<Record>& records);

/// One resource of those that are folded from an enrollment's timeline.
struct EnrollmentResource {
  WriteSummary write;
  /// Answered when there is no such enrollment.
  Problem no_enrollment = Problem::enrollment_not_found;
  /// Whether the enrollment has it; nothing: each has.
  bool (*exists)(const EnrollmentSummary&) = nullptr;
  /// Answered when it has not.
  Problem absent = Problem::not_found;
};
Handled get_of_enrollment(Call& call, std::optional<EnrollmentId> id, const EnrollmentResource& resource);

/// The enrollment whose resource the path's id names.
template <class Tag>
std::optional<EnrollmentId> enrollment_in_path(const Call& call) {
  const auto id = parse_id<Tag>(call.request.path_id);
  return id ? std::optional{EnrollmentId{id->uid}} : std::nullopt;
}

/// A list of what there is of one enrollment: one, or none; none in another state of its saga.
void list_of_enrollment(Call& call, EnrollmentId id, std::optional<SagaState> state, WriteSummary write);

/// An answer with the enrollment as `write` writes it.
Answer summary_answer(std::uint16_t status, std::string location, const EnrollmentSummary& enrollment,
                      WriteSummary write);

/// How a staff member's step in an enrollment's saga is answered.
struct StepAnswer {
  std::uint16_t status = 200;
  WriteSummary write;
  /// The problem that a refusal is for this resource.
  Problem (*problem)(const Outcome&);
  /// Where a 201 has put what it made.
  std::string location;
};

/// Takes the step, once per Idempotency-Key. All these steps may be repeated: the second time they change nothing.
Handled take_staff_step(Call& call, EnrollmentId id, StaffStep step, StepAnswer answer);

/// Each step that was taken, with its state and time.
void write_steps(JsonWriter& json, const EnrollmentSummary& enrollment);

}  // namespace sugang
