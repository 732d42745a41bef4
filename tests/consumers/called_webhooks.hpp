#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consumers/webhooks.hpp"
#include "tests/consumers/consumed.hpp"

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
    webhooks = std::make_unique<Webhooks>(
        *store, limits,
        Webhooks::Ports{.timers = node.timers,
                        .position = [this] { return node.j().durable_position(); },
                        .ids = ids,
                        .transport = transport,
                        .render = [](const Record& record) { return "{\"id\":\"" + to_text(record.id) + "\"}"; },
                        .settled = [this](Webhooks::Settled each) { settled.push_back(std::move(each)); },
                        .disabled = [this](const Webhook& webhook) { disabled.push_back(webhook.id); },
                        .on_failure = [this](const std::string& why) { failures.push_back(why); },
                        .on_damage = [this](const std::string& why) { damages.push_back(why); }});
    node.consumers->add(*webhooks);
  }
  /// Everything starts again with what was durable; the journal's cursor too.
  void crash() {
    webhooks.reset();
    transport.waiting.clear();
    settled.clear();
    node.crash();
    store = store->crash();
    open();
  }
  /// A notification of mina's is queued, and durable.
  EventId notify(NoticeKind kind = NoticeKind::enrollment_confirmed, bool outward = true) {
    node.timers.advance(Milliseconds{1'000});
    const EventId about{make_uid(node.timers.now(), {}, ++notified, 0)};
    append(NotificationQueued{about, kind, {"music"}, node.timers.now(), outward});
    return about;
  }
  void append(NotificationEvent event) {
    const auto id = node.story.new_enrollment("music");
    auto record = node.story.record(AggregateId::box_of(mina), std::move(event), id);
    record.time = node.timers.now();
    node.append({record});
    node.journal->commit_all();
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
  WebhookId create(const std::string& url, std::vector<NoticeKind> kinds = {}) {
    return webhooks->create(url, std::move(kinds))->webhook.id;
  }
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
  ScriptedTransport transport;
  std::unique_ptr<MemoryStore> store = std::make_unique<MemoryStore>(WebhookStore::space_count);
  std::vector<Webhooks::Settled> settled;
  std::vector<WebhookId> disabled;
  std::vector<std::string> failures;
  std::vector<std::string> damages;
  std::unique_ptr<Webhooks> webhooks;
  std::uint64_t notified = 0;
};

}  // namespace sugang
