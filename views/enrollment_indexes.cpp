#include "views/enrollment_indexes.hpp"

#include "storage/bytes.hpp"

namespace sugang {
namespace {

/// Entries of one enrollment, whose id ends their keys.
class Entries {
 public:
  Entries(const Uid& uid, WriteSet& changes) : uid_(uid), changes_(changes) {}

  void add(bool was, bool is, const auto& prefix) {
    if (is && !was) changes_.put(views_space, prefix() + uid_bytes(uid_), {});
  }
  void move(const auto& from, const auto& to, const auto& none, const auto& prefix) {
    if (from == to) return;
    if (from != none) changes_.erase(views_space, prefix(from) + uid_bytes(uid_));
    if (to != none) changes_.put(views_space, prefix(to) + uid_bytes(uid_), {});
  }

 private:
  const Uid& uid_;
  WriteSet& changes_;
};

void move_on_waitlist(const EnrollmentTables& tables, const EnrollmentSummary& summary,
                      const std::optional<std::uint64_t>& from, const std::optional<std::uint64_t>& to,
                      WriteSet& changes) {
  if (from == to) return;
  const auto waitlist = tables.waitlist.of_text(summary.course.text);
  if (from) changes.erase(views_space, waitlist + be_bytes(*from));
  if (to) changes.put(views_space, waitlist + be_bytes(*to), uid_bytes(summary.id.uid));
}

template <class State>
State indexed(State state) {
  return is_indexed(state) ? state : State::none;
}

}  // namespace

EnrollmentTables::EnrollmentTables(Generation generation)
    : rows(ViewId::enrollments, generation, 'r'),
      by_student(ViewId::enrollments, generation, 's'),
      by_course(ViewId::enrollments, generation, 'c'),
      by_saga(ViewId::enrollments, generation, 'g'),
      coached(ViewId::enrollments, generation, 'a'),
      delivered(ViewId::enrollments, generation, 'd'),
      by_coaching(ViewId::enrollments, generation, 'b'),
      by_instructor(ViewId::enrollments, generation, 'i'),
      by_delivery(ViewId::enrollments, generation, 'e'),
      waitlist(ViewId::enrollments, generation, 'l'),
      saga_counts(ViewId::enrollments, generation, 'n') {}

IndexEntries index_entries(const EnrollmentSummary& summary) {
  IndexEntries entries;
  // Known so far only by another's event, such as an undo that came before its act: whose it is, is not known.
  if (summary.state == EnrollmentState::none) return entries;
  entries.listed = true;
  entries.saga = indexed(summary.saga);
  entries.ticket = summary.ticket;
  entries.delivered = summary.delivery != DeliveryState::none;
  entries.delivery = indexed(summary.delivery);
  if (const auto& coaching = summary.coaching) {
    entries.coached = true;
    entries.coaching = indexed(coaching->state);
    // Released, it has no instructor any more.
    if (coaching->state != CoachingState::released) entries.instructor = coaching->instructor;
  }
  return entries;
}

void write_indexes(const EnrollmentTables& tables, const EnrollmentSummary& summary, IndexEntries& stored,
                   WriteSet& changes) {
  auto wanted = index_entries(summary);
  if (wanted == stored) return;
  Entries entries{summary.id.uid, changes};
  entries.add(stored.listed, wanted.listed, [&] { return tables.by_student.of_text(summary.student.text); });
  entries.add(stored.listed, wanted.listed, [&] { return tables.by_course.of_text(summary.course.text); });
  entries.add(stored.coached, wanted.coached, [&] { return tables.coached.prefix(); });
  entries.add(stored.delivered, wanted.delivered, [&] { return tables.delivered.prefix(); });
  entries.move(stored.saga, wanted.saga, SagaState::none,
               [&](auto state) { return tables.by_saga.of_state(state); });
  entries.move(stored.coaching, wanted.coaching, CoachingState::none,
               [&](auto state) { return tables.by_coaching.of_state(state); });
  entries.move(stored.delivery, wanted.delivery, DeliveryState::none,
               [&](auto state) { return tables.by_delivery.of_state(state); });
  entries.move(stored.instructor, wanted.instructor, std::nullopt,
               [&](const auto& instructor) { return tables.by_instructor.of_text(instructor->text); });
  move_on_waitlist(tables, summary, stored.ticket, wanted.ticket, changes);
  stored = std::move(wanted);
}

}  // namespace sugang
