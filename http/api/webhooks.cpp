#include "http/api/webhooks.hpp"

#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace sugang {
namespace {

/// Why nothing can be posted there; empty: it can.
std::string url_fault(const std::string& text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed ||
      (parsed->scheme_id() != boost::urls::scheme::http && parsed->scheme_id() != boost::urls::scheme::https))
    return "must be an absolute http or https URL";
  if (parsed->encoded_host().empty()) return "must name a host";
  if (parsed->has_userinfo()) return "must not carry a user or a password";
  return {};
}

void read_webhook(ObjectReader& members, CreateWebhook& webhook) {
  members.require("url");
  if (auto url = members.text("url", webhook_url_chars_max)) {
    if (auto fault = url_fault(*url); !fault.empty()) members.fault("url", std::move(fault));
    webhook.url = std::move(*url);
  }
  webhook.kinds = members.some_of<NoticeKind>("events");
}

void write_webhook_members(JsonWriter& json, const Webhook& webhook) {
  json.member("id", to_text(webhook.id)).member("url", webhook.url).key("events").begin_array();
  for (auto kind : webhook.kinds) json.value(to_text(kind));
  json.end_array();
  json.member("createdAt", to_text(webhook.created_at)).member("disabled", webhook.disabled);
  if (webhook.disabled) json.member("disabledReason", webhook.disabled_reason);
  if (webhook.failing_since)
    json.member("failingSince", to_text(*webhook.failing_since)).member("failures", webhook.failures);
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

Answer render_new_webhook(const std::string& instance, const Outcome& outcome) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& created = std::get<NewWebhook>(outcome.subject);
  Answer answer;
  answer.status = 201;
  answer.content_type = "application/json";
  answer.location = "/v1/webhooks/" + to_text(created.webhook.id);
  answer.body = json_of(created, write_new_webhook);
  return answer;
}

Handled post_webhook(Call& call) {
  auto decoded = decode_webhook(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  return submit(call, {.command = std::get<CreateWebhook>(std::move(decoded)),
                       .render = [instance = std::string{call.request.path}](const Outcome& outcome) {
                         return render_new_webhook(instance, outcome);
                       }});
}

Handled list_webhooks(Call& call) { return list_all<Webhook>(call, write_webhook); }

Handled delete_webhook(Call& call) {
  auto id = parse_id<WebhookTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::webhook_not_found);
  const auto render = [instance = std::string{call.request.path}](const Outcome& outcome) {
    return outcome.refusal ? refusal_answer(outcome, instance) : Answer{.status = 204};
  };
  call.backend.submit(RemoveWebhook{*id}, {}, unkeyed_caller(call, render));
  return std::nullopt;
}

Handled list_webhook_deliveries(Call& call) {
  auto id = parse_id<WebhookTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::webhook_not_found);
  QueryReader query{call.request};
  auto page = query.page();
  if (!query.faults().empty()) return refuse(call, query.faults());
  ask(call.backend, ListWebhookDeliveries{*id, std::move(page)},
      [exchange = call.exchange,
       link = NextLink{call.request, "cursor"}](const ListWebhookDeliveries::Result& read) {
        const auto* deliveries = read_or_refuse(read, exchange, link.path());
        if (!deliveries) return;
        if (!*deliveries) return exchange.answer(refuse(link.path(), Problem::webhook_not_found));
        exchange.answer(list_response(**deliveries, link, write_webhook_delivery));
      });
  return std::nullopt;
}

}  // namespace

Decoded<CreateWebhook> decode_webhook(std::string_view body) {
  return decode_object<CreateWebhook>(body, read_webhook);
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

std::span<const Route> webhook_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::post, "/v1/webhooks", json, post_webhook},
      Route{Method::get, "/v1/webhooks", none, list_webhooks},
      Route{Method::delete_, "/v1/webhooks/{id}", none, delete_webhook},
      Route{Method::get, "/v1/webhooks/{id}/deliveries", none, list_webhook_deliveries},
  };
  return routes;
}

}  // namespace sugang
