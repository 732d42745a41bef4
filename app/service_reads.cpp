#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "app/service.hpp"

// What is read: by id from the journal and the actors, in lists from the views, in order from the journal.

namespace sugang {

void Service::read_course(CourseId id, std::function<void(std::optional<CourseSnapshot>, Position)> done) {
  node_.directory.send(id, DescribeCourse{std::move(done)});
}

void Service::read_timeline(EnrollmentId id, std::function<void(std::vector<Record>)> done) {
  reads_([this, id, done = std::move(done)] { done(node_.journal.timeline(id)); });
}

void Service::read_line_position(CourseId course, EnrollmentId enrollment,
                                 std::function<void(std::optional<std::uint64_t>)> done) {
  node_.directory.send(course, FindInLine{enrollment, std::move(done)});
}

void Service::when_reached(Position min_position, std::function<void()> query, std::function<void()> behind) {
  views_.when_reached(min_position, [this, query = std::move(query), behind = std::move(behind)](bool reached) {
    if (reached)
      reads_(query);
    else
      behind();
  });
}

template <class Row>
void Service::list(Position min_position, std::function<ListResult<Row>()> query,
                   std::function<void(ListResult<Row>)> done) {
  when_reached(
      min_position, [query = std::move(query), done] { done(query()); },
      [done] {
        ListResult<Row> behind;
        behind.error = ServiceError::views_behind;
        done(std::move(behind));
      });
}

void Service::list_courses(std::optional<CourseKind> kind, Page page, Position min_position,
                           std::function<void(ListResult<CourseSnapshot>)> done) {
  list<CourseSnapshot>(
      min_position, [this, kind, page] { return views_.list_courses(kind, page); }, std::move(done));
}

void Service::list_enrollments(EnrollmentFilter filter, Page page, Position min_position,
                               std::function<void(ListResult<EnrollmentSummary>)> done) {
  list<EnrollmentSummary>(
      min_position, [this, filter, page] { return views_.list_enrollments(filter, page); }, std::move(done));
}

void Service::student_page(StudentId student, Page page, Position min_position,
                           std::function<void(ListResult<PageRow>)> done) {
  list<PageRow>(
      min_position, [this, student, page] { return views_.student_page(student, page); }, std::move(done));
}

void Service::list_waitlist(CourseId course, Page page, Position min_position,
                            std::function<void(ListResult<WaitlistRow>)> done) {
  list<WaitlistRow>(
      min_position, [this, course, page] { return views_.list_waitlist(course, page); }, std::move(done));
}

void Service::list_coaching(CoachingFilter filter, Page page, Position min_position,
                            std::function<void(ListResult<EnrollmentSummary>)> done) {
  list<EnrollmentSummary>(
      min_position, [this, filter, page] { return views_.list_coaching(filter, page); }, std::move(done));
}

void Service::list_deliveries(DeliveryFilter filter, Page page, Position min_position,
                              std::function<void(ListResult<EnrollmentSummary>)> done) {
  list<EnrollmentSummary>(
      min_position, [this, filter, page] { return views_.list_deliveries(filter, page); }, std::move(done));
}

void Service::student_mileage(StudentId student, Page page, Position min_position,
                              std::function<void(MileageStatement)> done) {
  when_reached(
      min_position, [this, student, page, done] { done(views_.student_mileage(student, page)); },
      [done] {
        MileageStatement behind;
        behind.entries.error = ServiceError::views_behind;
        done(std::move(behind));
      });
}

void Service::student_notifications(StudentId student, Page page, Position min_position,
                                    std::function<void(ListResult<NotificationRow>)> done) {
  list<NotificationRow>(
      min_position, [this, student, page] { return views_.student_notifications(student, page); }, std::move(done));
}

void Service::read_events(Position after, std::size_t limit,
                          std::function<void(std::vector<Record>, Position)> done) {
  reads_([this, after, limit, done = std::move(done)] {
    std::vector<Record> events;
    auto position = after;
    while (events.size() < limit) {
      auto records = node_.journal.read(position, limit - events.size());
      if (records.empty()) break;
      position = records.back().position;
      std::copy_if(std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()),
                   std::back_inserter(events),
                   [](const Record& record) { return record.aggregate.kind != AggregateKind::request; });
    }
    done(std::move(events), position);
  });
}

void Service::await_events(Position after, std::function<void()> done) {
  {
    // A batch that is not seen here takes the lock later, and finds who waits.
    std::lock_guard lock{followers_mutex_};
    if (durable_position() <= after) return followers_.push_back(std::move(done));
  }
  done();
}

void Service::wake_followers() {
  decltype(followers_) woken;
  {
    std::lock_guard lock{followers_mutex_};
    woken.swap(followers_);
  }
  for (const auto& done : woken) done();
}

}  // namespace sugang
