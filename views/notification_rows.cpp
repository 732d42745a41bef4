#include "views/notification_rows.hpp"

#include "storage/bytes.hpp"
#include "storage/codec.hpp"

namespace sugang {
namespace {

/// Kind (1), event (16), enrollment (16), time (8), the course.
std::string encode_row(const Notice& notice) {
  std::string bytes;
  bytes.reserve(41 + notice.course.text.size());
  bytes.push_back(static_cast<char>(notice.kind));
  put_uid(bytes, notice.about.uid);
  put_uid(bytes, notice.enrollment.uid);
  put_be(bytes, notice.happened_at.time_since_epoch().count());
  bytes += notice.course.text;
  return bytes;
}

Notice decode_row(std::string_view position, std::string_view bytes) {
  ByteReader in{bytes};
  const auto kind = in.be<std::uint8_t>();
  if (kind >= EnumNames<NoticeKind>::values.size()) throw DecodeError("unknown number in a notification's row");
  Notice notice;
  notice.position = number_of<Position>(position);
  notice.kind = static_cast<NoticeKind>(kind);
  notice.about = EventId{in.uid()};
  notice.enrollment = EnrollmentId{in.uid()};
  notice.happened_at = TimePoint{Milliseconds{in.be<std::int64_t>()}};
  if (!in.ok()) throw DecodeError("a notification's row is cut");
  notice.course.text = in.rest();
  return notice;
}

}  // namespace

void NotificationTable::put(WriteSet& changes, const Notice& notice) const {
  changes.put(views_space, rows.of_text(notice.student.text) + be_bytes(notice.position), encode_row(notice));
}

Listing<Notice> NotificationRows::list(const StudentId& student, Position until, KeyPage page) const {
  auto row_of = [&](std::string_view key, std::string_view value) {
    auto notice = decode_row(key, value);
    notice.student = student;
    return notice.position <= until ? std::optional{std::move(notice)} : std::nullopt;
  };
  return list_rows<Notice>(store_, views_space, table_.rows.of_text(student.text), std::move(page), row_of);
}

}  // namespace sugang
