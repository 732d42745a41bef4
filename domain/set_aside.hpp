#pragma once

#include <cstdint>
#include <string>

#include "domain/record.hpp"

namespace sugang {

/// Records that a consumer failed on at every attempt, and passed over: what it would have made of them is missing.
struct SetAside {
  std::string consumer;
  /// The first and the last of them; several only where the journal could not be read.
  Position first = 0;
  Position last = 0;
  TimePoint at{};
  std::uint32_t attempts = 0;
  /// Of the last attempt.
  std::string error;
  bool operator==(const SetAside&) const = default;
};

}  // namespace sugang
