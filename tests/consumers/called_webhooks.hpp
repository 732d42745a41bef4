#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consumers/webhooks.hpp"
#include "tests/consumers/consumed.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {

/// Answers when, and what, the test says.
class ScriptedTransport final : public WebhookTransport {
 public:
  struct Posted {
    WebhookCall call;
    Done done;
  };
  void post(WebhookCall call, Done done) override {
    ++posts[call.url];
    if (const auto it = answers.find(call.url); it != answers.end()) return done(it->second);
    waiting.push_back({std::move(call), std::move(done)});
  }
  /// The first call that waits is answered.
  void answer(WebhookAnswer with) {
    auto posted = std::move(waiting.front());
    waiting.erase(waiting.begin());
    posted.done(std::move(with));
  }
  /// Answered at once.
  std::map<std::string, WebhookAnswer> answers;
  std::vector<Posted> waiting;
  std::map<std::string, int> posts;
};

inline std::string header(const WebhookCall& call, const std::string& name) {
  for (const auto& [key, value] : call.headers)
    if (key == name) return value;
  return {};
}

inline const StudentId mina{"mina"};
inline const std::string good = "https://good.example/hook";
inline const std::string bad = "https://bad.example/hook";

class WebhooksTest : public ::testing::Test {
 protected:
  WebhooksTest() { open(); }

  void open() {
    contexts = std::make_unique<EnrollmentContexts>(node.j());
    webhooks = std::make_unique<Webhooks>(
        *store, limits,
        Webhooks::Ports{.timers = node.timers,
                        .journal = node.j(),
                        .sealer = *sealer,
                        .ids = ids,
                        .transport = transport,
                        .contexts = *contexts,
                        .render = [](const Notice& notice) { return "{\"id\":\"" + to_text(notice.about) + "\"}"; },
                        .disabled = [this](const Webhook& webhook) { disabled.push_back(webhook.id); },
                        .on_failure = [this](const std::string& why) { failures.push_back(why); },
                        .on_damage = [this](const std::string& why) { damages.push_back(why); }});
    node.consumers->add(*webhooks);
    unreadable = webhooks->load(node.journal->wake(AggregateId::webhooks()));
  }
  /// Everything starts again with what was durable.
  void crash() {
    end();
    store = store->crash();
    open();
  }
  /// As crash, and the store is lost.
  void lose_store() {
    end();
    store = std::make_unique<MemoryStore>(WebhookStore::space_count);
    open();
  }
  void end() {
    webhooks.reset();
    transport.waiting.clear();
    node.crash();
  }
  /// An enrollment of mina's in which something happens, which is durable. The event.
  EventId notify(NoticeKind kind = NoticeKind::enrollment_confirmed) {
    node.timers.advance(Milliseconds{1'000});
    const auto id = node.story.new_enrollment("music");
    auto requested = request_of(id);
    auto record = kind == NoticeKind::delivery_started
                      ? node.story.record(delivery_of(id), DeliveryEvent{DeliveryStarted{}}, id)
                      : node.story.record(id, EnrollmentEvent{EnrollmentConfirmed{}}, id);
    record.id = EventId{make_uid(node.timers.now(), {}, ++notified, 0)};
    record.time = node.timers.now();
    append({std::move(requested), std::move(record)});
    return notices.back().about;
  }
  Record request_of(EnrollmentId id) {
    return node.story.record(id, EnrollmentEvent{EnrollmentRequested{{"music"}, mina}}, id);
  }
  /// The last one notifies.
  void append(std::vector<Record> records) {
    auto record = records.back();
    record.position = node.append_durably(std::move(records));
    notices.push_back(make_notice(record, *notice_of(record), mina, {"music"}));
  }
  Notification standing(EventId about) {
    const auto it =
        std::find_if(notices.begin(), notices.end(), [&](const auto& each) { return each.about == about; });
    return webhooks->standing(*it);
  }
  std::size_t count(NotificationState state) {
    return static_cast<std::size_t>(std::count_if(
        notices.begin(), notices.end(), [&](const auto& each) { return webhooks->standing(each).state == state; }));
  }
  void settle() {
    for (bool moved = true; moved;) {
      node.settle();
      moved = webhooks->run_once();
    }
  }
  /// Lets so much time pass, with all that becomes due in it.
  void pass(Milliseconds time) {
    for (const auto end = node.timers.now() + time; node.timers.now() < end;) {
      node.timers.advance(std::min<Milliseconds>(end - node.timers.now(), Milliseconds{250}));
      settle();
    }
  }
  /// Durable.
  WebhookId create(const std::string& url, std::vector<NoticeKind> kinds = {}) {
    const auto made = webhooks->create(url, std::move(kinds));
    node.journal->commit_all();
    return made->webhook.id;
  }
  /// Every call of it has this answer.
  WebhookId create_that_answers(const std::string& url, WebhookAnswer answer) {
    transport.answers[url] = std::move(answer);
    return create(url);
  }
  std::vector<Webhook> registered() { return webhooks->list({}).listing.items; }
  std::vector<WebhookDelivery> deliveries(WebhookId id) {
    return webhooks->deliveries(id, {.limit = 100, .cursor = {}})->listing.items;
  }
  WebhookDelivery delivery(WebhookId id) {
    const auto all = deliveries(id);
    EXPECT_THAT(all, ::testing::SizeIs(1));
    return all.empty() ? WebhookDelivery{} : all.front();
  }

  Webhooks::Limits limits;
  Consumed node;
  SeededIds ids{1};
  TempFolder folder;
  std::unique_ptr<Sealer> sealer = std::make_unique<Sealer>(folder.path() / "key");
  std::vector<WebhookId> unreadable;
  ScriptedTransport transport;
  std::unique_ptr<MemoryStore> store = std::make_unique<MemoryStore>(WebhookStore::space_count);
  std::vector<WebhookId> disabled;
  std::vector<std::string> failures;
  std::vector<std::string> damages;
  std::unique_ptr<EnrollmentContexts> contexts;
  std::unique_ptr<Webhooks> webhooks;
  std::vector<Notice> notices;
  std::uint64_t notified = 0;
};

}  // namespace sugang
