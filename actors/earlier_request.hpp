#pragma once

#include <cstdint>
#include <optional>

#include "actors/caller.hpp"

namespace sugang {

/// What is known of a repeated keyed request.
struct EarlierRequest {
  enum class Kind : std::uint8_t { none, in_progress, other_body, answered, joined, unreadable };
  Kind kind = Kind::none;
  Answer answer;                                   ///< for answered
  std::optional<EnrollmentId> enrollment;          ///< for joined: taken up before a crash, its saga answers
  ServiceError error = ServiceError::read_failed;  ///< for unreadable
};

}  // namespace sugang
