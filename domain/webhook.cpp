#include "domain/webhook.hpp"

namespace sugang {
namespace {

using WebhookDecision = Decision<WebhookEvent, WebhookError>;

WebhookDecision decide_register(const WebhookRegistry& registry, const RegisterWebhook& command, TimePoint now) {
  if (registry.webhooks.contains(command.webhook)) return {};
  if (registry.webhooks.size() >= webhooks_max) return WebhookError::too_many;
  return WebhookDecision::of(WebhookRegistered{.webhook = command.webhook,
                                               .url = command.url,
                                               .kinds = command.kinds,
                                               .sealed_secret = command.sealed_secret,
                                               .at = now,
                                               .after = command.after});
}

WebhookDecision decide_disable(const WebhookRegistry& registry, const DisableWebhook& command) {
  const auto it = registry.webhooks.find(command.webhook);
  if (it == registry.webhooks.end()) return WebhookError::not_registered;
  if (it->second.disabled) return {};
  return WebhookDecision::of(WebhookDisabled{command.webhook, command.reason});
}

WebhookDecision decide_remove(const WebhookRegistry& registry, const RemoveWebhook& command) {
  if (!registry.webhooks.contains(command.webhook)) return WebhookError::not_registered;
  return WebhookDecision::of(WebhookRemoved{command.webhook});
}

}  // namespace

Decision<WebhookEvent, WebhookError> decide(const WebhookRegistry& registry, const WebhookCommand& command,
                                            TimePoint now) {
  return std::visit(Overloaded{
                        [&](const RegisterWebhook& c) { return decide_register(registry, c, now); },
                        [&](const DisableWebhook& c) { return decide_disable(registry, c); },
                        [&](const RemoveWebhook& c) { return decide_remove(registry, c); },
                    },
                    command);
}

void apply(WebhookRegistry& registry, const WebhookEvent& event) {
  std::visit(Overloaded{
                 [&](const WebhookRegistered& e) { registry.webhooks[e.webhook].registered = e; },
                 [&](const WebhookDisabled& e) {
                   if (const auto it = registry.webhooks.find(e.webhook); it != registry.webhooks.end()) {
                     it->second.disabled = true;
                     it->second.disabled_reason = e.reason;
                   }
                 },
                 [&](const WebhookRemoved& e) { registry.webhooks.erase(e.webhook); },
             },
             event);
}

}  // namespace sugang
