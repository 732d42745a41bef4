#include "random_history.hpp"

#include <gtest/gtest.h>

#include <set>

#include "replay.hpp"
#include "storage/event_codes.hpp"

namespace sugang {
namespace {

/// A replay proves nothing of an event that the histories lack.
TEST(RandomHistories, HaveEveryEventThatThereIs) {
  std::set<std::string_view> missing;
  for_each_event_type([&]<std::size_t I, class E>() { missing.insert(E::name); });
  // The server's own; no view shows them.
  for (const auto name :
       {RequestAnswered::name, WebhookRegistered::name, WebhookDisabled::name, WebhookRemoved::name})
    missing.erase(name);
  for (std::uint64_t seed = 1; seed <= 40; ++seed)
    for (const RandomHistory history{seed}; const auto& record : history.records())
      missing.erase(event_name(record.event));
  EXPECT_TRUE(missing.empty()) << *missing.begin();
}

TEST(RandomHistories, HaveLongLinesAndFullBoxesAtTheirEnds) {
  std::size_t longest_waitlist = 0, longest_ledger = 0, fullest_box = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const RandomHistory history{seed};
    for (const auto& [course, line] : lines_of(history, history.end()))
      longest_waitlist = std::max(longest_waitlist, line.size());
    for (const auto& [student, ledger] : ledgers_of(history, history.end()))
      longest_ledger = std::max(longest_ledger, ledger.rows.size());
    for (const auto& [student, box] : notifications_of(history, history.end()))
      fullest_box = std::max(fullest_box, box.size());
  }
  EXPECT_GE(longest_waitlist, 3u);
  EXPECT_GE(longest_ledger, 5u);
  EXPECT_GE(fullest_box, 10u);
}

}  // namespace
}  // namespace sugang
