#include "http/student_routes.hpp"

#include "http/handling.hpp"
#include "http/request_fields.hpp"

namespace sugang {
namespace {

struct StudentQuery {
  StudentId student;
  Page page;
  Position min_position = 0;
};

std::variant<StudentQuery, Response> read_student_query(const Call& call) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::not_found);
  QueryReader query{call.request};
  auto asked = read_view_query(call, query);
  if (auto* refusal = std::get_if<Response>(&asked)) return std::move(*refusal);
  auto& [page, position] = std::get<ViewQuery>(asked);
  return StudentQuery{StudentId{call.request.path_id}, std::move(page), position};
}

/// `{ …, "name": [rows], "next": …, "position": … }`, after what `begin` writes.
template <class Row, class Begin, class Write>
Response student_list(const ListResult<Row>& result, const NextLink& link, std::string_view name, Begin begin,
                      Write write) {
  if (auto refusal = view_refusal(result, link.path())) return std::move(*refusal);
  const auto& listing = result.listing;
  auto response = json_response(200, {});
  JsonWriter json{response.body};
  json.begin_object();
  begin(json);
  json.key(name).begin_array();
  for (const auto& row : listing.items) write(json, row);
  json.end_array();
  write_next(json, listing.next);
  json.member("position", position_text(listing.position)).end_object();
  if (listing.next) response.with("Link", link.field(*listing.next));
  return response;
}

/// `balance` is a number while the points are of one currency, and null when they are not to be added up.
void write_balances(JsonWriter& json, const MileageBalances& balances) {
  json.key("balance");
  if (balances.size() > 1)
    json.null();
  else
    json.value(balances.empty() ? 0 : balances.begin()->second);
  json.key("balances").begin_array();
  for (const auto& [currency, points] : balances)
    json.begin_object().member("currency", currency.text()).member("balance", points).end_object();
  json.end_array();
}

}  // namespace

Handled get_student_page(Call& call) {
  auto read = read_student_query(call);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& [student, page, position] = std::get<StudentQuery>(read);
  const auto begin = [student = student](JsonWriter& json) { json.member("studentId", student.text); };
  call.backend.student_page(student, std::move(page), position,
                            [exchange = call.exchange, begin,
                             link = NextLink{call.request, "cursor"}](const ListResult<PageRow>& result) {
                              exchange.answer(student_list(result, link, "enrollments", begin, write_page_row));
                            });
  return std::nullopt;
}

Handled get_student_mileage(Call& call) {
  auto read = read_student_query(call);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& [student, page, position] = std::get<StudentQuery>(read);
  call.backend.student_mileage(
      student, std::move(page), position,
      [exchange = call.exchange, student = student,
       link = NextLink{call.request, "cursor"}](const MileageStatement& statement) {
        const auto begin = [&](JsonWriter& json) {
          json.member("studentId", student.text);
          write_balances(json, statement.balances);
        };
        exchange.answer(student_list(statement.entries, link, "entries", begin, write_mileage_row));
      });
  return std::nullopt;
}

Handled list_student_notifications(Call& call) {
  auto read = read_student_query(call);
  if (auto* refusal = std::get_if<Response>(&read)) return std::move(*refusal);
  auto& [student, page, position] = std::get<StudentQuery>(read);
  call.backend.student_notifications(
      student, std::move(page), position,
      [exchange = call.exchange, link = NextLink{call.request, "cursor"}](const ListResult<Notification>& result) {
        exchange.answer(student_list(
            result, link, "items", [](JsonWriter&) {}, write_notification));
      });
  return std::nullopt;
}

}  // namespace sugang
