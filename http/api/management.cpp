#include "http/api/management.hpp"

#include <algorithm>
#include <array>

#include "http/api/api.hpp"
#include "http/api/metrics_text.hpp"
#include "http/server/request_fields.hpp"
#include "http/server/router.hpp"

namespace sugang {
namespace {

void read_gateway_settings(ObjectReader& members, GatewaySettings& settings) {
  if (auto latency = members.range("latencyMillis", 0, gateway_latency_max_ms)) {
    settings.latency_min_ms = static_cast<std::uint32_t>(latency->first);
    settings.latency_max_ms = static_cast<std::uint32_t>(latency->second);
  }
  set(settings.fail_percent, members.integer("failPercent", 0, 100));
  set(settings.decline_percent, members.integer("declinePercent", 0, 100));
  set(settings.hang, members.flag("hang"));
}

void write_charge(JsonWriter& json, const ChargeEntry& charge) {
  json.member("key", charge.key)
      .member("amount", charge.amount)
      .member("state", charge.state)
      .member("at", charge.at);
}

void write_gateway_settings(JsonWriter& json, const GatewaySettings& settings) {
  json.member("latencyMillis", std::vector{settings.latency_min_ms, settings.latency_max_ms})
      .member("failPercent", settings.fail_percent)
      .member("declinePercent", settings.decline_percent)
      .member("hang", settings.hang);
}

void write_view(JsonWriter& json, const ViewStatus& view) {
  json.member("name", view.name).member("state", view.rebuilding ? "rebuilding" : "serving");
}

void write_check(JsonWriter& json, const ReadinessCheck& check) {
  json.member("name", check.name).member("ready", check.ready);
  if (!check.detail.empty()) json.member("detail", check.detail);
}

void write_component(JsonWriter& json, const ComponentStatus& component) {
  json.member("name", component.name).member("state", component.running ? "running" : "paused");
}

void write_set_aside(JsonWriter& json, const SetAside& entry) {
  json.member("consumer", entry.consumer)
      .member("first", position_text(entry.first))
      .member("last", position_text(entry.last))
      .member("at", entry.at)
      .member("attempts", entry.attempts)
      .member("error", entry.error);
}

constexpr std::string_view open_metrics = "application/openmetrics-text";
/// A client that wants neither gets the older one.
constexpr std::array metrics_forms{std::string_view{"text/plain"}, open_metrics};

/// For a name that is none: those that are.
template <class Named>
std::string known_names(std::string_view what, const std::vector<Named>& known) {
  std::string detail = "there is no such " + std::string{what} + "; there are";
  for (const auto& each : known) detail.append(&each == &known.front() ? " " : ", ").append(each.name);
  return detail;
}

Handled get_livez(Call&) { return json_response(200, R"({"alive":true})"); }

Handled get_readyz(Call& call) {
  auto checks = call.backend.readiness();
  checks.push_back({"accepting", !call.draining, call.draining ? "the server is about to stop" : ""});
  const bool ready = std::all_of(checks.begin(), checks.end(), [](const auto& check) { return check.ready; });
  std::string members;
  JsonWriter{members}.member("ready", ready).key("checks").objects(checks, write_check);
  if (ready) return json_response(200, "{" + members + "}");
  return to_response(ProblemReport{.problem = Problem::not_ready,
                                   .instance = std::string{call.request.path},
                                   .more_members = std::move(members)});
}

Handled get_metrics(Call& call) {
  const auto accept = call.request.field(RequestField::accept).value_or(std::string_view{});
  const bool open = best_offer(accept, metrics_forms) == open_metrics;
  Response response;
  response.content_type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                               : "text/plain; version=0.0.4; charset=utf-8";
  response.body = open ? to_open_metrics(call.backend.metrics()) : call.backend.metrics();
  return std::move(response).with("Vary", "Accept");
}

Handled get_gateway(Call& call) {
  return json_response(200, json_of(call.backend.gateway_settings(), write_gateway_settings));
}

Handled put_gateway(Call& call) {
  auto decoded = decode_gateway_settings(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  const auto& settings = std::get<GatewaySettings>(decoded);
  call.backend.set_gateway_settings(settings);
  return json_response(200, json_of(settings, write_gateway_settings));
}

Handled list_components(Call& call) {
  return json_response(200, json_list(call.backend.components(), std::nullopt, write_component));
}

Handled put_component(Call& call) {
  auto decoded = decode_component_state(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  const ComponentStatus component{call.request.path_id, std::get<bool>(decoded)};
  call.backend.set_component(
      component.name, component.running,
      [reply = Reply{call}, component, known = known_names("component", call.backend.components())](bool found) {
        reply.answer(found ? json_response(200, json_of(component, write_component))
                           : refuse(reply.instance, Problem::not_found, known));
      });
  return std::nullopt;
}

Handled list_views(Call& call) {
  return json_response(200, json_list(call.backend.views(), std::nullopt, write_view));
}

Handled rebuild_view(Call& call) {
  const auto& name = call.request.path_id;
  if (!call.backend.rebuild_view(name))
    return refuse(call, Problem::not_found, known_names("view", call.backend.views()));
  return json_response(202, json_of(ViewStatus{.name = name, .rebuilding = true}, write_view));
}

}  // namespace

Decoded<GatewaySettings> decode_gateway_settings(std::string_view body) {
  return decode_object<GatewaySettings>(body, read_gateway_settings);
}

Decoded<bool> decode_component_state(std::string_view body) {
  return decode_object<bool>(body, [](ObjectReader& members, bool& value) {
    members.require("state");
    value = members.one_of("state", {"running", "paused"}) == "running";
  });
}

std::span<const Route> management_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::get, "/livez", none, get_livez},
      Route{Method::get, "/readyz", none, get_readyz},
      Route{Method::get, "/metrics", none, get_metrics},
      Route{Method::get, "/v1/admin/gateway", none, get_gateway},
      Route{Method::put, "/v1/admin/gateway", json, put_gateway},
      Route{Method::get, "/v1/admin/gateway/charges", none, list_all<ChargeEntry, write_charge>},
      Route{Method::get, "/v1/admin/components", none, list_components},
      Route{Method::put, "/v1/admin/components/{name}", json, put_component},
      Route{Method::get, "/v1/admin/set-aside", none, list_all<SetAside, write_set_aside>},
      Route{Method::get, "/v1/admin/views", none, list_views},
      Route{Method::post, "/v1/admin/views/{name}/rebuild", none, rebuild_view},
  };
  return routes;
}

}  // namespace sugang
