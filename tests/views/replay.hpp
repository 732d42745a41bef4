#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "domain/notice.hpp"
#include "random_history.hpp"
#include "views/listing.hpp"

namespace sugang {

// What the lists must show after the first `end` records of a history, folded as plainly as it can be.

/// The folds of the timelines, by id.
inline std::map<EnrollmentId, EnrollmentSummary> enrollments_of(const RandomHistory& history, Position end) {
  std::map<EnrollmentId, EnrollmentSummary> folds;
  for (Position at = 0; at < end; ++at) {
    const auto& record = history.records()[at];
    if (record.enrollment) apply(folds[*record.enrollment], record);
  }
  std::erase_if(folds, [](const auto& entry) { return entry.second.state == EnrollmentState::none; });
  return folds;
}

struct CourseFold {
  Course course;
  Sequence sequence = 0;
};
inline std::map<std::string, CourseFold> course_folds_of(const RandomHistory& history, Position end) {
  std::map<std::string, CourseFold> folds;
  for (Position at = 0; at < end; ++at) {
    const auto& record = history.records()[at];
    const auto* event = std::get_if<CourseEvent>(&record.event);
    if (!event) continue;
    auto& fold = folds[record.aggregate.name];
    apply(fold.course, *event);
    fold.sequence = record.sequence;
  }
  return folds;
}

inline std::map<std::string, CourseSnapshot> courses_of(const RandomHistory& history, Position end, TimePoint now) {
  std::map<std::string, CourseSnapshot> snapshots;
  for (const auto& [name, fold] : course_folds_of(history, end))
    snapshots[name] = {.id = {name},
                       .definition = fold.course.definition,
                       .state = state_at(fold.course.definition, now),
                       .definition_version = fold.course.definition_version,
                       .sequence = fold.sequence,
                       .held = fold.course.held,
                       .taken = fold.course.taken,
                       .waitlisted = fold.course.waitlisted,
                       .cancelled = fold.course.cancelled};
  return snapshots;
}

/// By course: the waitlist as the course itself has it.
inline std::map<std::string, std::vector<WaitlistRow>> lines_of(const RandomHistory& history, Position end) {
  const auto enrollments = enrollments_of(history, end);
  std::map<std::string, std::vector<WaitlistRow>> lines;
  for (const auto& [name, fold] : course_folds_of(history, end)) {
    auto& line = lines[name];
    for (const auto& [ticket, waiter] : fold.course.waitlist)
      line.push_back({enrollments.at(waiter.enrollment), line.size() + 1});
  }
  return lines;
}

struct Ledger {
  MileageBalances balances;
  std::vector<MileageRow> rows;
};
inline std::map<std::string, Ledger> ledgers_of(const RandomHistory& history, Position end) {
  std::map<std::string, Ledger> ledgers;
  std::map<PaymentId, EnrollmentRequested> requests;
  for (Position at = 0; at < end; ++at) {
    const auto& record = history.records()[at];
    if (const auto* of_enrollment = std::get_if<EnrollmentEvent>(&record.event))
      if (const auto* requested = std::get_if<EnrollmentRequested>(of_enrollment))
        requests[payment_of(*record.enrollment)] = *requested;
    const auto* event = std::get_if<PaymentEvent>(&record.event);
    if (!event) continue;
    const auto* approved = std::get_if<PaymentApproved>(event);
    const auto* refund = std::get_if<RefundRequested>(event);
    const auto* replaced = std::get_if<PaymentReplaced>(event);
    const auto earned = approved ? approved->mileage : replaced ? replaced->mileage : 0;
    const auto points = refund ? refund->mileage : earned;
    if (points == 0) continue;
    const PaymentId payment{record.aggregate.uid};
    const auto& request = requests.at(payment);
    auto& ledger = ledgers[request.student.text];
    ledger.balances[request.amount.currency] += refund ? -points : points;
    ledger.rows.push_back({refund == nullptr, points, payment, record.time, request.amount.currency});
  }
  return ledgers;
}

/// By student: a notice for each event that has the name of a kind of notice, or is a promotion.
inline std::map<std::string, std::vector<Notice>> notifications_of(const RandomHistory& history, Position end) {
  std::map<std::string, std::vector<Notice>> boxes;
  std::map<EnrollmentId, EnrollmentRequested> enrollments;
  for (Position at = 0; at < end; ++at) {
    const auto& record = history.records()[at];
    auto enrollment = record.enrollment;
    if (const auto* event = std::get_if<EnrollmentEvent>(&record.event))
      if (const auto* requested = std::get_if<EnrollmentRequested>(event)) enrollments[*enrollment] = *requested;
    auto kind = parse_enum<NoticeKind>(event_name(record.event));
    if (const auto* event = std::get_if<CourseEvent>(&record.event))
      if (const auto* promoted = std::get_if<WaiterPromoted>(event)) {
        kind = NoticeKind::waitlist_promoted;
        enrollment = promoted->enrollment;
      }
    if (!kind) continue;
    const auto& of = enrollments.at(*enrollment);
    boxes[of.student.text].push_back(
        {record.position, record.id, *kind, *enrollment, of.student, of.course, record.time});
  }
  return boxes;
}

}  // namespace sugang
