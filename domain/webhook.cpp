#include "domain/webhook.hpp"

namespace sugang {
namespace {

WebhookDecision on(const WebhookRegistry& registry, const RegisterWebhook& command, TimePoint now) {
  if (registry.webhooks.contains(command.webhook)) return {};
  if (registry.webhooks.size() >= webhooks_max) return WebhookError::too_many;
  return WebhookDecision::of(WebhookRegistered{.webhook = command.webhook,
                                               .url = command.url,
                                               .kinds = command.kinds,
                                               .sealed_secret = command.sealed_secret,
                                               .at = now,
                                               .after = command.after});
}

WebhookDecision on(const WebhookRegistry& registry, const DisableWebhook& command, TimePoint) {
  const auto it = registry.webhooks.find(command.webhook);
  if (it == registry.webhooks.end()) return WebhookError::not_registered;
  if (it->second.disabled) return {};
  return WebhookDecision::of(WebhookDisabled{command.webhook, command.reason});
}

WebhookDecision on(const WebhookRegistry& registry, const RemoveWebhook& command, TimePoint) {
  if (!registry.webhooks.contains(command.webhook)) return WebhookError::not_registered;
  return WebhookDecision::of(WebhookRemoved{command.webhook});
}

}  // namespace

WebhookDecision decide(const WebhookRegistry& registry, const WebhookCommand& command, TimePoint now) {
  return std::visit([&](const auto& each) { return on(registry, each, now); }, command);
}

void apply(WebhookRegistry& registry, const WebhookEvent& event) {
  match(event)([&](const WebhookRegistered& e) { registry.webhooks[e.webhook].registered = e; },
               [&](const WebhookDisabled& e) {
                 if (const auto it = registry.webhooks.find(e.webhook); it != registry.webhooks.end()) {
                   it->second.disabled = true;
                   it->second.disabled_reason = e.reason;
                 }
               },
               [&](const WebhookRemoved& e) { registry.webhooks.erase(e.webhook); });
}

}  // namespace sugang
