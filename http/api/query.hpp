#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/api/backend.hpp"
#include "http/api/json_document.hpp"
#include "http/api/json_writer.hpp"
#include "http/api/problem.hpp"
#include "http/server/call.hpp"
#include "http/server/request_fields.hpp"

// Shared by all handlers: refusals, replies, a query's parameters, lists, single resources.

namespace sugang {

Response json_response(std::uint16_t status, std::string body);

Response refuse(std::string instance, Problem problem, std::string detail = {});
Response refuse(const Call& call, Problem problem, std::string detail = {});
Response refuse(std::string instance, BodyRefusal refusal);
Response refuse(const Call& call, BodyRefusal refusal);
Response refuse(const Call& call, std::vector<FieldFault> faults);

/// Answers a request after its handler has returned.
struct Reply {
  Exchange exchange;
  /// The request's path.
  std::string instance;

  explicit Reply(const Call& call) : exchange(call.exchange), instance(call.request.path) {}
  void answer(Response response) const { exchange.answer(std::move(response)); }
  void refuse(Problem problem) const { answer(sugang::refuse(instance, problem)); }
};

template <class Asked, class Done>
void ask(Backend& backend, Asked query, Done done) {
  backend.query(Pending<Asked>{std::move(query), std::move(done)});
}

/// Passes what was read to `then(result, reply)`. An error is answered with its problem.
template <class Asked, class Then>
void read(Backend& backend, Reply reply, Asked query, Then then) {
  ask(backend, std::move(query),
      [reply = std::move(reply), then = std::move(then)](const typename Asked::Result& result) {
        if (const auto* error = std::get_if<ServiceError>(&result)) return reply.refuse(problem_of(*error));
        then(std::get<0>(result), reply);
      });
}

/// 200 with the body and its ETag, or 304 if `if_none_match` has the ETag.
Response single_resource(std::string body, const std::string& etag,
                         const std::optional<std::string>& if_none_match);
std::optional<std::string> if_none_match(const Call& call);
/// The If-Match that a PATCH must have; or the refusal of the request.
std::variant<IfMatch, Response> required_match(const Call& call, TagOf tags);

/// Reads a query's parameters, and collects their faults.
class QueryReader {
 public:
  explicit QueryReader(const Request& request) : query_(request.query) {}

  std::optional<std::string> text(std::string_view name);
  /// An id that is a name, see is_valid_name.
  template <class Id>
  std::optional<Id> named(std::string_view name) {
    auto given = text(name);
    if (!given) return std::nullopt;
    if (!is_valid_name(*given)) fault(name, std::string{name_rule});
    return Id{std::move(*given)};
  }
  /// Refuses `none`, which some enums have for what does not exist yet.
  template <class Enum>
  std::optional<Enum> one_of(std::string_view name) {
    auto given = text(name);
    if (!given) return std::nullopt;
    auto value = *given == "none" ? std::nullopt : parse_enum<Enum>(*given);
    if (!value) fault(name, one_of_detail(EnumNames<Enum>::values));
    return value;
  }
  std::optional<EnrollmentId> enrollment(std::string_view name);
  /// `limit` and `cursor`.
  Page page();
  std::optional<Position> position(std::string_view name);

  void fault(std::string_view name, std::string detail) {
    faults_.push_back({"?" + std::string{name}, std::move(detail)});
  }
  const std::vector<FieldFault>& faults() const { return faults_; }

 private:
  std::string_view query_;
  std::vector<FieldFault> faults_;
};

inline constexpr std::size_t page_limit_max = 200;

/// The Link to a list's next page: the request's target with another cursor.
class NextLink {
 public:
  NextLink(const Request& request, std::string_view cursor_name);
  /// The value of the field `Link`.
  std::string field(std::string_view cursor) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  /// The other parameters, as they were sent.
  std::string query_;
  std::string cursor_name_;
};

struct ViewPage {
  Page page;
  /// What the view must show at least.
  Position min_position = 0;
};
/// Reads the page; or the refusal, with all faults of the query, also earlier ones.
std::variant<ViewPage, Response> read_view_page(const Call& call, QueryReader& query);

/// 200 with the body of `make_body(listing)` and a link to the next page; or the refusal in the result.
template <class Row, class MakeBody>
Response page_response(const ListResult<Row>& result, const NextLink& link, MakeBody make_body) {
  if (result.error) return refuse(link.path(), problem_of(*result.error));
  if (result.cursor_invalid)
    return refuse(link.path(), BodyRefusal{{}, {{"?cursor", "is not a cursor that this list gave"}}});
  auto response = json_response(200, make_body(result.listing));
  if (result.listing.next) response.with("Link", link.field(*result.listing.next));
  return response;
}

/// Makes a page of rows, each an object with the members that `write(json, row)` writes.
template <class Write>
auto as_list(Write write) {
  return [write](const NextLink& link, const auto& result) {
    return page_response(result, link,
                         [&](const auto& listing) { return json_list(listing.items, listing.next, write); });
  };
}

/// A callback that answers the call with `make_response(link, result)`.
template <class MakeResponse>
auto answer_with(const Call& call, MakeResponse make_response) {
  return [exchange = call.exchange, link = NextLink{call.request, "cursor"}, make_response](const auto& result) {
    exchange.answer(make_response(link, result));
  };
}

/// Reads a page of a view, and answers with `make_response(link, result)`.
template <class Filter, class MakeResponse>
Handled ask_view(Call& call, QueryReader& query, Filter filter, MakeResponse make_response) {
  auto read = read_view_page(call, query);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& [page, position] = std::get<ViewPage>(read);
  ask(call.backend, ViewQuery<Filter>{std::move(filter), std::move(page), position},
      answer_with(call, make_response));
  return std::nullopt;
}

/// Answers with a page of a list that is not in a view.
template <class Row, auto write>
Handled list_all(Call& call) {
  QueryReader query{call.request};
  ListAll<Row> all{query.page()};
  if (!query.faults().empty()) return refuse(call, query.faults());
  ask(call.backend, std::move(all), answer_with(call, as_list(write)));
  return std::nullopt;
}

}  // namespace sugang
