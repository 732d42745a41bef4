#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/api/backend.hpp"
#include "http/api/body.hpp"
#include "http/api/json_members.hpp"
#include "http/api/problem.hpp"
#include "http/server/call.hpp"

// What the handlers of all resources share: refusals, parameters of a query, lists, single resources.

namespace sugang {

Response json_response(std::uint16_t status, std::string body);

Response refuse(std::string instance, Problem problem, std::string detail = {});
Response refuse(const Call& call, Problem problem, std::string detail = {});
Response refuse(std::string instance, BodyRefusal refusal);
Response refuse(const Call& call, BodyRefusal refusal);
Response refuse(const Call& call, std::vector<FieldFault> faults);

/// What was read; nothing when it could not be, which is answered.
template <class T>
const T* read_or_refuse(const ReadResult<T>& read, const Exchange& exchange, const std::string& instance) {
  if (const auto* error = std::get_if<ServiceError>(&read)) exchange.answer(refuse(instance, problem_of(*error)));
  return std::get_if<0>(&read);
}

/// 200 with the body and its ETag, or 304 when the caller has it.
Response single_resource(std::string body, const std::string& etag,
                         const std::optional<std::string>& if_none_match);
std::optional<std::string> if_none_match(const Call& call);

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
    if (!value) fault(name, unknown_detail({EnumNames<Enum>::values.begin(), EnumNames<Enum>::values.end()}));
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
  static std::string unknown_detail(const std::vector<std::string_view>& allowed);

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

/// Sugang-Min-Position: 0 when it is not there; nothing when it is not a position of ours.
std::optional<Position> min_position(const Request& request);
Response refuse_min_position(const Call& call);

/// Which page of a view, and how new; or the refusal of all that is wrong in the query.
struct ViewPage {
  Page page;
  Position min_position = 0;
};
std::variant<ViewPage, Response> read_view_page(const Call& call, QueryReader& query);

template <class Asked, class Done>
void ask(Backend& backend, Asked query, Done done) {
  backend.query(Pending<Asked>{std::move(query), std::move(done)});
}

/// The refusal of a view read, or nothing.
template <class Row>
std::optional<Response> view_refusal(const ListResult<Row>& result, const std::string& instance) {
  if (result.error) return refuse(instance, problem_of(*result.error));
  if (result.cursor_invalid)
    return to_response(ProblemReport{.problem = Problem::invalid_request,
                                     .instance = instance,
                                     .errors = {{"?cursor", "is not a cursor that this list gave"}}});
  return std::nullopt;
}

template <class Row, class Write>
Response list_response(const ListResult<Row>& result, const NextLink& link, Write write) {
  if (auto refusal = view_refusal(result, link.path())) return std::move(*refusal);
  auto response = json_response(200, json_list(result.listing.items, result.listing.next, write));
  if (result.listing.next) response.with("Link", link.field(*result.listing.next));
  return response;
}

/// Answers a list to the call, once the backend has it.
template <class Write>
auto answer_with_list(const Call& call, Write write) {
  return [exchange = call.exchange, link = NextLink{call.request, "cursor"}, write](const auto& result) {
    exchange.answer(list_response(result, link, write));
  };
}

/// Asks a view; `answer(link, result)` makes the response.
template <class Filter, class MakeResponse>
Handled ask_view(Call& call, QueryReader& query, Filter filter, MakeResponse make_response) {
  auto read = read_view_page(call, query);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& [page, position] = std::get<ViewPage>(read);
  ask(call.backend, ViewQuery<Filter>{std::move(filter), std::move(page), position},
      [exchange = call.exchange, link = NextLink{call.request, "cursor"}, make_response](const auto& result) {
        exchange.answer(make_response(link, result));
      });
  return std::nullopt;
}

/// A list from a view.
template <class Filter, class Write>
Handled list_view(Call& call, QueryReader& query, Filter filter, Write write) {
  return ask_view(call, query, std::move(filter),
                  [write](const NextLink& link, const auto& result) { return list_response(result, link, write); });
}

/// A list that no view has.
template <class Row, class Write>
Handled list_all(Call& call, Write write) {
  QueryReader query{call.request};
  ListAll<Row> all{query.page()};
  if (!query.faults().empty()) return refuse(call, query.faults());
  ask(call.backend, std::move(all), answer_with_list(call, write));
  return std::nullopt;
}

}  // namespace sugang
