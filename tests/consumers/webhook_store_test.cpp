#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "storage/bytes.hpp"
#include "tests/consumers/called_webhooks.hpp"
#include "tests/consumers/consumer_state.hpp"

// What is kept of the calls.

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The cursor is where what follows from the records is, and nowhere else.
TEST_F(WebhooksTest, KeepTheirCursorWithWhatIsToBeCalled) {
  const auto id = create(good);
  const auto about = notify();
  settle();
  node.timers.advance(node.limits.cursor_interval);
  settle();
  EXPECT_EQ(node.j().cursor("webhooks"), 0u);
  crash();
  EXPECT_EQ(webhooks->kept_cursor(), notices.back().position);
  EXPECT_EQ(state_of(*node.consumers, "webhooks").lag, 0u);
  EXPECT_EQ(delivery(id).about, about);
}

TEST_F(WebhooksTest, WithANewStoreCallForNothingThatWasBefore) {
  create(good);
  notify();
  settle();
  lose_store();
  EXPECT_EQ(state_of(*node.consumers, "webhooks").lag, 0u);
  notify();
  crash();
  EXPECT_EQ(state_of(*node.consumers, "webhooks").lag, 2u) << "where the new store began is durable";
}

TEST_F(WebhooksTest, ThatRememberMoreThanTheJournalGoOnAtItsEnd) {
  WriteSet ahead;
  WebhookStore::put_cursor(ahead, 99);
  store->write(ahead, Sync::yes);
  crash();
  const auto id = create(good);
  notify();
  settle();
  EXPECT_THAT(deliveries(id), SizeIs(1));
}

TEST_F(WebhooksTest, TheSameRecordsGivenAgainCallForNothing) {
  create_that_answers(good, {200, {}});
  notify();
  settle();
  ASSERT_EQ(transport.posts[good], 1);
  webhooks->consume(node.j().read(0, 100), Done{[](const std::string&) {}});
  settle();
  EXPECT_EQ(transport.posts[good], 1);
}

/// However often and wherever it crashes: each notification has one entry for each webhook, and each ends.
TEST_F(WebhooksTest, ConsumedAgainNothingIsCalledForAnew) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    const auto id = create(good);
    std::vector<EventId> all;
    for (int life = 0; life < 8; ++life) {
      for (int i = 0; i < 5; ++i) {
        all.push_back(notify());
        if (random() % 2 == 0) node.settle();
        if (random() % 2 == 0) webhooks->run_once();
        if (random() % 2 == 0 && !transport.waiting.empty()) transport.answer({200, {}});
        if (random() % 4 == 0 && !transport.waiting.empty()) transport.answer({500, {}});
        pass(Milliseconds{random() % 1'000});
      }
      end();
      store = store->crash({.seed = random(), .tear = true});
      const auto cursor = *WebhookStore{*store}.cursor();
      for (const auto& each : notices) {
        if (each.position > cursor || std::find(all.begin(), all.end(), each.about) == all.end()) continue;
        EXPECT_TRUE((WebhookStore{*store}.delivery(id, each.about))) << "the cursor has passed it";
      }
      open();
    }
    transport.answers[good] = {200, {}};
    pass(std::chrono::hours{1});
    const auto listed = deliveries(id);
    std::vector<EventId> ended;
    for (const auto& each : listed)
      if (each.state == WebhookDeliveryState::delivered) ended.push_back(each.about);
    std::sort(ended.begin(), ended.end());
    EXPECT_EQ(ended, all);
    EXPECT_EQ(listed.size(), all.size());
    webhooks->remove(id);
    settle();
    transport.answers.clear();
  }
}

TEST_F(WebhooksTest, AreListedInPagesTheNewestDeliveryFirst) {
  const auto id = create_that_answers(good, {200, {}});
  std::vector<EventId> all;
  for (int i = 0; i < 7; ++i) all.insert(all.begin(), notify());
  settle();
  std::vector<EventId> listed;
  Page page{.limit = 3, .cursor = {}};
  for (int pages = 0; pages < 3; ++pages) {
    const auto part = webhooks->deliveries(id, page);
    for (const auto& each : part->listing.items) listed.push_back(each.about);
    page.cursor = part->listing.next.value_or("");
  }
  EXPECT_EQ(listed, all);
  EXPECT_EQ(page.cursor, "");
  EXPECT_TRUE(webhooks->deliveries(id, {.limit = 3, .cursor = "nonsense"})->cursor_invalid);
  EXPECT_TRUE(webhooks->list({.limit = 3, .cursor = "nonsense"}).cursor_invalid);
}

TEST_F(WebhooksTest, OldDeliveriesLeaveTheListTheNewStay) {
  const auto id = create_that_answers(good, {200, {}});
  notify();
  settle();
  pass(std::chrono::minutes{5});
  node.timers.advance(limits.deliveries_kept - std::chrono::minutes{3});
  const auto about = notify();
  settle();
  EXPECT_EQ(delivery(id).about, about);
}

TEST_F(WebhooksTest, AWriteThatFailsEndsTheNode) {
  store = std::make_unique<MemoryStore>(WebhookStore::space_count, MemoryFaults{.failing_write = 2});
  node.crash();
  open();
  create(good);
  notify();
  settle();
  EXPECT_THAT(failures, ElementsAre(HasSubstr("webhooks: ")));
}

TEST_F(WebhooksTest, StandStillWhenTheirStoreCannotBeReadAndEndNoProcess) {
  create(good);
  constexpr std::uint8_t notices_space = 3;
  const EventId next{make_uid(node.timers.now() + Milliseconds{1'000}, {}, notified + 1, 0)};
  std::string key;
  put_uid(key, next.uid);
  store->spoil(notices_space, key);
  ASSERT_EQ(notify(), next);
  settle();
  notify();
  settle();
  EXPECT_THAT(failures, IsEmpty());
  EXPECT_THAT(damages, SizeIs(1));
  EXPECT_THAT(transport.waiting, IsEmpty());
}

}  // namespace
}  // namespace sugang
