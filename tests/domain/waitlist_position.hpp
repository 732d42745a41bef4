#pragma once

#include <iterator>
#include <optional>

#include "domain/course.hpp"

namespace sugang {

/// Position on the waitlist, counted from 1; none for an enrollment that is not on it.
inline std::optional<std::uint64_t> waitlist_position_of(const Course& course, EnrollmentId enrollment) {
  const auto ticket = course.tickets.find(enrollment);
  if (ticket == course.tickets.end()) return std::nullopt;
  const auto place = course.waitlist.find(ticket->second);
  return static_cast<std::uint64_t>(std::distance(course.waitlist.begin(), place)) + 1;
}

}  // namespace sugang
