#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/consumers/called_webhooks.hpp"

namespace sugang {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Milliseconds year = std::chrono::hours{24 * 365};
constexpr Milliseconds day = std::chrono::hours{24};

/// The wall clock is set while webhooks are called.
class WebhookClock : public WebhooksTest {
 protected:
  /// The endpoint counts as dead.
  WebhookId create_dead() {
    transport.answers[bad] = {503, {}};
    const auto id = create(bad);
    for (int i = 0; i < 40; ++i) notify();
    pass(std::chrono::minutes{5});
    EXPECT_GE(webhooks->list({}).listing.items.front().failures, limits.failures_max);
    return id;
  }
};

TEST_F(WebhookClock, SetBackSilencesNoWebhook) {
  transport.answers[good] = {200, {}};
  const auto id = create(good);
  node.timers.set_clock(-year);
  notify();
  settle();
  EXPECT_EQ(delivery(id).state, WebhookDeliveryState::delivered);
}

TEST_F(WebhookClock, SetBackCallsForNothingThatWasQueuedBeforeTheWebhookWasCreated) {
  node.consumers->pause("webhooks", true);
  notify();
  node.timers.set_clock(-year);
  const auto late = create(good);
  node.consumers->pause("webhooks", false);
  settle();
  EXPECT_THAT(deliveries(late), IsEmpty());
}

TEST_F(WebhookClock, SetForwardDisablesNoEndpoint) {
  create_dead();
  node.timers.set_clock(limits.dead_max + day);
  pass(std::chrono::hours{1});
  EXPECT_THAT(disabled, IsEmpty());
}

TEST_F(WebhookClock, SetBackKeepsNoDeadEndpointEnabled) {
  limits.dead_max = std::chrono::hours{2};
  crash();
  const auto id = create_dead();
  node.timers.set_clock(-year);
  pass(std::chrono::hours{4});
  EXPECT_THAT(disabled, ElementsAre(id));
}

TEST_F(WebhookClock, RestartsEndNoCountOfHowLongAnEndpointHasBeenDead) {
  limits.dead_max = std::chrono::hours{4};
  crash();
  const auto id = create_dead();
  for (int i = 0; i < 4 && disabled.empty(); ++i) {
    pass(std::chrono::hours{2});
    store->write({}, Sync::yes);
    crash();
  }
  EXPECT_THAT(disabled, ElementsAre(id));
}

TEST_F(WebhookClock, SetBackStretchesNoRetry) {
  transport.answers[bad] = {503, {}};
  const auto id = create(bad);
  notify();
  settle();
  ASSERT_EQ(transport.posts[bad], 1);
  node.timers.set_clock(-year);
  pass(limits.retry_min + Milliseconds{250});
  EXPECT_EQ(transport.posts[bad], 2);
  EXPECT_LT(delivery(id).updated_at, story_begin) << "what is shown is what the wall clock shows";
}

TEST_F(WebhookClock, SetForwardMakesNoRetryDue) {
  transport.answers[bad] = {503, {}};
  create(bad);
  notify();
  settle();
  node.timers.set_clock(year);
  pass(limits.retry_min / 2);
  EXPECT_EQ(transport.posts[bad], 1);
}

TEST_F(WebhookClock, SetBackStretchesNoRestOfADeadEndpoint) {
  const auto id = create_dead();
  node.timers.set_clock(-year);
  transport.answers[bad] = {200, {}};
  pass(std::chrono::hours{2});
  EXPECT_FALSE(webhooks->list({}).listing.items.front().failing_since);
  EXPECT_THAT(deliveries(id), Each(Field(&WebhookDelivery::next_attempt_at, std::nullopt)));
}

TEST_F(WebhookClock, SetBackBeforeARestartLeavesNoCallWaiting) {
  transport.answers[bad] = {503, {}};
  const auto id = create(bad);
  notify();
  settle();
  node.timers.set_clock(-year);
  store->write({}, Sync::yes);
  crash();
  transport.answers[bad] = {200, {}};
  settle();
  EXPECT_EQ(delivery(id).state, WebhookDeliveryState::delivered);
}

TEST_F(WebhookClock, SetForwardForgetsNoDelivery) {
  transport.answers[good] = {200, {}};
  const auto id = create(good);
  notify();
  settle();
  node.timers.set_clock(year);
  pass(std::chrono::hours{2});
  EXPECT_THAT(deliveries(id), SizeIs(1));
}

TEST_F(WebhookClock, SetBackForgetsNoDeliveryAndNoRetry) {
  transport.answers[bad] = {503, {}};
  const auto id = create(bad);
  node.timers.set_clock(-year);
  notify();
  pass(std::chrono::hours{2});
  EXPECT_THAT(deliveries(id), SizeIs(1));
  EXPECT_EQ(transport.posts[bad], static_cast<int>(limits.attempts_max));
}

}  // namespace
}  // namespace sugang
