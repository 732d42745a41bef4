#pragma once

#include <optional>
#include <vector>

#include "http/handling.hpp"

namespace sugang {

// Reads by id: all fold the enrollment's timeline, so they agree.

using WriteSummary = void (*)(JsonWriter&, const EnrollmentSummary&);

EnrollmentSummary fold(const std::vector<Record>& records);

/// One resource of those that an enrollment's timeline tells of.
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

template <class Id>
std::optional<EnrollmentId> enrollment_behind(std::optional<Id> id) {
  return id ? std::optional{enrollment_of(*id)} : std::nullopt;
}

}  // namespace sugang
