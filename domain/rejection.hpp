#pragma once

#include "domain/outcome.hpp"

namespace sugang {

/// Why a rejected enrollment has no seats: its payment was declined, or the waitlist dismissed it.
inline Refusal rejection_of(const EnrollmentSummary& rejected) {
  if (rejected.payment == PaymentState::none) return CourseError::sold_out;
  return PaymentError::declined;
}

}  // namespace sugang
