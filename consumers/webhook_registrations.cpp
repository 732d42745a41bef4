#include "consumers/webhook_registrations.hpp"

#include <utility>

#include "consumers/webhook_signature.hpp"
#include "storage/codec.hpp"

namespace sugang {

void WebhookRegistrations::load(const Recovered& recovered) {
  if (recovered.snapshot) {
    registry_ = decode_webhooks(recovered.snapshot->bytes);
    sequence_ = snapshot_sequence_ = recovered.snapshot->sequence;
  }
  for (const auto& record : recovered.tail) {
    apply(registry_, std::get<WebhookEvent>(record.event));
    sequence_ = record.sequence;
  }
}

std::string WebhookRegistrations::secret_of(const WebhookRegistered& registered) const {
  return sealer_.open(registered.sealed_secret, to_text(registered.webhook)).value_or("");
}

std::optional<NewWebhook> WebhookRegistrations::add(std::string url, std::vector<NoticeKind> kinds,
                                                    const Complete& complete, Then then) {
  const auto now = timers_.now();
  const WebhookId id{ids_.mint(now, {})};
  NewWebhook made{.webhook = {.id = id, .url = url, .kinds = kinds, .created_at = now},
                  .secret = make_webhook_secret()};
  const auto decision = decide(registry_,
                               RegisterWebhook{.webhook = id,
                                               .url = std::move(url),
                                               .kinds = std::move(kinds),
                                               .sealed_secret = sealer_.seal(made.secret, to_text(id)),
                                               .after = journal_.durable_position()},
                               now);
  if (decision.error) return std::nullopt;
  Append append;
  if (complete) complete(made, append);
  append.then = [first = std::move(then), second = std::move(append.then)](Position position) {
    first();
    if (second) second(position);
  };
  commit(decision.events.front(), std::move(append));
  return made;
}

void WebhookRegistrations::disable(WebhookId id, std::string reason, Then then) {
  const auto decision = decide(registry_, DisableWebhook{id, std::move(reason)}, timers_.now());
  Append append;
  append.then = [then = std::move(then)](Position) {
    if (then) then();
  };
  for (const auto& event : decision.events) commit(event, std::exchange(append, {}));
}

bool WebhookRegistrations::remove(WebhookId id) {
  const auto decision = decide(registry_, RemoveWebhook{id}, timers_.now());
  for (const auto& event : decision.events) commit(event, {});
  return !decision.error;
}

void WebhookRegistrations::commit(const WebhookEvent& event, Append append) {
  append.records.insert(
      append.records.begin(),
      {.aggregate = AggregateId::webhooks(), .sequence = ++sequence_, .time = timers_.now(), .event = event});
  give_ids(ids_, append.records);
  apply(registry_, event);
  if (sequence_ - snapshot_sequence_ >= snapshot_events_) {
    append.snapshot = Snapshot{AggregateId::webhooks(), sequence_, encode_snapshot(registry_)};
    snapshot_sequence_ = sequence_;
  }
  journal_.append(std::move(append));
}

}  // namespace sugang
