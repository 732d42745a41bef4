#include "views/notifications_view.hpp"

#include <utility>

#include "storage/bytes.hpp"
#include "storage/codec.hpp"

namespace sugang {
namespace {

/// State (1), kind (1), about (16), enrollment (16), time (8), the course behind its length (2), the error.
std::string encode_row(const NotificationRow& row) {
  std::string bytes;
  bytes.reserve(44 + row.course.text.size() + row.error.size());
  bytes.push_back(static_cast<char>(row.state));
  bytes.push_back(static_cast<char>(row.kind));
  put_uid(bytes, row.about.uid);
  put_uid(bytes, row.enrollment.uid);
  put_be(bytes, row.happened_at.time_since_epoch().count());
  put_be(bytes, static_cast<std::uint16_t>(row.course.text.size()));
  bytes += row.course.text;
  bytes += row.error;
  return bytes;
}

template <class Enum>
Enum take_enum(ByteReader& in) {
  const auto number = in.be<std::uint8_t>();
  if (number >= EnumNames<Enum>::values.size()) throw DecodeError("unknown number in a notification's row");
  return static_cast<Enum>(number);
}

NotificationRow decode_row(std::string_view bytes) {
  ByteReader in{bytes};
  NotificationRow row;
  row.state = take_enum<NotificationState>(in);
  row.kind = take_enum<NoticeKind>(in);
  row.about = EventId{in.uid()};
  row.enrollment = EnrollmentId{in.uid()};
  row.happened_at = TimePoint{Milliseconds{in.be<std::int64_t>()}};
  row.course.text = in.take(in.be<std::uint16_t>());
  if (!in.ok()) throw DecodeError("a notification's row is cut");
  row.error = in.rest();
  return row;
}

}  // namespace

std::string NotificationTables::row_key(const std::string& student, Position position) const {
  auto key = rows.of_text(student);
  put_be(key, position);
  return key;
}

std::string NotificationTables::outstanding_key(const std::string& student, EventId about) const {
  auto key = outstanding.of_text(student);
  put_uid(key, about.uid);
  return key;
}

void NotificationsView::fold(const Record& record) {
  const auto* event = std::get_if<NotificationEvent>(&record.event);
  if (!event) return;
  const auto& student = record.aggregate.name;
  std::visit(Overloaded{
                 [&](const NotificationQueued& e) { queue(record, e); },
                 [&](const NotificationSent& e) { settle(student, e.about, NotificationState::sent, {}); },
                 [&](const NotificationFailed& e) { settle(student, e.about, NotificationState::failed, e.error); },
             },
             *event);
}

void NotificationsView::queue(const Record& record, const NotificationQueued& event) {
  const auto& student = record.aggregate.name;
  rows_[tables_.row_key(student, record.position)] = {
      .about = event.about,
      .kind = event.kind,
      .enrollment = record.enrollment.value_or(EnrollmentId{}),
      .course = event.course,
      .happened_at = event.happened_at,
      .state = event.outward ? NotificationState::queued : NotificationState::sent,
      .error = {}};
  if (event.outward) outstanding_[tables_.outstanding_key(student, event.about)].position = record.position;
}

void NotificationsView::settle(const std::string& student, EventId about, NotificationState state,
                               const std::string& error) {
  const auto position = take_outstanding(tables_.outstanding_key(student, about));
  if (!position) return;
  auto* row = changed_row(tables_.row_key(student, *position));
  if (!row) return;
  row->state = state;
  row->error = error;
}

std::optional<Position> NotificationsView::take_outstanding(const std::string& key) {
  if (auto it = outstanding_.find(key); it != outstanding_.end())
    return std::exchange(it->second.position, std::nullopt);
  const auto value = store_.get(views_space, key);
  if (!value) return std::nullopt;
  const auto position = number_of<Position>(*value);
  outstanding_[key].is_stored = true;
  return position;
}

NotificationRow* NotificationsView::changed_row(const std::string& key) {
  if (auto it = rows_.find(key); it != rows_.end()) return &it->second;
  const auto value = store_.get(views_space, key);
  return value ? &(rows_[key] = decode_row(*value)) : nullptr;
}

void NotificationsView::flush(WriteSet& changes) {
  for (const auto& [key, row] : rows_) changes.put(views_space, key, encode_row(row));
  rows_.clear();
  for (const auto& [key, entry] : outstanding_) {
    if (entry.position) {
      std::string value;
      put_be(value, *entry.position);
      changes.put(views_space, key, std::move(value));
    } else if (entry.is_stored) {
      changes.erase(views_space, key);
    }
  }
  outstanding_.clear();
}

Listing<NotificationRow> NotificationRows::list(const StudentId& student, std::optional<std::string> after,
                                                std::size_t limit, const ListBounds& bounds) const {
  auto row_of = [](std::string_view, std::string_view value) { return std::optional{decode_row(value)}; };
  return list_rows<NotificationRow>(store_, views_space, tables_.rows.of_text(student.text), std::move(after),
                                    limit, bounds, row_of);
}

}  // namespace sugang
