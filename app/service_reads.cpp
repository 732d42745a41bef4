#include <algorithm>
#include <memory>
#include <utility>

#include "actors/messages.hpp"
#include "app/attempt.hpp"
#include "app/service.hpp"

// What is read: by id from the journal and the actors, in lists from the views, in order from the journal.

namespace sugang {
namespace {

/// Records that one call looks at, about, whatever it finds; and the fewest that it reads at a time. Keyed requests
/// are records too and no events: a stretch of them must not delay the next read.
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

/// The views that answer a filter.
std::vector<ViewId> views_for(const auto&) { return {ViewId::enrollments}; }
std::vector<ViewId> views_for(const CourseFilter&) { return {ViewId::courses}; }
std::vector<ViewId> views_for(const StudentFilter<ListResult<PageRow>>&) {
  return {ViewId::enrollments, ViewId::courses};
}
std::vector<ViewId> views_for(const StudentFilter<MileageStatement>&) { return {ViewId::mileage}; }

}  // namespace

void Service::query(Query query) {
  std::visit([this](auto& pending) { run(pending.query, std::move(pending.done)); }, query);
}

void Service::run(const ReadCourse& query, Done<ReadCourse> done) {
  auto reader = [done = std::move(done)](CourseRead read, Position) { done(std::move(read)); };
  to_.node.directory.send(query.course, DescribeCourse{to_.node.callers.course_reads.add(std::move(reader))});
}

void Service::run(const ReadTimeline& query, Done<ReadTimeline> done) {
  to_.reads([this, query, done = std::move(done)] {
    done(attempt<std::vector<Record>>([&] { return to_.node.journal.timeline(query.enrollment); }));
  });
}

void Service::run(const FindWaitlistPosition& query, Done<FindWaitlistPosition> done) {
  to_.node.directory.send(
      query.course,
      DescribeWaitlistPosition{query.enrollment, to_.node.callers.waitlist_position_reads.add(std::move(done))});
}

void Service::run(const ReadEvents& query, Done<ReadEvents> done) {
  to_.scans([this, query, done = std::move(done)] {
    done(attempt<EventsRead>([&] { return find_events(to_.node.journal, query.after, query.limit); }));
  });
}

void Service::run(const ListWebhookDeliveries& query, Done<ListWebhookDeliveries> done) {
  to_.scans([this, query, done = std::move(done)] {
    auto listed = attempt<std::optional<ListResult<WebhookDelivery>>>(
        [&] { return to_.webhooks.deliveries(query.webhook, query.page); });
    through_gate([done, listed = std::move(listed)] { done(listed); });
  });
}

template <class Row>
void Service::run(const ListAll<Row>& query, Done<ListAll<Row>> done) {
  to_.scans([this, query, done = std::move(done)] {
    auto listed = attempt_list<ListResult<Row>>([&] { return read(query); });
    through_gate([done, listed = std::move(listed)] { done(listed); });
  });
}

template <class Filter>
void Service::run(const ViewQuery<Filter>& query, Done<ViewQuery<Filter>> done) {
  using Result = typename Filter::Result;
  to_.views.when_reached(views_for(query.filter), query.min_position, [this, query, done](bool reached) {
    if (!reached) return done(failed<Result>(ServiceError::views_behind));
    to_.scans([this, query, done] { done(attempt_list<Result>([&] { return read(query); })); });
  });
}

/// While notifications are paused, the boxes stay as they were.
ListResult<Notification> Service::read(const ReadNotifications& query) const {
  const auto until = to_.components.shown_until(Component::notifications);
  if (query.min_position > until) return failed<ListResult<Notification>>(ServiceError::views_behind);
  auto notices = to_.views.student_notifications(query.filter.student, query.page, until);
  ListResult<Notification> result{.error = notices.error, .cursor_invalid = notices.cursor_invalid, .listing = {}};
  result.listing.next = std::move(notices.listing.next);
  result.listing.position = notices.listing.position;
  for (auto& notice : notices.listing.items)
    result.listing.items.push_back(to_.webhooks.standing(std::move(notice)));
  return result;
}

void Service::await_events(Position after, std::function<void()> done) {
  {
    // A batch that is not seen here takes the lock later, and finds what waits.
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
