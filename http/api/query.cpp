#include "http/api/query.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "http/server/field_text.hpp"
#include "http/server/router.hpp"

namespace sugang {
namespace {

/// Calls `visit(name, value)`, both still percent-encoded, until it returns false.
template <class Visit>
void for_each_parameter(std::string_view query, Visit visit) {
  while (!query.empty()) {
    auto parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    auto equals = std::min(parameter.find('='), parameter.size());
    if (!visit(parameter.substr(0, equals), parameter.substr(std::min(equals + 1, parameter.size())))) return;
  }
}

}  // namespace

Response json_response(std::uint16_t status, std::string body) {
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

Response refuse(std::string instance, Problem problem, std::string detail) {
  return to_response(
      ProblemReport{.problem = problem, .detail = std::move(detail), .instance = std::move(instance)});
}

Response refuse(const Call& call, Problem problem, std::string detail) {
  return refuse(std::string{call.request.path}, problem, std::move(detail));
}

Response refuse(std::string instance, BodyRefusal refusal) {
  auto& [malformed, faults] = refusal;
  if (!malformed.empty()) return refuse(std::move(instance), Problem::malformed, std::move(malformed));
  std::string detail;
  if (faults.size() > faults_listed_max) {
    faults.resize(faults_listed_max);
    detail = "errors lists the first " + std::to_string(faults_listed_max) + " faults; there are more";
  }
  return to_response(ProblemReport{.problem = Problem::invalid_request,
                                   .detail = std::move(detail),
                                   .instance = std::move(instance),
                                   .errors = std::move(faults)});
}

Response refuse(const Call& call, BodyRefusal refusal) {
  return refuse(std::string{call.request.path}, std::move(refusal));
}

Response refuse(const Call& call, std::vector<FieldFault> faults) {
  return refuse(call, BodyRefusal{.malformed = {}, .faults = std::move(faults)});
}

Response single_resource(std::string body, const std::string& etag,
                         const std::optional<std::string>& if_none_match) {
  Response response = json_response(200, std::move(body));
  response.with("ETag", etag);
  if (if_none_match && if_none_match_hits(*if_none_match, etag)) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

std::optional<std::string> if_none_match(const Call& call) {
  auto field = call.request.field(RequestField::if_none_match);
  return field ? std::optional<std::string>{*field} : std::nullopt;
}

std::variant<IfMatch, Response> required_match(const Call& call, TagOf tags) {
  const auto condition = call.request.field(RequestField::if_match);
  if (!condition) return refuse(call, Problem::precondition_required);
  auto match = parse_if_match(*condition, tags);
  if (!match) return refuse(call, Problem::malformed, "If-Match is not a list of entity tags");
  return *std::move(match);
}

std::optional<std::string> QueryReader::text(std::string_view name) {
  std::optional<std::string> found;
  for_each_parameter(query_, [&](std::string_view given, std::string_view value) {
    if (given != name) return true;
    found = percent_decode(value, true);
    if (!found) fault(name, "has a broken escape");
    return false;
  });
  return found;
}

std::optional<EnrollmentId> QueryReader::enrollment(std::string_view name) {
  auto given = text(name);
  if (!given) return std::nullopt;
  auto id = parse_id<EnrollmentTag>(*given);
  if (!id) fault(name, "is not the id of an enrollment");
  return id;
}

Page QueryReader::page() {
  Page page;
  if (auto limit = text("limit")) {
    page.limit = parse_number<std::size_t>(*limit).value_or(0);
    if (page.limit < 1 || page.limit > page_limit_max)
      fault("limit", "must be an integer from 1 to " + std::to_string(page_limit_max));
  }
  page.cursor = text("cursor").value_or("");
  return page;
}

std::optional<Position> QueryReader::position(std::string_view name) {
  auto given = text(name);
  if (!given) return std::nullopt;
  auto position = parse_position(*given);
  if (!position) fault(name, "is not a position that this server gave");
  return position;
}

NextLink::NextLink(const Request& request, std::string_view cursor_name)
    : path_(request.path), cursor_name_(cursor_name) {
  for_each_parameter(request.query, [&](std::string_view name, std::string_view value) {
    if (name != cursor_name) query_.append(name).append("=").append(value).append("&");
    return true;
  });
}

std::string NextLink::field(std::string_view cursor) const {
  std::string link = "<" + path_ + "?";
  // A raw < or > would break the field's syntax (RFC 8288).
  for (char c : query_)
    if (c != '<' && c != '>') link += c;
  return link.append(cursor_name_)
      .append("=")
      .append(boost::urls::encode(cursor, boost::urls::unreserved_chars))
      .append(">; rel=\"next\"");
}

std::variant<ViewPage, Response> read_view_page(const Call& call, QueryReader& query) {
  ViewPage wanted{.page = query.page()};
  if (!query.faults().empty()) return refuse(call, query.faults());
  if (auto given = call.request.field(RequestField::sugang_min_position)) {
    const auto position = parse_position(*given);
    if (!position)
      return refuse(call, Problem::malformed, "Sugang-Min-Position is not a position that this server gave");
    wanted.min_position = *position;
  }
  return wanted;
}

}  // namespace sugang
