#include "http/api/students.hpp"

#include <array>

#include "http/api/enrollments.hpp"
#include "http/api/routes.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

void write_page_row(JsonWriter& json, const PageRow& row) {
  write_enrollment(json, row.enrollment);
  json.member("courseTitle", row.course_title);
}

void write_mileage_row(JsonWriter& json, const MileageRow& row) {
  json.member("kind", row.earned ? "earn" : "reverse")
      .member("amount", row.points)
      .member("currency", row.currency)
      .member("paymentId", row.payment)
      .member("at", row.at);
}

/// `{ …, "name": [rows], "next": …, "position": … }`, after what `begin` writes.
template <class Row, class Begin, class Write>
Response student_list(const ListResult<Row>& result, const NextLink& link, std::string_view name, Begin begin,
                      Write write) {
  return page_response(result, link, [&](const Listing<Row>& page) {
    return json_of(page, [&](JsonWriter& json, const Listing<Row>& listing) {
      begin(json);
      json.key(name).objects(listing.items, write);
      json.member("next", listing.next).member("position", position_text(listing.position));
    });
  });
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
    json.begin_object().member("currency", currency).member("balance", points).end_object();
  json.end_array();
}

Handled get_student_page(Call& call) {
  return ask_student<ListResult<PageRow>>(
      call, [](const StudentId& student, const NextLink& link, const auto& page) {
        const auto begin = [&](JsonWriter& json) { json.member("studentId", student); };
        return student_list(page, link, "enrollments", begin, write_page_row);
      });
}

Handled get_student_mileage(Call& call) {
  return ask_student<MileageStatement>(
      call, [](const StudentId& student, const NextLink& link, const MileageStatement& statement) {
        const auto begin = [&](JsonWriter& json) {
          json.member("studentId", student);
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
  json.member("id", notice.about)
      .member("kind", notice.kind)
      .member("state", notification.state)
      .member("enrollmentId", notice.enrollment)
      .member("courseId", notice.course)
      .member("at", notice.happened_at);
  if (!notification.error.empty()) json.member("error", notification.error);
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
