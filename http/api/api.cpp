#include "http/api/api.hpp"

#include <vector>

#include "http/api/events.hpp"
#include "http/api/problem.hpp"
#include "http/api/routes.hpp"

namespace sugang {
namespace {

Problem problem_of(Fault fault) {
  switch (fault) {
    case Fault::malformed: return Problem::malformed;
    case Fault::header_too_large: return Problem::header_too_large;
    case Fault::request_timeout: return Problem::request_timeout;
    case Fault::content_too_large: return Problem::content_too_large;
    case Fault::expectation_failed: return Problem::expectation_failed;
    case Fault::not_found: return Problem::not_found;
    case Fault::method_not_allowed: return Problem::method_not_allowed;
    case Fault::unsupported_media_type: return Problem::unsupported_media_type;
    case Fault::overloaded: return Problem::overloaded;
    case Fault::draining: return Problem::draining;
    case Fault::answer_timeout: return Problem::answer_timeout;
    case Fault::internal_error: return Problem::internal_error;
  }
  return Problem::internal_error;
}

}  // namespace

std::span<const Route> client_routes() {
  static const auto all = [] {
    std::vector<Route> routes;
    for (const auto& part :
         {enrollment_routes(), course_routes(), student_routes(), coaching_routes(), delivery_routes(),
          payment_routes(), event_routes(), saga_routes(), webhook_routes(), document_routes()})
      routes.insert(routes.end(), part.begin(), part.end());
    return routes;
  }();
  return all;
}

Site api_site(Backend& backend) {
  return {.backend = backend,
          .client_routes = client_routes(),
          .management_routes = management_routes(),
          .refuse =
              [](Fault fault, std::string_view path, std::string_view detail) {
                return to_response(ProblemReport{
                    .problem = problem_of(fault), .detail = std::string{detail}, .instance = std::string{path}});
              },
          .read_events =
              [&backend](Position after, std::function<void(EventPage)> done) {
                backend.query(Pending<ReadEvents>{{after, page_events_max},
                                                  [after, done = std::move(done)](const ReadEvents::Result& read) {
                                                    done(to_event_page(after, read));
                                                  }});
              },
          .await_events = [&backend](Position after,
                                     std::function<void()> done) { backend.await_events(after, std::move(done)); }};
}

}  // namespace sugang
