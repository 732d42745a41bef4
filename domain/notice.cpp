#include "domain/notice.hpp"

#include <utility>

namespace sugang {
namespace {

/// A promotion may stand on the timeline of the enrollment whose seats became free, or on none.
std::optional<EnrollmentId> enrollment_of(const Record& record) {
  const auto* of_course = std::get_if<CourseEvent>(&record.event);
  return of_course != nullptr ? enrollment_in(*of_course) : record.enrollment;
}

}  // namespace

std::optional<NoticeSubject> notice_of(const Record& record) {
  // Each kind is named as its event, but for the promotion.
  const auto event = event_name(record.event);
  const auto kind = event == WaiterPromoted::name ? NoticeKind::waitlist_promoted : parse_enum<NoticeKind>(event);
  if (!kind) return std::nullopt;
  const auto enrollment = enrollment_of(record);
  return enrollment ? std::optional{NoticeSubject{*kind, *enrollment}} : std::nullopt;
}

Notice make_notice(const Record& record, const NoticeSubject& subject, StudentId student, CourseId course) {
  return {.position = record.position,
          .about = record.id,
          .kind = subject.kind,
          .enrollment = subject.enrollment,
          .student = std::move(student),
          .course = std::move(course),
          .happened_at = record.time};
}

}  // namespace sugang
