#include <array>

#include "http/api/api.hpp"
#include "http/api/query.hpp"
#include "http/api/routes.hpp"

namespace sugang {
namespace {

Handled get_index(Call&) {
  return json_response(200,
                       R"({"name":"sugang","links":{"openapi":"/openapi.json","courses":"/v1/courses",)"
                       R"("enrollments":"/v1/enrollments","coaching":"/v1/coaching","deliveries":"/v1/deliveries",)"
                       R"("events":"/v1/events","sagas":"/v1/sagas","webhooks":"/v1/webhooks"}})");
}

Handled get_openapi(Call&) { return json_response(200, std::string{openapi_document}); }

Handled get_problem(Call& call) {
  const auto* type = find_problem_type(call.request.path_id);
  if (!type) return refuse(call, Problem::not_found);
  return Response{.content_type = "text/html; charset=utf-8", .body = problem_page(*type)};
}

}  // namespace

std::span<const Route> document_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::get, "/problems/{name}", none, get_problem},
      Route{Method::get, "/openapi.json", none, get_openapi},
      Route{Method::get, "/", none, get_index},
  };
  return routes;
}

}  // namespace sugang
