#include "consumers/webhook_registrations.hpp"

#include <algorithm>
#include <utility>

#include "consumers/webhook_signature.hpp"
#include "storage/codec.hpp"
#include "views/paging.hpp"

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
  for (const auto& [id, entry] : registry_.webhooks) know(entry);
  count_enabled();
}

WebhookRegistrations::Known& WebhookRegistrations::know(const WebhookRegistry::Entry& entry) {
  const auto& registered = entry.registered;
  auto& known = known_[registered.webhook];
  known.webhook = {.id = registered.webhook,
                   .url = registered.url,
                   .kinds = registered.kinds,
                   .created_at = registered.at,
                   .disabled = entry.disabled,
                   .disabled_reason = entry.disabled_reason};
  known.secret = sealer_.open(registered.sealed_secret, to_text(registered.webhook)).value_or("");
  known.after = registered.after;
  return known;
}

void WebhookRegistrations::count_enabled() {
  const auto is_enabled = [](const auto& each) { return !each.second.disabled; };
  const auto& all = registry_.webhooks;
  enabled_ = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), is_enabled));
}

const WebhookRegistrations::Known* WebhookRegistrations::find(WebhookId id) const {
  const auto it = known_.find(id);
  return it == known_.end() ? nullptr : &it->second;
}

bool WebhookRegistrations::is_enabled(WebhookId id) const {
  const auto* known = find(id);
  return known && !known->webhook.disabled;
}

std::vector<WebhookId> WebhookRegistrations::takers_of(const Notice& notice) const {
  std::vector<WebhookId> takers;
  for (const auto& [id, known] : known_) {
    if (known.webhook.disabled || notice.position <= known.after) continue;
    const auto& kinds = known.webhook.kinds;
    if (kinds.empty() || std::find(kinds.begin(), kinds.end(), notice.kind) != kinds.end()) takers.push_back(id);
  }
  return takers;
}

ListResult<Webhook> WebhookRegistrations::list(const Page& page) const {
  return list_page<Webhook>("webhooks", page, {}, [&](const KeyPage& wanted) {
    Listing<Webhook> listing;
    for (const auto& [id, known] : known_) {
      if (wanted.after && to_text(id) <= *wanted.after) continue;
      if (listing.items.size() == wanted.limit) {
        listing.next = to_text(listing.items.back().id);
        break;
      }
      listing.items.push_back(known.webhook);
    }
    return listing;
  });
}

std::optional<NewWebhook> WebhookRegistrations::add(std::string url, std::vector<NoticeKind> kinds,
                                                    const Complete& complete, std::function<void()> then) {
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
  const auto durable = std::make_shared<std::atomic<bool>>(false);
  Append append;
  if (complete) complete(made, append);
  append.then = [durable, first = std::move(then), second = std::move(append.then)](Position position) {
    *durable = true;
    first();
    if (second) second(position);
  };
  commit(decision.events.front(), std::move(append));
  know(registry_.webhooks.at(id)).durable = durable;
  return made;
}

void WebhookRegistrations::disable(WebhookId id, std::string reason, std::function<void(const Webhook&)> then) {
  const auto decision = decide(registry_, DisableWebhook{id, reason}, timers_.now());
  for (const auto& event : decision.events) {
    auto& webhook = known_.at(id).webhook;
    webhook.disabled = true;
    webhook.disabled_reason = reason;
    Append append;
    append.then = [then, webhook](Position) { then(webhook); };
    commit(event, std::move(append));
  }
}

bool WebhookRegistrations::remove(WebhookId id) {
  const auto decision = decide(registry_, RemoveWebhook{id}, timers_.now());
  for (const auto& event : decision.events) commit(event, {});
  known_.erase(id);
  return !decision.error;
}

void WebhookRegistrations::commit(const WebhookEvent& event, Append append) {
  append.records.insert(
      append.records.begin(),
      {.aggregate = AggregateId::webhooks(), .sequence = ++sequence_, .time = timers_.now(), .event = event});
  give_ids(ids_, append.records);
  apply(registry_, event);
  count_enabled();
  if (sequence_ - snapshot_sequence_ >= snapshot_events_) {
    append.snapshot = Snapshot{AggregateId::webhooks(), sequence_, encode_snapshot(registry_)};
    snapshot_sequence_ = sequence_;
  }
  journal_.append(std::move(append));
}

}  // namespace sugang
