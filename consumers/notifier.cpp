#include "consumers/notifier.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sugang {
namespace {

using Kind = std::optional<NoticeKind>;

/// For the events of an aggregate that are nobody's business.
constexpr auto untold = [](const auto&) -> Kind { return std::nullopt; };

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

bool begins_enrollment(const Event& event) {
  const auto* of_enrollment = std::get_if<EnrollmentEvent>(&event);
  return of_enrollment != nullptr && std::holds_alternative<EnrollmentRequested>(*of_enrollment);
}

/// A promotion stands on the timeline of whoever gave the seats up, or on nobody's.
std::optional<EnrollmentId> enrollment_of(const Record& record) {
  const auto* of_course = std::get_if<CourseEvent>(&record.event);
  return of_course != nullptr ? enrollment_in(*of_course) : record.enrollment;
}

}  // namespace

std::optional<NoticeKind> notice_of(const Event& event) {
  return std::visit(Overloaded{
                        [](const CourseEvent& e) { return kind_of(e); },
                        [](const EnrollmentEvent& e) { return kind_of(e); },
                        [](const StockEvent& e) { return kind_of(e); },
                        [](const DeliveryEvent& e) { return kind_of(e); },
                        [](const CoachingEvent& e) { return kind_of(e); },
                        [](const PaymentEvent& e) { return untold(e); },
                        [](const SagaEvent& e) { return untold(e); },
                        [](const RequestEvent& e) { return untold(e); },
                        [](const CalendarEvent& e) { return untold(e); },
                        [](const MileageEvent& e) { return untold(e); },
                        [](const NotificationEvent& e) { return untold(e); },
                    },
                    event);
}

/// The beginning of an enrollment is worth knowing: it tells whose the events are that follow.
bool Notifier::concerns(const Record& record) const {
  return begins_enrollment(record.event) || notice_of(record.event).has_value();
}

std::optional<Notice> Notifier::notice_for(const Record& record, bool outward) {
  const auto kind = notice_of(record.event);
  const auto enrollment = enrollment_of(record);
  if (!kind || !enrollment) return std::nullopt;
  const auto context = contexts_.find(*enrollment);
  if (!context) return std::nullopt;
  return Notice{.student = context->student,
                .enrollment = *enrollment,
                .queued = {.about = record.id,
                           .kind = *kind,
                           .course = context->course,
                           .happened_at = record.time,
                           .outward = outward,
                           .position = {record.position}},
                .trace = record.trace};
}

void Notifier::consume(std::span<const Record> records, Done done) {
  const bool outward = outward_();
  std::vector<Notice> notices;
  for (const auto& record : records) {
    contexts_.learn(record);
    if (auto notice = notice_for(record, outward)) notices.push_back(std::move(*notice));
  }
  if (notices.empty()) return done();
  struct Batch {
    Done done;
    std::atomic<std::size_t> left;
    std::mutex mutex;
    std::string lost;
  };
  const std::shared_ptr<Batch> batch{new Batch{.done = std::move(done), .left = notices.size()}};
  for (auto& notice : notices) {
    auto box = to_text(AggregateId::box_of(notice.student));
    tell_(std::move(notice), [batch, box = std::move(box)](const Unreadable* fault) {
      if (fault != nullptr) {
        const std::lock_guard lock{batch->mutex};
        batch->lost = box + " can't be read: " + fault->why;
      }
      // The last box to have appended answers for all.
      if (batch->left.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
      if (batch->lost.empty())
        batch->done();
      else
        batch->done.lost(batch->lost);
    });
  }
}

}  // namespace sugang
