#include "http/api/webhooks.hpp"

#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "http/api/routes.hpp"

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

void write_webhook(JsonWriter& json, const Webhook& webhook) {
  json.member("id", webhook.id)
      .member("url", webhook.url)
      .member("events", webhook.kinds)
      .member("createdAt", webhook.created_at)
      .member("disabled", webhook.disabled);
  if (webhook.disabled) json.member("disabledReason", webhook.disabled_reason);
  if (webhook.failing_since)
    json.member("failingSince", *webhook.failing_since).member("failures", webhook.failures);
}

void write_new_webhook(JsonWriter& json, const NewWebhook& created) {
  write_webhook(json, created.webhook);
  json.member("secret", created.secret);
}

Answer render_new_webhook(const Outcome& outcome, const std::string& instance) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& created = std::get<NewWebhook>(outcome.subject);
  return {.status = 201,
          .content_type = "application/json",
          .location = "/v1/webhooks/" + to_text(created.webhook.id),
          .body = json_of(created, write_new_webhook)};
}

Answer render_removal(const Outcome& outcome, const std::string& instance) {
  return outcome.refusal ? refusal_answer(outcome, instance) : Answer{.status = 204};
}

Handled post_webhook(Call& call) {
  auto decoded = decode_webhook(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  return submit(call, {.command = std::get<CreateWebhook>(std::move(decoded)), .render = render_new_webhook});
}

Handled delete_webhook(Call& call) {
  auto id = parse_id<WebhookTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::webhook_not_found);
  call.backend.submit(RemoveWebhook{*id}, {}, unkeyed_caller(call, render_removal));
  return std::nullopt;
}

Handled list_webhook_deliveries(Call& call) {
  auto id = parse_id<WebhookTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::webhook_not_found);
  QueryReader query{call.request};
  auto page = query.page();
  if (!query.faults().empty()) return refuse(call, query.faults());
  read(call.backend, Reply{call}, ListWebhookDeliveries{*id, std::move(page)},
       [answer = answer_with(call, as_list(write_webhook_delivery))](const auto& deliveries, const Reply& reply) {
         if (!deliveries) return reply.refuse(Problem::webhook_not_found);
         answer(*deliveries);
       });
  return std::nullopt;
}

}  // namespace

Decoded<CreateWebhook> decode_webhook(std::string_view body) {
  return decode_object<CreateWebhook>(body, read_webhook);
}

void write_webhook_delivery(JsonWriter& json, const WebhookDelivery& delivery) {
  json.member("id", delivery.about)
      .member("kind", delivery.kind)
      .member("enrollmentId", delivery.enrollment)
      .member("studentId", delivery.student)
      .member("state", delivery.state)
      .member("attempts", delivery.attempts);
  if (delivery.status) json.member("status", *delivery.status);
  if (!delivery.error.empty()) json.member("error", delivery.error);
  json.member("updatedAt", delivery.updated_at);
  if (delivery.next_attempt_at) json.member("nextAttemptAt", *delivery.next_attempt_at);
}

std::string webhook_body(const Notice& notice) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().member("type", notice.kind).member("timestamp", notice.happened_at);
  json.key("data")
      .begin_object()
      .member("notificationId", notice.about)
      .member("enrollmentId", notice.enrollment)
      .member("courseId", notice.course)
      .member("studentId", notice.student)
      .end_object()
      .end_object();
  return body;
}

std::span<const Route> webhook_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::post, "/v1/webhooks", json, post_webhook},
      Route{Method::get, "/v1/webhooks", none, list_all<Webhook, write_webhook>},
      Route{Method::delete_, "/v1/webhooks/{id}", none, delete_webhook},
      Route{Method::get, "/v1/webhooks/{id}/deliveries", none, list_webhook_deliveries},
  };
  return routes;
}

}  // namespace sugang
