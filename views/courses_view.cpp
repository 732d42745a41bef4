#include "views/courses_view.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "storage/codec.hpp"

namespace sugang {
namespace {

/// The sequence (8) and the seats waited for (4), both big-endian, then the course's snapshot.
std::string encode_row(const Course& course, Sequence sequence) {
  return be_bytes(sequence) + be_bytes(course.waitlisted) + encode_snapshot(course);
}

std::pair<Course, Sequence> decode_row(std::string_view bytes) {
  ByteReader in{bytes};
  const auto sequence = in.be<Sequence>();
  const auto waitlisted = in.be<std::uint32_t>();
  if (!in.ok()) throw DecodeError("a course's row is cut");
  auto course = decode_course(in.rest());
  course.waitlisted = waitlisted;
  return {std::move(course), sequence};
}

void take_off(std::uint32_t& count, std::uint32_t seats) { count -= std::min(count, seats); }

}  // namespace

CourseTables::CourseTables(Generation generation)
    : rows(ViewId::courses, generation, 'r'),
      held(ViewId::courses, generation, 'h'),
      waiting(ViewId::courses, generation, 'w') {}

std::optional<std::uint32_t> PassingSeats::stored(EnrollmentId id) {
  if (const auto* seats = kept_.find(id)) return *seats;
  auto value = store_.get(views_space, table_.key(id.uid));
  return value ? std::optional{number_of<std::uint32_t>(*value)} : std::nullopt;
}

void PassingSeats::put(EnrollmentId id, std::uint32_t seats) { changes_[id].seats = seats; }

std::optional<std::uint32_t> PassingSeats::remove(EnrollmentId id) {
  if (auto it = changes_.find(id); it != changes_.end()) return std::exchange(it->second.seats, std::nullopt);
  auto seats = stored(id);
  if (seats) changes_[id] = {.seats = std::nullopt, .is_stored = true};
  return seats;
}

void PassingSeats::flush(WriteSet& changes) {
  for (const auto& [id, change] : changes_) {
    if (change.seats) {
      changes.put(views_space, table_.key(id.uid), be_bytes(*change.seats));
      kept_.put(id, *change.seats);
    } else if (change.is_stored) {
      changes.erase(views_space, table_.key(id.uid));
      kept_.erase(id);
    }
  }
  changes_.clear();
  kept_.trim(kept_max_);
}

CoursesView::CoursesView(const KeyValueStore& store, Generation generation, Kept kept)
    : store_(store),
      tables_(generation),
      limits_(kept),
      held_(store, tables_.held, kept.held_max),
      waiting_(store, tables_.waiting, kept.held_max) {}

CoursesView::Row& CoursesView::row(const std::string& name) {
  if (auto* present = rows_.find(name)) return *present;
  Row fresh;
  if (auto bytes = store_.get(views_space, tables_.rows.key(name)))
    std::tie(fresh.course, fresh.sequence) = decode_row(*bytes);
  return rows_.put(name, std::move(fresh));
}

void CoursesView::promote(Course& course, EnrollmentId enrollment) {
  const auto seats = waiting_.remove(enrollment).value_or(0);
  take_off(course.waitlisted, seats);
  held_.put(enrollment, seats);
  course.held += seats;
}

void CoursesView::leave_waitlist(Course& course, EnrollmentId enrollment) {
  take_off(course.waitlisted, waiting_.remove(enrollment).value_or(0));
}

void CoursesView::fold(Course& course, const CourseEvent& event) {
  std::visit(Overloaded{
                 [&](const CourseRegistered&) { apply(course, event); },
                 [&](const CourseRevised&) { apply(course, event); },
                 [&](const CourseCancelled&) { apply(course, event); },
                 [&](const SeatsHeld& e) {
                   held_.put(e.enrollment, e.seats);
                   course.held += e.seats;
                 },
                 [&](const SeatsTaken& e) {
                   const auto seats = held_.remove(e.enrollment).value_or(0);
                   take_off(course.held, seats);
                   course.taken += seats;
                 },
                 [&](const SeatsReleased& e) {
                   if (e.seats == 0) return;
                   take_off(held_.remove(e.enrollment) ? course.held : course.taken, e.seats);
                 },
                 [&](const SeatsChangeHeld& e) { course.held += e.added; },
                 [&](const SeatsChangeTaken& e) {
                   take_off(course.held, e.added);
                   course.taken += e.added;
                   take_off(course.taken, e.returned);
                 },
                 [&](const SeatsChangeReleased& e) { take_off(course.held, e.added); },
                 [&](const SeatsWaitlisted& e) {
                   waiting_.put(e.enrollment, e.seats);
                   course.waitlisted += e.seats;
                 },
                 [&](const WaiterPromoted& e) { promote(course, e.enrollment); },
                 [&](const WaiterLeft& e) { leave_waitlist(course, e.enrollment); },
                 [&](const WaiterDismissed& e) { leave_waitlist(course, e.enrollment); },
             },
             event);
}

void CoursesView::fold(const Record& record) {
  const auto* event = std::get_if<CourseEvent>(&record.event);
  if (!event) return;
  auto& entry = row(record.aggregate.name);
  fold(entry.course, *event);
  entry.sequence = record.sequence;
  if (entry.changed) return;
  entry.changed = true;
  changed_.emplace_back(record.aggregate.name, &entry);
}

void CoursesView::flush(WriteSet& changes) {
  for (auto& [name, entry] : changed_) {
    changes.put(views_space, tables_.rows.key(name), encode_row(entry->course, entry->sequence));
    entry->changed = false;
  }
  changed_.clear();
  rows_.trim(limits_.courses_max);
  held_.flush(changes);
  waiting_.flush(changes);
}

Listing<CourseSnapshot> CourseRows::list(std::optional<CourseKind> kind, KeyPage page, TimePoint now) const {
  auto row_of = [&](std::string_view key, std::string_view value) -> std::optional<CourseSnapshot> {
    auto [course, sequence] = decode_row(value);
    if (!course.registered || (kind && course.definition.kind != *kind)) return std::nullopt;
    const auto state = state_at(course.definition, now);
    return CourseSnapshot{.id = {std::string{key}},
                          .definition = std::move(course.definition),
                          .state = state,
                          .definition_version = course.definition_version,
                          .sequence = sequence,
                          .held = course.held,
                          .taken = course.taken,
                          .waitlisted = course.waitlisted,
                          .cancelled = course.cancelled};
  };
  return list_rows<CourseSnapshot>(store_, views_space, tables_.rows.prefix(), std::move(page), row_of);
}

std::string CourseRows::title(const CourseId& id) const {
  auto bytes = store_.get(views_space, tables_.rows.key(id.text));
  return bytes ? decode_row(*bytes).first.definition.title : std::string{};
}

}  // namespace sugang
