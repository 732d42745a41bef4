#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/timers.hpp"
#include "consumers/webhook_calls.hpp"
#include "consumers/webhook_store.hpp"
#include "domain/notice.hpp"

namespace sugang {

/// Notifications on their way out: for each webhook that takes one a delivery and, until that has an end, a pending
/// call. What a function adds to `changes` is to be written before the next call. One thread at a time.
class WebhookDeliveries {
 public:
  /// `render` makes a call's body; `backlog_max` bounds the calls that wait for one webhook.
  WebhookDeliveries(const WebhookStore& store, const Timers& timers, const RunningClock& clock,
                    std::function<std::string(const Notice&)> render, std::size_t backlog_max)
      : store_(store), timers_(timers), clock_(clock), render_(std::move(render)), backlog_max_(backlog_max) {}

  /// Once for each webhook that anything is kept of, before all else.
  void load(WebhookId webhook) { backlog_[webhook] = store_.count_pending(webhook); }
  /// A repeated one finds its notice or, once that has an end, its deliveries.
  void queue(WriteSet& changes, const Notice& notice, const std::vector<WebhookId>& takers);
  /// The call is made again after `wait`.
  void put_off(WriteSet& changes, const WebhookCalls::Call& call, WebhookDelivery delivery,
               Milliseconds wait) const;
  /// `delivery`: of the call; nothing when it is not kept any more.
  void end(WriteSet& changes, const WebhookCalls::Call& call, std::optional<WebhookDelivery> delivery,
           bool delivered, const std::string& error);
  /// Nothing is pending for it.
  void forget(WebhookId webhook) { backlog_.erase(webhook); }

 private:
  const WebhookStore& store_;
  const Timers& timers_;
  const RunningClock& clock_;
  const std::function<std::string(const Notice&)> render_;
  const std::size_t backlog_max_;
  /// How many calls are pending of each.
  std::map<WebhookId, std::size_t> backlog_;
};

}  // namespace sugang
