#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/decision.hpp"
#include "domain/ids.hpp"
#include "domain/notification.hpp"
#include "domain/time.hpp"

namespace sugang {

using WebhookTag = IdPrefix<"whk_">;
using WebhookId = ServerId<WebhookTag>;

struct WebhookRegistered {
  static constexpr std::string_view name = "webhook.registered";
  WebhookId webhook;
  std::string url;
  /// What it takes; everything when empty.
  std::vector<NoticeKind> kinds;
  /// Enciphered with a key that is not in the journal.
  std::string sealed_secret;
  TimePoint at{};
  /// The journal's end when it was registered: it takes what comes behind.
  std::uint64_t after = 0;
  bool operator==(const WebhookRegistered&) const = default;
  static void fields(auto& self, auto&& field) {
    field("webhookId", self.webhook);
    field("url", self.url);
    field("kinds", self.kinds);
    field("sealedSecret", self.sealed_secret);
    field("at", self.at);
    field("after", self.after);
  }
};

/// It is called no more, and stays listed.
struct WebhookDisabled {
  static constexpr std::string_view name = "webhook.disabled";
  WebhookId webhook;
  std::string reason;
  bool operator==(const WebhookDisabled&) const = default;
  static void fields(auto& self, auto&& field) {
    field("webhookId", self.webhook);
    field("reason", self.reason);
  }
};

struct WebhookRemoved {
  static constexpr std::string_view name = "webhook.removed";
  WebhookId webhook;
  bool operator==(const WebhookRemoved&) const = default;
  static void fields(auto& self, auto&& field) { field("webhookId", self.webhook); }
};

using WebhookEvent = std::variant<WebhookRegistered, WebhookDisabled, WebhookRemoved>;

struct RegisterWebhook {
  WebhookId webhook;
  std::string url;
  std::vector<NoticeKind> kinds;
  std::string sealed_secret;
  std::uint64_t after = 0;
};
struct DisableWebhook {
  WebhookId webhook;
  std::string reason;
};
struct RemoveWebhook {
  WebhookId webhook;
};
using WebhookCommand = std::variant<RegisterWebhook, DisableWebhook, RemoveWebhook>;

enum class WebhookError : std::uint8_t { too_many, not_registered };

inline constexpr std::size_t webhooks_max = 100;

struct WebhookRegistry {
  using Command = WebhookCommand;
  using Event = WebhookEvent;
  using Error = WebhookError;

  struct Entry {
    WebhookRegistered registered;
    bool disabled = false;
    std::string disabled_reason;
    bool operator==(const Entry&) const = default;
  };
  std::map<WebhookId, Entry> webhooks;
  bool operator==(const WebhookRegistry&) const = default;
};

using WebhookDecision = Decision<WebhookEvent, WebhookError>;
WebhookDecision decide(const WebhookRegistry& registry, const WebhookCommand& command, TimePoint now);
void apply(WebhookRegistry& registry, const WebhookEvent& event);

/// Where notifications are posted to, signed as Standard Webhooks prescribes.
struct Webhook {
  WebhookId id;
  std::string url;
  /// The notifications that it takes; all when empty.
  std::vector<NoticeKind> kinds;
  TimePoint created_at{};
  /// It is no longer called, for `disabled_reason`.
  bool disabled = false;
  std::string disabled_reason;
  /// When the first call failed since the last that arrived, if calls fail now, and how many failed since.
  std::optional<TimePoint> failing_since;
  std::uint32_t failures = 0;
  bool operator==(const Webhook&) const = default;
};

/// A webhook just registered, with its secret, which is shown this once.
struct NewWebhook {
  Webhook webhook;
  std::string secret;
};
enum class WebhookDeliveryState : std::uint8_t { pending, delivered, failed };
constexpr auto names_of(WebhookDeliveryState) { return names("pending", "delivered", "failed"); }

/// One notification on its way to one webhook.
struct WebhookDelivery {
  /// Names the notification; the `webhook-id` header.
  EventId about;
  NoticeKind kind = NoticeKind::enrollment_confirmed;
  EnrollmentId enrollment;
  StudentId student;
  WebhookDeliveryState state = WebhookDeliveryState::pending;
  std::uint32_t attempts = 0;
  /// The last answer's status, if there was an answer.
  std::optional<std::uint16_t> status;
  std::string error;
  TimePoint updated_at{};
  std::optional<TimePoint> next_attempt_at;
  bool operator==(const WebhookDelivery&) const = default;
};

}  // namespace sugang
