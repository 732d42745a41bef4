#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "consumers/webhook_signature.hpp"
#include "tests/consumers/called_webhooks.hpp"
#include "tests/consumers/consumer_state.hpp"

// What is called, when and how often.

namespace sugang {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

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
  const auto id = create_that_answers(bad, {503, {}});
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
  create_that_answers(good, {200, {}});
  create_that_answers(bad, {503, {}});
  const auto about = notify();
  settle();
  EXPECT_EQ(standing(about).state, NotificationState::queued) << "the other is still tried";
  pass(std::chrono::hours{2});
  EXPECT_EQ(standing(about).state, NotificationState::sent);
}

TEST_F(WebhooksTest, OneThatIsGoneIsCalledNoMore) {
  const auto healthy = create_that_answers(good, {200, {}});
  const auto id = create(bad);
  for (int i = 0; i < 20; ++i) notify();
  settle();
  ASSERT_THAT(transport.waiting, SizeIs(limits.calls_per_webhook_max));
  transport.answer({410, {}});
  settle();
  EXPECT_THAT(registered(),
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
  EXPECT_THAT(registered(), SizeIs(2));
}

TEST_F(WebhooksTest, OneThatHangsDelaysNoOther) {
  const auto hanging = create(bad);
  const auto healthy = create_that_answers(good, {200, {}});
  for (int i = 0; i < 50; ++i) notify();
  settle();
  EXPECT_THAT(transport.waiting, SizeIs(limits.calls_per_webhook_max));
  EXPECT_THAT(deliveries(healthy), Each(Field(&WebhookDelivery::state, WebhookDeliveryState::delivered)));
  EXPECT_THAT(deliveries(hanging), Each(Field(&WebhookDelivery::state, WebhookDeliveryState::pending)));
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
  const auto hook = create_that_answers(good, {200, {}});
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
  EXPECT_EQ(state_of(*node.consumers, "webhooks").lag, 0u);
}

TEST_F(WebhooksTest, PausedTheyBeginNoCall) {
  const auto id = create_that_answers(good, {200, {}});
  webhooks->pause(true);
  notify();
  settle();
  EXPECT_EQ(delivery(id).state, WebhookDeliveryState::pending);
  EXPECT_EQ(transport.posts[good], 0);
  webhooks->pause(false);
  settle();
  EXPECT_EQ(delivery(id).state, WebhookDeliveryState::delivered);
}

TEST_F(WebhooksTest, ADeadEndpointIsCalledSeldomWhateverWaitsForIt) {
  const auto dead = create_that_answers(bad, {std::nullopt, "connection refused"});
  create_that_answers(good, {204, {}});
  for (int i = 0; i < 200; ++i) notify();
  pass(std::chrono::minutes{30});
  EXPECT_EQ(transport.posts[good], 200);
  // Its bound of failures, those that were out beside the last of them, and a rest that doubles from five seconds.
  EXPECT_LE(transport.posts[bad], static_cast<int>(limits.failures_max + limits.calls_per_webhook_max) + 10);
  const auto listed = registered();
  const auto& webhook = listed.front().id == dead ? listed.front() : listed.back();
  EXPECT_TRUE(webhook.failing_since);
  EXPECT_EQ(webhook.failures, static_cast<std::uint32_t>(transport.posts[bad]));
  EXPECT_FALSE(webhook.disabled);
}

TEST_F(WebhooksTest, ADeadEndpointThatComesBackGetsAllThatWaitedForIt) {
  limits.attempts_max = 20;
  crash();
  const auto id = create_that_answers(bad, {503, {}});
  for (int i = 0; i < 30; ++i) notify();
  pass(std::chrono::minutes{10});
  transport.answers[bad] = {204, {}};
  pass(std::chrono::minutes{30});
  EXPECT_THAT(deliveries(id), SizeIs(30));
  EXPECT_THAT(deliveries(id), Each(Field(&WebhookDelivery::state, WebhookDeliveryState::delivered)));
  EXPECT_FALSE(registered().front().failing_since);
}

TEST_F(WebhooksTest, AnEndpointThatStaysDeadIsDisabledAndItsBacklogListedAsFailed) {
  limits.dead_max = std::chrono::hours{2};
  crash();
  const auto id = create_that_answers(bad, {std::nullopt, "connection refused"});
  for (int i = 0; i < 40; ++i) notify();
  for (int minutes = 0; minutes < 300 && disabled.empty(); ++minutes) {
    node.timers.advance(std::chrono::minutes{1});
    settle();
  }
  EXPECT_THAT(disabled, ElementsAre(id));
  EXPECT_THAT(deliveries(id), Each(Field(&WebhookDelivery::state, WebhookDeliveryState::failed)));
  EXPECT_EQ(count(NotificationState::failed), 40u);
  crash();
  const auto webhook = registered().front();
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

TEST_F(WebhooksTest, OnAThreadOfTheirOwnTheyDeliver) {
  create_that_answers(good, {200, {}});
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

}  // namespace
}  // namespace sugang
