#include "consumers/webhook_calls.hpp"

#include "consumers/webhook_signature.hpp"

namespace sugang {

std::size_t WebhookCalls::count_of(WebhookId webhook) const {
  std::size_t count = 0;
  for (auto it = out_.lower_bound({webhook, EventId{}}); it != out_.end() && it->first == webhook; ++it) ++count;
  return count;
}

void WebhookCalls::post(const Call& call, const std::string& url, const std::string& secret, TimePoint now) {
  const auto id = to_text(call.pending.about);
  WebhookCall sent{.url = url,
                   .headers = {{"content-type", "application/json"},
                               {"user-agent", "sugang"},
                               {"webhook-id", id},
                               {"webhook-timestamp", webhook_timestamp(now)},
                               {"webhook-signature", sign_webhook(secret, id, now, call.pending.body)}},
                   .body = call.pending.body,
                   .timeout = timeout_};
  transport_.post(std::move(sent), [inbox = inbox_, call](WebhookAnswer answer) {
    {
      const std::lock_guard lock{inbox->mutex};
      inbox->outcomes.push_back({call, std::move(answer)});
    }
    inbox->waker->wake();
  });
}

std::vector<WebhookCalls::Outcome> WebhookCalls::take_answered() {
  std::vector<Outcome> outcomes;
  {
    const std::lock_guard lock{inbox_->mutex};
    outcomes.swap(inbox_->outcomes);
  }
  for (const auto& outcome : outcomes) drop(outcome.call);
  return outcomes;
}

}  // namespace sugang
