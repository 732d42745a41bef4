#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/ids.hpp"
#include "domain/notification.hpp"
#include "domain/time.hpp"

namespace sugang {

struct WebhookTag {
  static constexpr std::string_view prefix = "whk_";
};
using WebhookId = ServerId<WebhookTag>;

/// Where notifications are posted to, signed as Standard Webhooks prescribes.
struct Webhook {
  WebhookId id;
  std::string url;
  /// What it is told of; everything when empty.
  std::vector<NoticeKind> kinds;
  TimePoint created_at{};
  /// It is called no more; `disabled_reason` says why.
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
template <>
struct EnumNames<WebhookDeliveryState> {
  static constexpr std::array<std::string_view, 3> values{"pending", "delivered", "failed"};
};

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
