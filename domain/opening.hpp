#pragma once

#include <optional>
#include <vector>

#include "domain/record.hpp"

namespace sugang {

/// How long what a new enrollment waits for may take.
struct OpeningLimits {
  /// An unfinished charge keeps its seats for so long: where the course refuses without payment, and where it
  /// defers.
  Milliseconds payment{};
  Milliseconds deferred_payment{};
  Milliseconds waitlist{};
};

/// What creates an enrollment, to be appended together: its request, its seats or its position on the waitlist, the
/// deadline of its saga, and the request of its payment. Where nothing has to be paid and no step stands between
/// payment and confirmation, the enrollment is confirmed in the same append.
struct Opening {
  /// In the order of the journal; without ids, traces and positions, the course's without sequences.
  std::vector<Record> records;
  /// Nothing was created.
  std::optional<CourseError> error;
};

/// Prices an enrollment, sets its mileage and its deadline.
Opening open_enrollment(const Course& course, EnrollmentId id, const PlaceEnrollment& placement,
                        PaymentSide payments, const OpeningLimits& limits, TimePoint now);

}  // namespace sugang
