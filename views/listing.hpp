#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/notice.hpp"
#include "domain/page.hpp"

namespace sugang {

struct CourseFilter {
  using Result = ListResult<CourseSnapshot>;
  std::optional<CourseKind> kind;
};

struct EnrollmentFilter {
  using Result = ListResult<EnrollmentSummary>;
  std::optional<StudentId> student;
  std::optional<CourseId> course;
  std::optional<EnrollmentState> state;
  std::optional<SagaState> saga;
};

/// Whom a manager has to assign, what an instructor has agreed on.
struct CoachingFilter {
  using Result = ListResult<EnrollmentSummary>;
  std::optional<CoachingState> state;
  std::optional<InstructorId> instructor;
};

struct DeliveryFilter {
  using Result = ListResult<EnrollmentSummary>;
  std::optional<DeliveryState> state;
  std::optional<StudentId> student;
};

/// An enrollment on a waitlist, with its position, counted from 1.
struct WaitlistRow {
  EnrollmentSummary enrollment;
  std::uint64_t place = 0;
  bool operator==(const WaitlistRow&) const = default;
};

/// One line of a student's ledger.
struct MileageRow {
  bool earned = true;
  std::int64_t points = 0;
  PaymentId payment;
  TimePoint at{};
  Currency currency;
  bool operator==(const MileageRow&) const = default;
};
/// Points per currency in which any were earned.
using MileageBalances = std::map<Currency, std::int64_t>;
/// A page of the ledger, the oldest first, and what all of it comes to.
struct MileageStatement {
  MileageBalances balances;
  ListResult<MileageRow> entries;
};

/// A row of my page: the enrollment with the title of its course.
struct PageRow {
  EnrollmentSummary enrollment;
  std::string course_title;
};

struct WaitlistFilter {
  using Result = ListResult<WaitlistRow>;
  CourseId course;
};
/// What belongs to one student, as `Result`.
template <class OfStudent>
struct StudentFilter {
  using Result = OfStudent;
  StudentId student;
};

/// A page of what the filter passes, once the view shows `min_position`; views_behind after a second.
template <class Filter>
struct ViewQuery {
  using Result = typename Filter::Result;
  Filter filter;
  Page page;
  Position min_position = 0;
};
using ListCourses = ViewQuery<CourseFilter>;
using ListEnrollments = ViewQuery<EnrollmentFilter>;
using ListWaitlist = ViewQuery<WaitlistFilter>;
using ListCoaching = ViewQuery<CoachingFilter>;
using ListDeliveries = ViewQuery<DeliveryFilter>;
using ReadStudentPage = ViewQuery<StudentFilter<ListResult<PageRow>>>;
using ReadMileage = ViewQuery<StudentFilter<MileageStatement>>;
using ReadNotifications = ViewQuery<StudentFilter<ListResult<Notification>>>;

}  // namespace sugang
