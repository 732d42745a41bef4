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
  auto decoded = decode_subscription(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  Command command;
  command.run = [&backend = call.backend, wanted = std::get<Subscription>(std::move(decoded))](Asker asker) {
    backend.create_webhook(wanted.url, wanted.kinds, std::move(asker));
  };
  command.render = [instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_new_webhook(instance, outcome);
  };
  return run_command(call, std::move(command));
}

Handled list_webhooks(Call& call) {
  QueryReader query{call.request};
  auto page = query.page();
  if (!query.faults().empty()) return refuse(call, query.faults());
  call.backend.list_webhooks(std::move(page), answer_with_list(call, write_webhook));
  return std::nullopt;
}

Handled delete_webhook(Call& call) {
  auto id = parse_id<WebhookTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::webhook_not_found);
  call.backend.remove_webhook(
      *id, [exchange = call.exchange, path = std::string{call.request.path}](const ReadResult<bool>& read) {
        const auto* removed = read_or_refuse(read, exchange, path);
        if (!removed) return;
        if (!*removed) return exchange.answer(refuse(path, Problem::webhook_not_found));
        Response response;
        response.status = 204;
        exchange.answer(std::move(response));
      });
  return std::nullopt;
}

Handled list_webhook_deliveries(Call& call) {
  auto id = parse_id<WebhookTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::webhook_not_found);
  QueryReader query{call.request};
  auto page = query.page();
  if (!query.faults().empty()) return refuse(call, query.faults());
  call.backend.list_webhook_deliveries(*id, std::move(page),
                                       [exchange = call.exchange, link = NextLink{call.request, "cursor"}](
                                           const std::optional<ListResult<WebhookDelivery>>& result) {
                                         if (!result)
                                           return exchange.answer(refuse(link.path(), Problem::webhook_not_found));
                                         exchange.answer(list_response(*result, link, write_webhook_delivery));
                                       });
  return std::nullopt;
}

}  // namespace sugang
