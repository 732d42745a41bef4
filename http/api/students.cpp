#include "http/api/students.hpp"

#include <array>

#include "http/api/enrollments.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

void write_page_row(JsonWriter& json, const PageRow& row) {
  json.begin_object();
  write_enrollment_members(json, row.enrollment);
  member_text(json, "courseTitle", row.course_title);
  json.end_object();
}

void write_mileage_row(JsonWriter& json, const MileageRow& row) {
  json.begin_object()
      .member("kind", row.earned ? "earn" : "reverse")
      .member("amount", row.points)
      .member("currency", row.currency.text())
      .member("paymentId", to_text(row.payment))
      .member("at", to_text(row.at))
      .end_object();
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

/// A page of what belongs to the student in the path; `make_response(student, link, result)` writes it.
template <class OfStudent, class MakeResponse>
Handled ask_student(Call& call, MakeResponse make_response) {
  if (!is_valid_name(call.request.path_id)) return refuse(call, Problem::not_found);
  const StudentId student{call.request.path_id};
  QueryReader query{call.request};
  return ask_view(call, query, StudentFilter<OfStudent>{student},
                  [student, make_response](const NextLink& link, const OfStudent& result) {
                    return make_response(student, link, result);
                  });
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

Handled get_student_page(Call& call) {
  return ask_student<ListResult<PageRow>>(
      call, [](const StudentId& student, const NextLink& link, const auto& page) {
        const auto begin = [&](JsonWriter& json) { json.member("studentId", student.text); };
        return student_list(page, link, "enrollments", begin, write_page_row);
      });
}

Handled get_student_mileage(Call& call) {
  return ask_student<MileageStatement>(
      call, [](const StudentId& student, const NextLink& link, const MileageStatement& statement) {
        const auto begin = [&](JsonWriter& json) {
          json.member("studentId", student.text);
          write_balances(json, statement.balances);
        };
        return student_list(statement.entries, link, "entries", begin, write_mileage_row);
      });
}

Handled list_student_notifications(Call& call) {
  return ask_student<ListResult<Notification>>(
      call, [](const StudentId&, const NextLink& link, const auto& notifications) {
        return student_list(
            notifications, link, "items", [](JsonWriter&) {}, write_notification);
      });
}

}  // namespace

void write_notification(JsonWriter& json, const Notification& notification) {
  const auto& notice = notification.notice;
  json.begin_object()
      .member("id", to_text(notice.about))
      .member("kind", to_text(notice.kind))
      .member("state", to_text(notification.state))
      .member("enrollmentId", to_text(notice.enrollment))
      .member("courseId", to_text(notice.course))
      .member("at", to_text(notice.happened_at));
  if (!notification.error.empty()) json.member("error", notification.error);
  json.end_object();
}

std::span<const Route> student_routes() {
  using enum BodyKind;
  static constexpr std::array routes{
      Route{Method::get, "/v1/students/{id}/page", none, get_student_page},
      Route{Method::get, "/v1/students/{id}/mileage", none, get_student_mileage},
      Route{Method::get, "/v1/students/{id}/notifications", none, list_student_notifications},
  };
  return routes;
}

}  // namespace sugang
