#include "domain/webhook.hpp"

#include <gtest/gtest.h>

#include "given.hpp"

namespace sugang {
namespace {

const WebhookId one{Uid{1, 1}}, other{Uid{1, 2}};

WebhookRegistered registered(WebhookId id) {
  return {.webhook = id,
          .url = "https://a.example",
          .kinds = {NoticeKind::stock_prepared},
          .sealed_secret = "x",
          .at = noon,
          .after = 7};
}
RegisterWebhook command(WebhookId id) {
  return {.webhook = id,
          .url = "https://a.example",
          .kinds = {NoticeKind::stock_prepared},
          .sealed_secret = "x",
          .after = 7};
}

TEST(RegisterWebhook, IsRegisteredOnce) {
  EXPECT_THAT(given<WebhookRegistry>().when(command(one)), Causes(registered(one)));
  EXPECT_THAT(given<WebhookRegistry>(registered(one)).when(command(one)), ChangesNothing());
}

TEST(RegisterWebhook, IsRefusedBeyondTheBound) {
  WebhookRegistry registry;
  for (std::uint64_t i = 0; i < webhooks_max; ++i) apply(registry, registered({Uid{2, i}}));
  EXPECT_EQ(decide(registry, command(one), noon).error, WebhookError::too_many);
  apply(registry, WebhookRemoved{{Uid{2, 0}}});
  EXPECT_FALSE(decide(registry, command(one), noon).error);
}

TEST(DisableWebhook, LeavesItListedWithTheReason) {
  EXPECT_THAT(given<WebhookRegistry>(registered(one)).when(DisableWebhook{one, "gone"}),
              Causes(WebhookDisabled{one, "gone"}));
  WebhookRegistry registry;
  apply(registry, registered(one));
  apply(registry, WebhookDisabled{one, "gone"});
  EXPECT_EQ(registry.webhooks.at(one).disabled_reason, "gone");
  EXPECT_TRUE(decide(registry, DisableWebhook{one, "again"}, noon).events.empty());
}

TEST(RemoveWebhook, ForgetsIt) {
  EXPECT_THAT(given<WebhookRegistry>(registered(one)).when(RemoveWebhook{one}), Causes(WebhookRemoved{one}));
  EXPECT_THAT(given<WebhookRegistry>(registered(one), WebhookRemoved{one}).when(RemoveWebhook{one}),
              Refuses(WebhookError::not_registered));
  EXPECT_THAT(given<WebhookRegistry>(registered(one)).when(DisableWebhook{other, ""}),
              Refuses(WebhookError::not_registered));
}

}  // namespace
}  // namespace sugang
