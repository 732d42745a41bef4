#include "domain/notice.hpp"

#include <utility>

namespace sugang {
namespace {

using Kind = std::optional<NoticeKind>;

Kind kind_of(const CourseEvent& event) {
  return std::holds_alternative<WaiterPromoted>(event) ? Kind{NoticeKind::waitlist_promoted} : std::nullopt;
}
Kind kind_of(const EnrollmentEvent& event) {
  return std::visit(Overloaded{
                        [](const EnrollmentRequested&) -> Kind { return std::nullopt; },
                        [](const EnrollmentConfirmed&) -> Kind { return NoticeKind::enrollment_confirmed; },
                        [](const EnrollmentCompleted&) -> Kind { return NoticeKind::enrollment_completed; },
                        [](const EnrollmentRejected&) -> Kind { return NoticeKind::enrollment_rejected; },
                        [](const EnrollmentExpired&) -> Kind { return NoticeKind::enrollment_expired; },
                        [](const CancelRequested&) -> Kind { return std::nullopt; },
                        [](const EnrollmentCancelled&) -> Kind { return NoticeKind::enrollment_cancelled; },
                    },
                    event);
}
Kind kind_of(const StockEvent& event) {
  return std::holds_alternative<StockPrepared>(event) ? Kind{NoticeKind::stock_prepared} : std::nullopt;
}
Kind kind_of(const DeliveryEvent& event) {
  return std::visit(Overloaded{
                        [](const DeliveryRequested&) -> Kind { return NoticeKind::delivery_requested; },
                        [](const DeliveryStarted&) -> Kind { return NoticeKind::delivery_started; },
                        [](const DeliveryCompleted&) -> Kind { return NoticeKind::delivery_completed; },
                        [](const DeliveryCancelled&) -> Kind { return std::nullopt; },
                    },
                    event);
}
Kind kind_of(const CoachingEvent& event) {
  return std::visit(Overloaded{
                        [](const CoachingRequested&) -> Kind { return std::nullopt; },
                        [](const CoachingAssigned&) -> Kind { return NoticeKind::instructor_assigned; },
                        [](const CoachingScheduled&) -> Kind { return NoticeKind::schedule_confirmed; },
                        [](const CoachingHeld&) -> Kind { return std::nullopt; },
                        [](const ResultRecorded&) -> Kind { return NoticeKind::result_recorded; },
                        [](const CoachingReleased&) -> Kind { return std::nullopt; },
                    },
                    event);
}
/// The events of other aggregates are no notifications.
Kind kind_of(const auto&) { return std::nullopt; }

/// A promotion may stand on the timeline of the enrollment whose seats became free, or on none.
std::optional<EnrollmentId> enrollment_of(const Record& record) {
  const auto* of_course = std::get_if<CourseEvent>(&record.event);
  return of_course != nullptr ? enrollment_in(*of_course) : record.enrollment;
}

}  // namespace

std::optional<NoticeSubject> notice_of(const Record& record) {
  const auto kind = std::visit([](const auto& of_aggregate) { return kind_of(of_aggregate); }, record.event);
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
