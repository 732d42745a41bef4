#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "consumers/webhook_signature.hpp"
#include "storage/bytes.hpp"
#include "tests/consumers/called_webhooks.hpp"

namespace sugang {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

TEST(WebhookSignature, IsThatOfTheStandardsTestVector) {
  EXPECT_EQ(sign_webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                         TimePoint{std::chrono::seconds{1'614'265'330}}, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, ASecretIsFreshAndSigns) {
  const auto one = make_webhook_secret(), other = make_webhook_secret();
  EXPECT_THAT(one, StartsWith("whsec_"));
  EXPECT_EQ(one.size(), std::string{"whsec_"}.size() + 44u) << "32 bytes";
  EXPECT_NE(one, other);
  EXPECT_NE(sign_webhook(one, "a", {}, "b"), sign_webhook(other, "a", {}, "b"));
  EXPECT_NE(sign_webhook(one, "a", {}, "b"), sign_webhook(one, "a", {}, "c"));
  EXPECT_THROW(sign_webhook("secret", "a", {}, "b"), std::invalid_argument);
  EXPECT_THROW(sign_webhook("whsec_**", "a", {}, "b"), std::invalid_argument);
}

TEST_F(WebhooksTest, PostASignedNotificationToEachThatIsRegistered) {
  const auto made = webhooks->create(good, {});
  ASSERT_TRUE(made);
  node.journal->commit_all();
  EXPECT_TRUE(webhooks->any());
  const auto about = notify();
  settle();
  ASSERT_THAT(transport.waiting, SizeIs(1));
  const auto& call = transport.waiting[0].call;
  EXPECT_EQ(call.url, good);
  EXPECT_EQ(call.timeout, limits.call_timeout);
  EXPECT_THAT(call.body, StartsWith("{\"id\":\"evt_"));
  EXPECT_EQ(header(call, "content-type"), "application/json");
  EXPECT_EQ(header(call, "webhook-id"), to_text(about));
  EXPECT_EQ(header(call, "webhook-timestamp"), webhook_timestamp(node.timers.now()));
  EXPECT_EQ(header(call, "webhook-signature"),
            sign_webhook(made->secret, to_text(about), node.timers.now(), call.body));
  EXPECT_EQ(delivery(made->webhook.id).state, WebhookDeliveryState::pending);
  EXPECT_EQ(standing(about).state, NotificationState::queued);

  transport.answer({204, {}});
  settle();
  const auto ended = delivery(made->webhook.id);
  EXPECT_EQ(ended.about, about);
  EXPECT_EQ(ended.student, mina);
  EXPECT_EQ(ended.state, WebhookDeliveryState::delivered);
  EXPECT_EQ(ended.attempts, 1u);
  EXPECT_EQ(ended.status, 204);
  EXPECT_EQ(ended.next_attempt_at, std::nullopt);
  EXPECT_EQ(standing(about).state, NotificationState::sent);
  EXPECT_FALSE(WebhookStore{*store}.notice(about)) << "only what is queued or failed is kept";
}

TEST_F(WebhooksTest, TakeOnlyTheKindsTheyWant) {
  transport.answers[good] = transport.answers[bad] = {200, {}};
  const auto all = create(good);
  const auto some = create(bad, {NoticeKind::delivery_started, NoticeKind::stock_prepared});
  notify(NoticeKind::enrollment_confirmed);
  notify(NoticeKind::delivery_started);
  settle();
  EXPECT_THAT(deliveries(all), SizeIs(2));
  EXPECT_EQ(delivery(some).kind, NoticeKind::delivery_started);
}

TEST_F(WebhooksTest, ARetryComesLaterAndLaterUntilItArrives) {
  const auto id = create(good);
  const auto about = notify();
  settle();
  auto wait = limits.retry_min;
  for (int attempt = 1; attempt <= 4; ++attempt, wait *= 2) {
    ASSERT_THAT(transport.waiting, SizeIs(1)) << "attempt " << attempt;
    EXPECT_EQ(header(transport.waiting[0].call, "webhook-id"), to_text(about)) << "the same at every attempt";
    transport.answer(attempt % 2 == 0 ? WebhookAnswer{500, {}} : WebhookAnswer{std::nullopt, "no route"});
    settle();
    EXPECT_EQ(delivery(id).attempts, static_cast<std::uint32_t>(attempt));
    EXPECT_EQ(delivery(id).error, attempt % 2 == 0 ? "answered 500" : "no route");
    pass(wait * 3 / 4 - Milliseconds{1});
    EXPECT_THAT(transport.waiting, IsEmpty()) << "a quarter is all that chance takes off";
    pass(wait / 4 + Milliseconds{250});
  }
  transport.answer({200, {}});
  settle();
  EXPECT_EQ(delivery(id).state, WebhookDeliveryState::delivered);
  EXPECT_EQ(delivery(id).attempts, 5u);
  EXPECT_EQ(delivery(id).error, "");
  EXPECT_EQ(standing(about).state, NotificationState::sent);
}

TEST_F(WebhooksTest, AnythingButA2xxIsNoSuccess) {
  for (std::uint16_t status : {199, 301, 307, 400, 404, 429, 503}) {
    transport.answers[good] = {status, {}};
    const auto id = create(good);
    notify();
    settle();
    EXPECT_EQ(delivery(id).state, WebhookDeliveryState::pending) << status;
    webhooks->remove(id);
    settle();
  }
}

TEST_F(WebhooksTest, AfterTheLastAttemptItIsGivenUp) {
  transport.answers[bad] = {503, {}};
  const auto id = create(bad);
  const auto about = notify();
  pass(std::chrono::hours{2});
  EXPECT_EQ(transport.posts[bad], static_cast<int>(limits.attempts_max));
  EXPECT_EQ(delivery(id).state, WebhookDeliveryState::failed);
  EXPECT_EQ(delivery(id).attempts, limits.attempts_max);
  EXPECT_EQ(standing(about).state, NotificationState::failed);
  EXPECT_EQ(standing(about).error, "answered 503");
  store->write({}, Sync::yes);
  crash();
  EXPECT_EQ(standing(about).state, NotificationState::failed);
}

TEST_F(WebhooksTest, OneThatArrivedIsEnoughAndAllAreWaitedFor) {
  transport.answers[good] = {200, {}};
  transport.answers[bad] = {503, {}};
  create(good);
  create(bad);
  const auto about = notify();
  settle();
  EXPECT_EQ(standing(about).state, NotificationState::queued) << "the other is still tried";
  pass(std::chrono::hours{2});
  EXPECT_EQ(standing(about).state, NotificationState::sent);
}

TEST_F(WebhooksTest, OneThatIsGoneIsCalledNoMore) {
  transport.answers[good] = {200, {}};
  const auto healthy = create(good);
  const auto id = create(bad);
  for (int i = 0; i < 20; ++i) notify();
  settle();
  ASSERT_THAT(transport.waiting, SizeIs(limits.calls_per_webhook_max));
  transport.answer({410, {}});
  settle();
  EXPECT_THAT(webhooks->list({}).listing.items,
              UnorderedElementsAre(AllOf(Field(&Webhook::id, healthy), Field(&Webhook::disabled, false)),
                                   AllOf(Field(&Webhook::id, id), Field(&Webhook::disabled, true))));
  while (!transport.waiting.empty()) transport.answer({200, {}});
  notify();
  pass(std::chrono::hours{2});
  EXPECT_EQ(transport.posts[bad], static_cast<int>(limits.calls_per_webhook_max));
  EXPECT_THAT(deliveries(id), SizeIs(20));
  EXPECT_EQ(deliveries(id).front().state, WebhookDeliveryState::failed);
  EXPECT_EQ(count(NotificationState::queued), 0u);
  EXPECT_EQ(count(NotificationState::failed), 0u) << "the other one has taken them";
  crash();
  EXPECT_TRUE(webhooks->any());
  EXPECT_THAT(webhooks->list({}).listing.items, SizeIs(2));
}

TEST_F(WebhooksTest, OneThatHangsDelaysNoOther) {
  transport.answers[good] = {200, {}};
  const auto hanging = create(bad);
  const auto healthy = create(good);
  for (int i = 0; i < 50; ++i) notify();
  settle();
  EXPECT_THAT(transport.waiting, SizeIs(limits.calls_per_webhook_max));
  EXPECT_THAT(deliveries(healthy), Each(Field(&WebhookDelivery::state, WebhookDeliveryState::delivered)));
  EXPECT_THAT(deliveries(hanging), Each(Field(&WebhookDelivery::state, WebhookDeliveryState::pending)));
}

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
  EXPECT_THAT(webhooks->list({}).listing.items, IsEmpty());
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

TEST_F(WebhooksTest, WithoutATakerTheNotificationIsSent) {
  create(good, {NoticeKind::stock_prepared});
  const auto about = notify(NoticeKind::enrollment_confirmed);
  EXPECT_EQ(standing(about).state, NotificationState::sent) << "though it is yet to be taken up";
  settle();
  EXPECT_EQ(standing(about).state, NotificationState::sent);
  EXPECT_FALSE(WebhookStore{*store}.notice(about));
}

TEST_F(WebhooksTest, ANotificationThatIsYetToBeTakenUpIsQueued) {
  create(good);
  node.consumers->pause("webhooks", true);
  const auto about = notify();
  settle();
  EXPECT_THAT(transport.waiting, IsEmpty());
  EXPECT_EQ(standing(about).state, NotificationState::queued);
}

TEST_F(WebhooksTest, APromotionIsPostedForItsStudent) {
  const auto hook = create(good);
  const auto leaving = node.enroll("music");
  const auto waiter = node.story.new_enrollment("music");
  auto requested = request_of(waiter);
  append({std::move(requested),
          node.story.record(CourseId{"music"}, CourseEvent{WaiterPromoted{waiter, 1}}, leaving)});
  settle();
  const auto posted = deliveries(hook);
  const auto it = std::find_if(posted.begin(), posted.end(),
                               [](const auto& each) { return each.kind == NoticeKind::waitlist_promoted; });
  ASSERT_NE(it, posted.end());
  EXPECT_EQ(it->enrollment, waiter);
  EXPECT_EQ(it->student, mina);
}

TEST_F(WebhooksTest, SetAsideWhatConcernsAnEnrollmentThatCannotBeReadAndGoOn) {
  transport.answers[good] = {200, {}};
  const auto hook = create(good);
  const auto spoiled = node.enroll("music"), sound = node.enroll("music");
  settle();
  crash();
  node.spoil_timeline(spoiled);
  node.append({node.story.record(spoiled, EnrollmentEvent{EnrollmentCancelled{}}, spoiled)});
  const auto lost =
      node.append_durably({node.story.record(spoiled, EnrollmentEvent{EnrollmentCompleted{}}, spoiled)});
  node.append({node.story.record(sound, EnrollmentEvent{EnrollmentCompleted{}}, sound)});
  node.journal->commit_all();
  settle();
  EXPECT_EQ(deliveries(hook).size(), 3u) << "both confirmed, and the sound one completed";
  ASSERT_THAT(node.set_aside, SizeIs(2));
  EXPECT_EQ(node.set_aside[0].first, lost - 1);
  EXPECT_EQ(node.set_aside[1].first, lost);
  EXPECT_EQ(node.consumers->lag("webhooks"), 0u);
}

TEST_F(WebhooksTest, OneRegisteredLaterGetsNothingOfBefore) {
  create(good);
  notify();
  const auto late = create(bad);
  settle();
  EXPECT_THAT(deliveries(late), IsEmpty());
}

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
  EXPECT_EQ(node.consumers->lag("webhooks"), 0u);
  EXPECT_EQ(delivery(id).about, about);
}

TEST_F(WebhooksTest, WithANewStoreCallForNothingThatWasBefore) {
  create(good);
  notify();
  settle();
  webhooks.reset();
  transport.waiting.clear();
  node.crash();
  store = std::make_unique<MemoryStore>(WebhookStore::space_count);
  open();
  EXPECT_EQ(node.consumers->lag("webhooks"), 0u);
  notify();
  crash();
  EXPECT_EQ(node.consumers->lag("webhooks"), 2u) << "where the new store began is durable";
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

TEST_F(WebhooksTest, ReadNothingWhileNoneIsEnabled) {
  Record record;
  record.event = EnrollmentEvent{EnrollmentConfirmed{}};
  record.enrollment = EnrollmentId{Uid{1, 1}};
  EXPECT_FALSE(webhooks->concerns(record));
  create(good);
  EXPECT_TRUE(webhooks->concerns(record));
}

/// However often and wherever it crashes: each notification has one entry for each webhook, and each ends.
TEST_F(WebhooksTest, TheSameRecordsGivenAgainCallForNothing) {
  transport.answers[good] = {200, {}};
  create(good);
  notify();
  settle();
  ASSERT_EQ(transport.posts[good], 1);
  webhooks->consume(node.j().read(0, 100), Done{[](const std::string&) {}});
  settle();
  EXPECT_EQ(transport.posts[good], 1);
}

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
      webhooks.reset();
      transport.waiting.clear();
      node.crash();
      store = store->crash({.seed = random(), .tear = true});
      const auto cursor = *WebhookStore{*store}.cursor();
      for (const auto& each : notices)
        if (each.position <= cursor && std::find(all.begin(), all.end(), each.about) != all.end())
          EXPECT_TRUE((WebhookStore{*store}.delivery(id, each.about))) << "the cursor has passed it";
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

TEST_F(WebhooksTest, PausedTheyBeginNoCall) {
  transport.answers[good] = {200, {}};
  const auto id = create(good);
  webhooks->pause(true);
  notify();
  settle();
  EXPECT_EQ(delivery(id).state, WebhookDeliveryState::pending);
  EXPECT_EQ(transport.posts[good], 0);
  webhooks->pause(false);
  settle();
  EXPECT_EQ(delivery(id).state, WebhookDeliveryState::delivered);
}

TEST_F(WebhooksTest, AreListedInPagesTheNewestDeliveryFirst) {
  transport.answers[good] = {200, {}};
  const auto id = create(good);
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
  transport.answers[good] = {200, {}};
  const auto id = create(good);
  notify();
  settle();
  pass(std::chrono::minutes{5});
  node.timers.advance(limits.deliveries_kept - std::chrono::minutes{3});
  const auto about = notify();
  settle();
  EXPECT_EQ(delivery(id).about, about);
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
  EXPECT_THAT(webhooks->list({}).listing.items, IsEmpty());
  EXPECT_THAT(node.j().history(request), IsEmpty());
  node.story = Story{};
  webhooks->create(good, {}, complete);
  node.journal->commit_all();
  crash();
  EXPECT_THAT(webhooks->list({}).listing.items, SizeIs(1));
  EXPECT_THAT(node.j().history(request), SizeIs(1));
}

TEST_F(WebhooksTest, OutliveTheirStore) {
  const auto made = webhooks->create(good, {NoticeKind::enrollment_confirmed});
  node.journal->commit_all();
  webhooks.reset();
  node.crash();
  store = std::make_unique<MemoryStore>(WebhookStore::space_count);
  open();
  EXPECT_THAT(webhooks->list({}).listing.items, ElementsAre(made->webhook));
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
  EXPECT_FALSE(webhooks->list({}).listing.items.front().disabled);
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
  const auto listed = webhooks->list({}).listing.items;
  crash();
  EXPECT_THAT(webhooks->list({}).listing.items, ElementsAreArray(listed));
  EXPECT_EQ(listed.front().id, kept);
  Recovered registry;
  node.j().wake(AggregateId::webhooks(), [&](Recovered recovered) { registry = std::move(recovered); });
  node.journal->commit_all();
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

TEST_F(WebhooksTest, ADeadEndpointIsCalledSeldomWhateverWaitsForIt) {
  transport.answers[bad] = {std::nullopt, "connection refused"};
  transport.answers[good] = {204, {}};
  const auto dead = create(bad);
  create(good);
  for (int i = 0; i < 200; ++i) notify();
  pass(std::chrono::minutes{30});
  EXPECT_EQ(transport.posts[good], 200);
  // Its bound of failures, those that were out beside the last of them, and a rest that doubles from five seconds.
  EXPECT_LE(transport.posts[bad], static_cast<int>(limits.failures_max + limits.calls_per_webhook_max) + 10);
  const auto listed = webhooks->list({}).listing.items;
  const auto& webhook = listed.front().id == dead ? listed.front() : listed.back();
  EXPECT_TRUE(webhook.failing_since);
  EXPECT_EQ(webhook.failures, static_cast<std::uint32_t>(transport.posts[bad]));
  EXPECT_FALSE(webhook.disabled);
}

TEST_F(WebhooksTest, ADeadEndpointThatComesBackGetsAllThatWaitedForIt) {
  limits.attempts_max = 20;
  crash();
  transport.answers[bad] = {503, {}};
  const auto id = create(bad);
  for (int i = 0; i < 30; ++i) notify();
  pass(std::chrono::minutes{10});
  transport.answers[bad] = {204, {}};
  pass(std::chrono::minutes{30});
  EXPECT_THAT(deliveries(id), SizeIs(30));
  EXPECT_THAT(deliveries(id), Each(Field(&WebhookDelivery::state, WebhookDeliveryState::delivered)));
  EXPECT_FALSE(webhooks->list({}).listing.items.front().failing_since);
}

TEST_F(WebhooksTest, AnEndpointThatStaysDeadIsDisabledAndItsBacklogListedAsFailed) {
  limits.dead_max = std::chrono::hours{2};
  crash();
  transport.answers[bad] = {std::nullopt, "connection refused"};
  const auto id = create(bad);
  for (int i = 0; i < 40; ++i) notify();
  for (int minutes = 0; minutes < 300 && disabled.empty(); ++minutes) {
    node.timers.advance(std::chrono::minutes{1});
    settle();
  }
  EXPECT_THAT(disabled, ElementsAre(id));
  EXPECT_THAT(deliveries(id), Each(Field(&WebhookDelivery::state, WebhookDeliveryState::failed)));
  EXPECT_EQ(count(NotificationState::failed), 40u);
  crash();
  const auto webhook = webhooks->list({}).listing.items.front();
  EXPECT_TRUE(webhook.disabled);
  EXPECT_THAT(webhook.disabled_reason, HasSubstr("connection refused"));
  const auto calls = transport.posts[bad];
  notify();
  pass(std::chrono::minutes{5});
  EXPECT_EQ(transport.posts[bad], calls);
}

TEST_F(WebhooksTest, ABacklogHasABoundAndWhatItDropsIsListedAsFailed) {
  limits.backlog_max = 10;
  crash();
  const auto id = create(good);
  for (int i = 0; i < 25; ++i) notify();
  settle();
  ASSERT_THAT(deliveries(id), SizeIs(25));
  std::size_t dropped = 0;
  for (const auto& each : deliveries(id))
    if (each.state == WebhookDeliveryState::failed) {
      ++dropped;
      EXPECT_THAT(each.error, HasSubstr("backlog"));
    }
  EXPECT_EQ(dropped, 15u);
  EXPECT_EQ(count(NotificationState::failed), 15u);
  crash();
  transport.answers[good] = {204, {}};
  settle();
  EXPECT_EQ(transport.posts[good], 10 + 8) << "eight were out at the crash, and are called again";
  notify();
  settle();
  EXPECT_EQ(deliveries(id).front().state, WebhookDeliveryState::delivered) << "there is room again";
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

TEST_F(WebhooksTest, OnAThreadOfTheirOwnTheyDeliver) {
  transport.answers[good] = {200, {}};
  create(good);
  // The test moves its time only while no other thread reads it.
  const auto about = notify();
  webhooks->start();
  node.settle();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (standing(about).state != NotificationState::sent && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(standing(about).state, NotificationState::sent);
  webhooks->stop();
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
