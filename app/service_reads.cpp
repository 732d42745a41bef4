#include <algorithm>
#include <memory>
#include <utility>

#include "app/attempt.hpp"
#include "app/service.hpp"

// What is read: by id from the journal and the actors, in lists from the views, in order from the journal.

namespace sugang {
namespace {

/// Records that one call looks at, about, whatever it finds; and the fewest that it reads at a time. Keyed requests
/// are records too and no events: a stretch of them must not hold up whoever reads next.
constexpr std::size_t events_examined_max = 4'096;
constexpr std::size_t events_read_min = 64;

EventsRead find_events(const Journal& journal, Position after, std::size_t limit) {
  EventsRead found{.next = after};
  for (std::size_t examined = 0; examined < events_examined_max;) {
    std::vector<Record> records;
    try {
      records = journal.read(found.next, std::max(limit - found.records.size(), events_read_min));
    } catch (const JournalDamaged&) {
      // What stands before the damage is good.
      if (found.next == after) throw;
      return found;
    }
    examined += records.size();
    for (auto& record : records) {
      if (found.records.size() == limit) return found;
      found.next = record.position;
      if (is_public(record)) found.records.push_back(std::move(record));
    }
    found.at_end = found.next >= journal.durable_position();
    if (found.at_end || found.records.size() == limit) return found;
  }
  return found;
}

}  // namespace

void Service::read_course(CourseId id, CourseReader done) {
  node_.directory.send(id, DescribeCourse{node_.callers.course_reads.add(std::move(done))});
}

void Service::read_timeline(EnrollmentId id, std::function<void(ReadResult<std::vector<Record>>)> done) {
  reads_([this, id, done = std::move(done)] {
    done(attempt<std::vector<Record>>([&] { return node_.journal.timeline(id); }));
  });
}

void Service::read_line_position(CourseId course, EnrollmentId enrollment, LineReader done) {
  node_.directory.send(course, FindInLine{enrollment, node_.callers.line_reads.add(std::move(done))});
}

void Service::when_reached(std::vector<ViewId> views, Position min_position, std::function<void()> query,
                           std::function<void()> behind) {
  views_.when_reached(std::move(views), min_position,
                      [this, query = std::move(query), behind = std::move(behind)](bool reached) {
                        if (reached)
                          scans_(query);
                        else
                          behind();
                      });
}

template <class Row>
void Service::list(std::vector<ViewId> views, Position min_position, std::function<ListResult<Row>()> query,
                   std::function<void(ListResult<Row>)> done) {
  when_reached(
      std::move(views), min_position, [query = std::move(query), done] { done(attempt_list<Row>(query)); },
      [done] {
        ListResult<Row> behind;
        behind.error = ServiceError::views_behind;
        done(std::move(behind));
      });
}

void Service::list_courses(std::optional<CourseKind> kind, Page page, Position min_position,
                           std::function<void(ListResult<CourseSnapshot>)> done) {
  list<CourseSnapshot>(
      {ViewId::courses}, min_position, [this, kind, page] { return views_.list_courses(kind, page); },
      std::move(done));
}

void Service::list_enrollments(EnrollmentFilter filter, Page page, Position min_position,
                               std::function<void(ListResult<EnrollmentSummary>)> done) {
  list<EnrollmentSummary>(
      {ViewId::enrollments}, min_position, [this, filter, page] { return views_.list_enrollments(filter, page); },
      std::move(done));
}

void Service::student_page(StudentId student, Page page, Position min_position,
                           std::function<void(ListResult<PageRow>)> done) {
  list<PageRow>(
      {ViewId::enrollments, ViewId::courses}, min_position,
      [this, student, page] { return views_.student_page(student, page); }, std::move(done));
}

void Service::list_waitlist(CourseId course, Page page, Position min_position,
                            std::function<void(ListResult<WaitlistRow>)> done) {
  list<WaitlistRow>(
      {ViewId::enrollments}, min_position, [this, course, page] { return views_.list_waitlist(course, page); },
      std::move(done));
}

void Service::list_coaching(CoachingFilter filter, Page page, Position min_position,
                            std::function<void(ListResult<EnrollmentSummary>)> done) {
  list<EnrollmentSummary>(
      {ViewId::enrollments}, min_position, [this, filter, page] { return views_.list_coaching(filter, page); },
      std::move(done));
}

void Service::list_deliveries(DeliveryFilter filter, Page page, Position min_position,
                              std::function<void(ListResult<EnrollmentSummary>)> done) {
  list<EnrollmentSummary>(
      {ViewId::enrollments}, min_position, [this, filter, page] { return views_.list_deliveries(filter, page); },
      std::move(done));
}

void Service::student_mileage(StudentId student, Page page, Position min_position,
                              std::function<void(MileageStatement)> done) {
  when_reached(
      {ViewId::mileage}, min_position,
      [this, student, page, done] {
        auto statement = attempt<MileageStatement>([&] { return views_.student_mileage(student, page); });
        if (auto* read = std::get_if<0>(&statement)) return done(std::move(*read));
        MileageStatement failed;
        failed.entries.error = std::get<ServiceError>(statement);
        done(std::move(failed));
      },
      [done] {
        MileageStatement behind;
        behind.entries.error = ServiceError::views_behind;
        done(std::move(behind));
      });
}

void Service::student_notifications(StudentId student, Page page, Position min_position,
                                    std::function<void(ListResult<Notification>)> done) {
  // While notifications are paused, the boxes stay as they were.
  const auto until = components_.shown_until(Component::notifications);
  const auto query = [this, student, page, until] {
    auto notices = views_.student_notifications(student, page, until);
    ListResult<Notification> result{
        .error = notices.error, .cursor_invalid = notices.cursor_invalid, .listing = {}};
    result.listing.next = std::move(notices.listing.next);
    result.listing.position = notices.listing.position;
    for (auto& notice : notices.listing.items)
      result.listing.items.push_back(webhooks_.standing(std::move(notice)));
    return result;
  };
  if (min_position <= until) return list<Notification>({ViewId::enrollments}, min_position, query, std::move(done));
  ListResult<Notification> behind;
  behind.error = ServiceError::views_behind;
  done(std::move(behind));
}

void Service::read_events(Position after, std::size_t limit, std::function<void(ReadResult<EventsRead>)> done) {
  scans_([this, after, limit, done = std::move(done)] {
    done(attempt<EventsRead>([&] { return find_events(node_.journal, after, limit); }));
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
