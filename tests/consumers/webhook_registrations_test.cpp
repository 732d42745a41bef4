#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consumers/webhook_signature.hpp"
#include "tests/consumers/called_webhooks.hpp"

// Which webhooks there are.

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(WebhooksTest, ARemovedOneIsForgottenAndNoNotificationWaitsForIt) {
  const auto id = create(bad);
  for (int i = 0; i < 12; ++i) notify();
  settle();
  const auto out = transport.waiting.size();
  EXPECT_TRUE(webhooks->remove(id));
  EXPECT_FALSE(webhooks->remove(id));
  EXPECT_FALSE(webhooks->any());
  settle();
  EXPECT_EQ(count(NotificationState::queued), out) << "of the calls that are out the answer is waited for";
  while (!transport.waiting.empty()) transport.answer({200, {}});
  settle();
  EXPECT_EQ(count(NotificationState::queued), 0u);
  EXPECT_EQ(webhooks->deliveries(id, {}), std::nullopt);
  EXPECT_THAT(registered(), IsEmpty());
  EXPECT_THAT(WebhookStore{*store}.known(), IsEmpty());
}

TEST_F(WebhooksTest, ARemovalIsCarriedOutThoughACrashComesBetween) {
  const auto id = create(bad);
  notify();
  settle();
  webhooks->remove(id);
  node.journal->commit_all();
  crash();
  settle();
  EXPECT_EQ(count(NotificationState::failed), 1u);
  EXPECT_THAT(WebhookStore{*store}.known(), IsEmpty());
  EXPECT_THAT(transport.waiting, IsEmpty());
}

TEST_F(WebhooksTest, OneRegisteredLaterGetsNothingOfBefore) {
  create(good);
  notify();
  const auto late = create(bad);
  settle();
  EXPECT_THAT(deliveries(late), IsEmpty());
}

TEST_F(WebhooksTest, ReadNothingWhileNoneIsEnabled) {
  Record record;
  record.event = EnrollmentEvent{EnrollmentConfirmed{}};
  record.enrollment = EnrollmentId{Uid{1, 1}};
  EXPECT_FALSE(webhooks->concerns(record));
  create(good);
  EXPECT_TRUE(webhooks->concerns(record));
}

TEST_F(WebhooksTest, HaveABoundOnTheirNumber) {
  for (std::size_t i = 0; i < webhooks_max; ++i) ASSERT_TRUE(webhooks->create(good, {}));
  EXPECT_FALSE(webhooks->create(good, {}));
}

TEST_F(WebhooksTest, AreRegisteredTogetherWithWhatTheAppendCarriesOrNotAtAll) {
  const RequestId request{Uid{1, 2}};
  const auto complete = [&](const NewWebhook&, Append& append) {
    append.created = {request};
    append.records.push_back(node.story.record(request, RequestEvent{RequestAnswered{.status = 201}}));
  };
  webhooks->create(good, {}, complete);
  crash();
  EXPECT_THAT(registered(), IsEmpty());
  EXPECT_THAT(node.j().history(request), IsEmpty());
  node.story = Story{};
  webhooks->create(good, {}, complete);
  node.journal->commit_all();
  crash();
  EXPECT_THAT(registered(), SizeIs(1));
  EXPECT_THAT(node.j().history(request), SizeIs(1));
}

TEST_F(WebhooksTest, OutliveTheirStore) {
  const auto made = webhooks->create(good, {NoticeKind::enrollment_confirmed});
  node.journal->commit_all();
  lose_store();
  EXPECT_THAT(registered(), ElementsAre(made->webhook));
  const auto about = notify();
  settle();
  ASSERT_THAT(transport.waiting, SizeIs(1));
  const auto& call = transport.waiting[0].call;
  EXPECT_EQ(header(call, "webhook-signature"),
            sign_webhook(made->secret, to_text(about), node.timers.now(), call.body));
}

TEST_F(WebhooksTest, NothingLeavesForOneThatIsNotDurableYet) {
  webhooks->create(good, {});
  const auto id = node.story.new_enrollment("music");
  std::vector<Record> records{request_of(id), node.story.record(id, EnrollmentEvent{EnrollmentConfirmed{}}, id)};
  records[0].position = 10;
  records[1].position = 11;
  webhooks->consume(records, Done{[](const std::string&) {}});
  webhooks->run_once();
  EXPECT_THAT(transport.waiting, IsEmpty());
  node.journal->commit_all();
  webhooks->run_once();
  EXPECT_THAT(transport.waiting, SizeIs(1));
}

TEST_F(WebhooksTest, WhoseSecretsWereSealedWithAnotherKeyWaitForIt) {
  const auto id = create(good);
  const auto right = std::exchange(sealer, std::make_unique<Sealer>(folder.path() / "other-key"))->file();
  crash();
  EXPECT_THAT(unreadable, ElementsAre(id));
  const auto about = notify();
  pass(std::chrono::hours{1});
  EXPECT_EQ(transport.posts[good], 0);
  EXPECT_EQ(standing(about).state, NotificationState::queued);
  EXPECT_FALSE(registered().front().disabled);
  store->write({}, Sync::yes);
  sealer = std::make_unique<Sealer>(right);
  transport.answers[good] = {200, {}};
  crash();
  EXPECT_THAT(unreadable, IsEmpty());
  settle();
  EXPECT_EQ(standing(about).state, NotificationState::sent);
}

TEST_F(WebhooksTest, AreLoadedFromASnapshotAndABoundedTailHoweverOftenTheyChange) {
  limits.snapshot_events = 4;
  crash();
  const auto kept = create(bad, {NoticeKind::stock_prepared});
  for (int i = 0; i < 20; ++i) {
    webhooks->remove(create(good));
    node.journal->commit_all();
  }
  const auto listed = registered();
  crash();
  EXPECT_THAT(registered(), ElementsAreArray(listed));
  EXPECT_EQ(listed.front().id, kept);
  const auto registry = node.journal->wake(AggregateId::webhooks());
  EXPECT_TRUE(registry.snapshot);
  EXPECT_LT(registry.tail.size(), 8u);
  EXPECT_EQ(node.j().history(AggregateId::webhooks()).size(), 41u);
}

TEST_F(WebhooksTest, WhoseRegistryCannotBeReadStandStill) {
  webhooks->stand_still();
  EXPECT_THROW(webhooks->create(good, {}), StorageError);
  notify();
  settle();
  EXPECT_THAT(failures, IsEmpty());
}

}  // namespace
}  // namespace sugang
