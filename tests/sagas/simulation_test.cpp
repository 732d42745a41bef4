#include <gmock/gmock.h>

#include <cstdlib>

#include "storage/event_codes.hpp"
#include "tests/simulation/crowd.hpp"

namespace sugang {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// SUGANG_SEEDS: how many; SUGANG_SEED: just this one, to replay a failure.
TEST(SeededFaults, LeaveEveryInvariantAndEveryAnswerStanding) {
  const auto first = number_from("SUGANG_SEED", 1);
  const auto count = std::getenv("SUGANG_SEED") ? 1 : number_from("SUGANG_SEEDS", 500);
  for (auto seed = first; seed < first + count; ++seed) {
    Crowd crowd{seed};
    auto fault = crowd.play(1500);
    ASSERT_FALSE(fault) << *fault << "\nreplay with SUGANG_SEED=" << seed;
  }
}

// What no seed ever does, none can break.
TEST(SeededFaults, MakeEverythingHappenThatCan) {
  std::set<std::string> missing;
  for_each_event_type([&]<std::size_t I, class E>() { missing.insert(std::string{E::name}); });
  // The crowd's company pays back whatever it is asked to, and there is no webhook.
  for (const auto* name : {"payment.refund-declined", "webhook.registered", "webhook.disabled", "webhook.removed"})
    missing.erase(name);
  for (std::uint64_t seed = 1; seed <= 200 && !missing.empty(); ++seed) {
    Crowd crowd{seed};
    ASSERT_FALSE(crowd.play(1500));
    for (const auto& name : crowd.happened()) missing.erase(name);
  }
  EXPECT_THAT(missing, testing::IsEmpty());
}

}  // namespace
}  // namespace sugang
