#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "consumers/webhook_store.hpp"
#include "consumers/webhook_transport.hpp"
#include "storage/waker.hpp"

namespace sugang {

/// Calls of webhooks that are out: from their begin until their answer is taken. The transport's answers, which may
/// come after this object's end, wait here and wake. One thread at a time, but for post().
class WebhookCalls {
 public:
  struct Call {
    WebhookId webhook;
    PendingCall pending;
  };
  struct Outcome {
    Call call;
    WebhookAnswer answer;
  };

  WebhookCalls(WebhookTransport& transport, Milliseconds timeout, std::shared_ptr<Waker> waker)
      : transport_(transport), timeout_(timeout), inbox_(std::make_shared<Inbox>(std::move(waker))) {}

  bool has(WebhookId webhook, EventId about) const { return out_.contains({webhook, about}); }
  std::size_t count() const { return out_.size(); }
  std::size_t count_of(WebhookId webhook) const;

  /// It counts as out from now on.
  void begin(const Call& call) { out_.insert({call.webhook, call.pending.about}); }
  /// It was begun, and is not made.
  void drop(const Call& call) { out_.erase({call.webhook, call.pending.about}); }
  /// Makes the call, signed as at `now`. From any thread.
  void post(const Call& call, const std::string& url, const std::string& secret, TimePoint now);
  /// Answers that have come; their calls are out no more.
  std::vector<Outcome> take_answered();

 private:
  struct Inbox {
    explicit Inbox(std::shared_ptr<Waker> wakes) : waker(std::move(wakes)) {}
    const std::shared_ptr<Waker> waker;
    std::mutex mutex;
    std::vector<Outcome> outcomes;
  };

  WebhookTransport& transport_;
  const Milliseconds timeout_;
  const std::shared_ptr<Inbox> inbox_;
  std::set<std::pair<WebhookId, EventId>> out_;
};

}  // namespace sugang
