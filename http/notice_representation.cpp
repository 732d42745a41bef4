#include "http/representation.hpp"

// What a student is told and has earned, and who else is told of it.

namespace sugang {
namespace {

void write_webhook_members(JsonWriter& json, const Webhook& webhook) {
  json.member("id", to_text(webhook.id)).member("url", webhook.url).key("events").begin_array();
  for (auto kind : webhook.kinds) json.value(to_text(kind));
  json.end_array();
  json.member("createdAt", to_text(webhook.created_at)).member("disabled", webhook.disabled);
  if (webhook.disabled) json.member("disabledReason", webhook.disabled_reason);
  if (webhook.failing_since)
    json.member("failingSince", to_text(*webhook.failing_since)).member("failures", webhook.failures);
}

}  // namespace

void write_mileage_row(JsonWriter& json, const MileageRow& row) {
  json.begin_object()
      .member("kind", row.earned ? "earn" : "reverse")
      .member("amount", row.points)
      .member("currency", row.currency.text())
      .member("paymentId", to_text(row.payment))
      .member("at", to_text(row.at))
      .end_object();
}

void write_notification(JsonWriter& json, const Notification& notification) {
  const auto& notice = notification.notice;
  json.begin_object()
      .member("id", to_text(notice.about))
      .member("kind", to_text(notice.kind))
      .member("state", to_text(notification.state))
      .member("enrollmentId", to_text(notice.enrollment))
      .member("courseId", to_text(notice.course))
      .member("at", to_text(notice.happened_at));
  if (!notification.error.empty()) json.member("error", notification.error);
  json.end_object();
}

void write_webhook(JsonWriter& json, const Webhook& webhook) {
  json.begin_object();
  write_webhook_members(json, webhook);
  json.end_object();
}

void write_new_webhook(JsonWriter& json, const NewWebhook& created) {
  json.begin_object();
  write_webhook_members(json, created.webhook);
  json.member("secret", created.secret).end_object();
}

void write_webhook_delivery(JsonWriter& json, const WebhookDelivery& delivery) {
  json.begin_object()
      .member("id", to_text(delivery.about))
      .member("kind", to_text(delivery.kind))
      .member("enrollmentId", to_text(delivery.enrollment))
      .member("studentId", to_text(delivery.student))
      .member("state", to_text(delivery.state))
      .member("attempts", delivery.attempts);
  if (delivery.status) json.member("status", *delivery.status);
  if (!delivery.error.empty()) json.member("error", delivery.error);
  json.member("updatedAt", to_text(delivery.updated_at));
  if (delivery.next_attempt_at) json.member("nextAttemptAt", to_text(*delivery.next_attempt_at));
  json.end_object();
}

std::string webhook_body(const Notice& notice) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("type", to_text(notice.kind)).member("timestamp", to_text(notice.happened_at));
  json.key("data")
      .begin_object()
      .member("notificationId", to_text(notice.about))
      .member("enrollmentId", to_text(notice.enrollment))
      .member("courseId", to_text(notice.course))
      .member("studentId", notice.student.text)
      .end_object()
      .end_object();
  return body;
}

}  // namespace sugang
