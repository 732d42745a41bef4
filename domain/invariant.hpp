#pragma once

namespace sugang {

[[noreturn]] void invariant_broken(const char* invariant);

/// Ends the process when the invariant does not hold, in every build: to stop is cheaper than a wrong seat.
inline void require(bool holds, const char* invariant) {
  if (!holds) [[unlikely]]
    invariant_broken(invariant);
}

}  // namespace sugang
