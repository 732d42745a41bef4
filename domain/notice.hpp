#pragma once

#include <optional>
#include <string>

#include "domain/notification.hpp"
#include "domain/record.hpp"

namespace sugang {

/// One event that the student of one enrollment is notified of: what the journal says, and nothing of what became
/// of it outside.
struct Notice {
  /// Position and id of the event; the id names the notification.
  Position position = 0;
  EventId about;
  NoticeKind kind = NoticeKind::enrollment_confirmed;
  EnrollmentId enrollment;
  StudentId student;
  CourseId course;
  /// When the event happened.
  TimePoint happened_at{};
  bool operator==(const Notice&) const = default;
};

/// A notice as its student sees it.
struct Notification {
  Notice notice;
  NotificationState state = NotificationState::sent;
  /// Of `failed`.
  std::string error;
  bool operator==(const Notification&) const = default;
};

/// Which enrollment's student an event notifies, and of what. An event notifies one student at most, so its id
/// alone names (event, recipient).
struct NoticeSubject {
  NoticeKind kind = NoticeKind::enrollment_confirmed;
  EnrollmentId enrollment;
  bool operator==(const NoticeSubject&) const = default;
};
/// Nothing: the event is no notification.
std::optional<NoticeSubject> notice_of(const Record& record);
/// The notice, where the enrollment's student and course are known.
Notice make_notice(const Record& record, const NoticeSubject& subject, StudentId student, CourseId course);

}  // namespace sugang
