#include "consumers/webhook_deliveries.hpp"

namespace sugang {

void WebhookDeliveries::queue(WriteSet& changes, const Notice& notice, const std::vector<WebhookId>& takers) {
  if (store_.notice(notice.about)) return;
  OutwardNotice outward;
  const auto now = timers_.now();
  const auto due = clock_.now();
  std::string body;
  for (const auto id : takers) {
    if (store_.delivery(id, notice.about)) continue;
    WebhookDelivery delivery{.about = notice.about,
                             .kind = notice.kind,
                             .enrollment = notice.enrollment,
                             .student = notice.student,
                             .updated_at = now};
    if (backlog_[id] >= backlog_max_) {
      delivery.state = WebhookDeliveryState::failed;
      outward.error = delivery.error = "the webhook's backlog is full";
    } else {
      delivery.next_attempt_at = now;
      if (outward.left++ == 0) body = render_(notice);
      WebhookStore::put(changes, id, PendingCall{notice.about, due, body});
      ++backlog_[id];
    }
    WebhookStore::put(changes, id, delivery);
  }
  if (outward.left > 0 || !outward.error.empty()) WebhookStore::put(changes, notice.about, outward);
}

void WebhookDeliveries::put_off(WriteSet& changes, const WebhookCalls::Call& call, WebhookDelivery delivery,
                                Milliseconds wait) const {
  delivery.updated_at = timers_.now();
  delivery.next_attempt_at = delivery.updated_at + wait;
  WebhookStore::erase(changes, call.webhook, call.pending);
  WebhookStore::put(changes, call.webhook, PendingCall{call.pending.about, clock_.now() + wait, call.pending.body});
  WebhookStore::put(changes, call.webhook, delivery);
}

void WebhookDeliveries::end(WriteSet& changes, const WebhookCalls::Call& call,
                            std::optional<WebhookDelivery> delivery, bool delivered, const std::string& error) {
  WebhookStore::erase(changes, call.webhook, call.pending);
  if (auto& backlog = backlog_[call.webhook]; backlog > 0) --backlog;
  if (delivery) {
    delivery->state = delivered ? WebhookDeliveryState::delivered : WebhookDeliveryState::failed;
    if (delivery->error.empty()) delivery->error = error;
    delivery->updated_at = timers_.now();
    delivery->next_attempt_at.reset();
    WebhookStore::put(changes, call.webhook, *delivery);
  }
  auto notice = store_.notice(call.pending.about);
  if (!notice || notice->left == 0) return;
  --notice->left;
  notice->delivered += delivered ? 1 : 0;
  if (!delivered) notice->error = error;
  if (notice->left == 0 && notice->delivered > 0)
    WebhookStore::erase(changes, call.pending.about);
  else
    WebhookStore::put(changes, call.pending.about, *notice);
}

}  // namespace sugang
