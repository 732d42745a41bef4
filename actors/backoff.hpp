#pragma once

#include <algorithm>
#include <cstdint>

#include "domain/time.hpp"

namespace sugang {

/// How long to wait after `failures` in a row, counted from 1: `first`, doubled with each, at most `longest`, less
/// up to a quarter by `random`, so that what failed together does not come back together.
inline Milliseconds backoff(Milliseconds first, Milliseconds longest, std::uint32_t failures,
                            std::uint64_t random) {
  auto wait = first;
  for (std::uint32_t i = 1; i < failures && wait < longest; ++i) wait *= 2;
  wait = std::min(wait, longest);
  const auto quarter = static_cast<std::uint64_t>(wait.count()) / 4;
  return wait - Milliseconds{static_cast<std::int64_t>(random % (quarter + 1))};
}

}  // namespace sugang
