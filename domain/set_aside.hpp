#pragma once

#include <cstdint>
#include <string>

#include "domain/record.hpp"

namespace sugang {

/// A record that a consumer failed on at every attempt, and passed over: what it would have made of it is missing.
struct SetAside {
  std::string consumer;
  /// The same, but in entries of earlier versions, which passed over whole pages.
  Position first = 0;
  Position last = 0;
  TimePoint at{};
  std::uint32_t attempts = 0;
  /// Of the last attempt.
  std::string error;
  bool operator==(const SetAside&) const = default;
};

}  // namespace sugang
