#include "http/webhook_routes.hpp"

#include "http/handling.hpp"

namespace sugang {
namespace {

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

}  // namespace

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

}  // namespace sugang
