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

// What the handlers of all resources share: refusals, parameters of a query, lists, single resources.

namespace sugang {

Response json_response(std::uint16_t status, std::string body);

Response refuse(std::string instance, Problem problem, std::string detail = {});
Response refuse(const Call& call, Problem problem, std::string detail = {});
Response refuse(std::string instance, BodyRefusal refusal);
Response refuse(const Call& call, BodyRefusal refusal);
Response refuse(const Call& call, std::vector<FieldFault> faults);

/// Where a request's answer goes once its handler has returned.
struct Reply {
  Exchange exchange;
  std::string instance;

  explicit Reply(const Call& call) : exchange(call.exchange), instance(call.request.path) {}
  void answer(Response response) const { exchange.answer(std::move(response)); }
  void refuse(Problem problem) const { answer(sugang::refuse(instance, problem)); }
};

template <class Asked, class Done>
void ask(Backend& backend, Asked query, Done done) {
  backend.query(Pending<Asked>{std::move(query), std::move(done)});
}

/// Reads; what was found goes to `then(found, reply)`, and what could not be read is refused.
template <class Asked, class Then>
void read(Backend& backend, Reply reply, Asked query, Then then) {
  ask(backend, std::move(query),
      [reply = std::move(reply), then = std::move(then)](const typename Asked::Result& result) {
        if (const auto* error = std::get_if<ServiceError>(&result)) return reply.refuse(problem_of(*error));
        then(std::get<0>(result), reply);
      });
}

/// 200 with the body and its ETag, or 304 when the caller has it.
Response single_resource(std::string body, const std::string& etag,
                         const std::optional<std::string>& if_none_match);
std::optional<std::string> if_none_match(const Call& call);
/// The condition that a PATCH must have; or its refusal.
std::variant<IfMatch, Response> required_match(const Call& call, TagOf tags);

/// A query's parameters, each fault noted.
class QueryReader {
 public:
  explicit QueryReader(const Request& request) : query_(request.query) {}

  std::optional<std::string> text(std::string_view name);
  template <class Id>
  std::optional<Id> named(std::string_view name) {
    auto given = text(name);
    if (!given) return std::nullopt;
    if (!is_valid_name(*given)) fault(name, std::string{name_rule});
    return Id{std::move(*given)};
  }
  /// `none`, which some enums have for what does not exist yet, is no answer.
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

/// Where a list continues: its own target with another cursor.
class NextLink {
 public:
  NextLink(const Request& request, std::string_view cursor_name);
  std::string field(std::string_view cursor) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  /// The other parameters, as they were sent.
  std::string query_;
  std::string cursor_name_;
};

/// Which page of a view, and how new; or the refusal of all that is wrong in the query.
struct ViewPage {
  Page page;
  Position min_position = 0;
};
std::variant<ViewPage, Response> read_view_page(const Call& call, QueryReader& query);

/// A page of a view with the body that `make_body(listing)` makes, and a link to the next; or its refusal.
template <class Row, class MakeBody>
Response page_response(const ListResult<Row>& result, const NextLink& link, MakeBody make_body) {
  if (result.error) return refuse(link.path(), problem_of(*result.error));
  if (result.cursor_invalid)
    return refuse(link.path(), BodyRefusal{{}, {{"?cursor", "is not a cursor that this list gave"}}});
  auto response = json_response(200, make_body(result.listing));
  if (result.listing.next) response.with("Link", link.field(*result.listing.next));
  return response;
}

/// A page of rows, each an object with the members that `write(json, row)` writes.
template <class Write>
auto as_list(Write write) {
  return [write](const NextLink& link, const auto& result) {
    return page_response(result, link,
                         [&](const auto& listing) { return json_list(listing.items, listing.next, write); });
  };
}

/// Answers the call with `make_response(link, result)`, once the backend has the result.
template <class MakeResponse>
auto answer_with(const Call& call, MakeResponse make_response) {
  return [exchange = call.exchange, link = NextLink{call.request, "cursor"}, make_response](const auto& result) {
    exchange.answer(make_response(link, result));
  };
}

/// Asks a view; `make_response(link, result)` makes the answer.
template <class Filter, class MakeResponse>
Handled ask_view(Call& call, QueryReader& query, Filter filter, MakeResponse make_response) {
  auto read = read_view_page(call, query);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& [page, position] = std::get<ViewPage>(read);
  ask(call.backend, ViewQuery<Filter>{std::move(filter), std::move(page), position},
      answer_with(call, make_response));
  return std::nullopt;
}

/// A list that no view has.
template <class Row, auto write>
Handled list_all(Call& call) {
  QueryReader query{call.request};
  ListAll<Row> all{query.page()};
  if (!query.faults().empty()) return refuse(call, query.faults());
  ask(call.backend, std::move(all), answer_with(call, as_list(write)));
  return std::nullopt;
}

}  // namespace sugang
