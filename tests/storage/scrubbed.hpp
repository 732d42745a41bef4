#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "storage/journal.hpp"
#include "storage/journal_scrub.hpp"

namespace sugang {

/// A store's journal under a scrub, and what that found.
struct Scrubbed {
  explicit Scrubbed(const KeyValueStore& store, Position end)
      : scrub(
            store, [end] { return end; },
            [this](const JournalDamaged& fault) { causes.insert(fault.cause), found.push_back(fault); }) {}
  void pass(std::uint64_t bytes_max = 1'000) {
    for (int steps = 0; steps < 100'000; ++steps)
      if (scrub.step(bytes_max).ends_pass) return;
    FAIL() << "the pass does not end";
  }
  std::set<std::string> causes;
  std::vector<JournalDamaged> found;
  JournalScrub scrub;
};

}  // namespace sugang
