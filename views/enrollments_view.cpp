#include "views/enrollments_view.hpp"

#include "storage/codec.hpp"

namespace sugang {
namespace {

bool passes(const EnrollmentFilter& filter, const EnrollmentSummary& row) {
  // Known so far only by another's event, such as an undo that came before its act.
  if (row.state == EnrollmentState::none) return false;
  return (!filter.student || *filter.student == row.student) && (!filter.course || *filter.course == row.course) &&
         (!filter.state || *filter.state == row.state) && (!filter.saga || *filter.saga == row.saga);
}

bool passes(const CoachingFilter& filter, const EnrollmentSummary& row) {
  if (!row.coaching) return false;
  const bool released = row.coaching->state == CoachingState::released;
  return (!filter.state || *filter.state == row.coaching->state) &&
         (!filter.instructor || (!released && filter.instructor == row.coaching->instructor));
}

bool passes(const DeliveryFilter& filter, const EnrollmentSummary& row) {
  if (row.delivery == DeliveryState::none) return false;
  return (!filter.state || *filter.state == row.delivery) && (!filter.student || *filter.student == row.student);
}

/// The keys among which the filter passes the fewest.
std::string keys_for(const EnrollmentTables& tables, const EnrollmentFilter& filter) {
  if (filter.student) return tables.by_student.of_text(filter.student->text);
  if (filter.course) return tables.by_course.of_text(filter.course->text);
  if (filter.saga && is_indexed(*filter.saga)) return tables.by_saga.of_state(*filter.saga);
  return tables.rows.prefix();
}

std::string keys_for(const EnrollmentTables& tables, const CoachingFilter& filter) {
  if (filter.instructor) return tables.by_instructor.of_text(filter.instructor->text);
  if (filter.state && is_indexed(*filter.state)) return tables.by_coaching.of_state(*filter.state);
  return tables.coached.prefix();
}

std::string keys_for(const EnrollmentTables& tables, const DeliveryFilter& filter) {
  if (filter.student) return tables.by_student.of_text(filter.student->text);
  if (filter.state && is_indexed(*filter.state)) return tables.by_delivery.of_state(*filter.state);
  return tables.delivered.prefix();
}

}  // namespace

EnrollmentsView::EnrollmentsView(const KeyValueStore& store, Generation generation, std::size_t summaries_kept_max)
    : store_(store),
      tables_(generation),
      notifications_(generation),
      summaries_kept_max_(summaries_kept_max),
      saga_counts_(EnrollmentRows{store, generation}.count_sagas()) {}

EnrollmentsView::Kept& EnrollmentsView::kept(EnrollmentId id) {
  if (auto* present = kept_.find(id)) return *present;
  Kept fresh;
  if (auto row = store_.get(views_space, tables_.rows.key(id.uid))) {
    fresh.summary = decode_summary(*row);
    fresh.stored = index_entries(fresh.summary);
  }
  return kept_.put(id, std::move(fresh));
}

void EnrollmentsView::fold(const Record& record) {
  notify(record);
  if (!record.enrollment || record.aggregate.kind == AggregateKind::request) return;
  auto& entry = kept(*record.enrollment);
  apply(entry.summary, record);
  if (entry.changed) return;
  entry.changed = true;
  changed_.emplace_back(*record.enrollment, &entry);
}

/// The enrollment's first event names its student, and comes before all that notifies.
void EnrollmentsView::notify(const Record& record) {
  const auto subject = notice_of(record);
  if (!subject) return;
  const auto& summary = kept(subject->enrollment).summary;
  if (summary.state != EnrollmentState::none)
    notices_.push_back(make_notice(record, *subject, summary.student, summary.course));
}

void EnrollmentsView::flush(WriteSet& changes) {
  for (const auto& notice : notices_) notifications_.put(changes, notice);
  notices_.clear();
  for (auto& [id, entry] : changed_) {
    changes.put(views_space, tables_.rows.key(id.uid), encode(entry->summary));
    const auto saga = entry->stored.saga;
    write_indexes(tables_, entry->summary, entry->stored, changes);
    count_saga(saga, entry->stored.saga);
    entry->changed = false;
  }
  for (const auto state : counts_changed_) {
    const auto value = saga_counts_[static_cast<std::size_t>(state)];
    if (value == 0) {
      // As if there had been none, however the records were chunked.
      changes.erase(views_space, tables_.saga_counts.of_state(state));
      continue;
    }
    changes.put(views_space, tables_.saga_counts.of_state(state), be_bytes(value));
  }
  counts_changed_.clear();
  // What has ended seldom changes again: the memory is for the running ones.
  for (auto& [id, entry] : changed_)
    if (entry->summary.ended()) kept_.erase(id);
  changed_.clear();
  kept_.trim(summaries_kept_max_);
}

void EnrollmentsView::count_saga(SagaState from, SagaState to) {
  if (from == to) return;
  for (const auto state : {from, to}) {
    if (state == SagaState::none) continue;
    auto& count = saga_counts_[static_cast<std::size_t>(state)];
    state == from ? --count : ++count;
    counts_changed_.insert(state);
  }
}

template <class Filter>
Listing<EnrollmentSummary> EnrollmentRows::list(const Filter& filter, KeyPage page) const {
  auto row_of = [&](std::string_view key, std::string_view value) -> std::optional<EnrollmentSummary> {
    // An entry of an index has no value.
    auto row = value.empty() ? find(EnrollmentId{ByteReader{key}.uid()}) : std::optional{decode_summary(value)};
    return row && passes(filter, *row) ? std::move(row) : std::nullopt;
  };
  return list_rows<EnrollmentSummary>(store_, views_space, keys_for(tables_, filter), std::move(page), row_of);
}
template Listing<EnrollmentSummary> EnrollmentRows::list(const EnrollmentFilter&, KeyPage) const;
template Listing<EnrollmentSummary> EnrollmentRows::list(const CoachingFilter&, KeyPage) const;
template Listing<EnrollmentSummary> EnrollmentRows::list(const DeliveryFilter&, KeyPage) const;

Listing<WaitlistRow> EnrollmentRows::list_waitlist(const CourseId& course, KeyPage wanted) const {
  std::uint64_t before = 0;
  if (wanted.after) {
    ByteReader in{*wanted.after};
    before = in.be<std::uint64_t>();
    wanted.after = std::string{in.rest()};
  }
  auto row_of = [&](std::string_view ticket, std::string_view id) -> std::optional<WaitlistRow> {
    if (id.size() != sizeof(Uid)) throw DecodeError("an entry of a waitlist is no id");
    auto row = find(EnrollmentId{ByteReader{id}.uid()});
    // It may have left the waitlist since its entry was read.
    if (!row || row->ticket != ByteReader{ticket}.be<std::uint64_t>()) return std::nullopt;
    return WaitlistRow{.enrollment = *std::move(row), .place = 0};
  };
  auto page =
      list_rows<WaitlistRow>(store_, views_space, tables_.waitlist.of_text(course.text), std::move(wanted), row_of);
  for (auto& row : page.items) row.place = ++before;
  if (page.next) page.next = be_bytes(before) + *page.next;
  return page;
}

SagaCounts EnrollmentRows::count_sagas() const {
  SagaCounts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (const auto value = store_.get(views_space, tables_.saga_counts.of_state(static_cast<SagaState>(i))))
      counts[i] = number_of<std::uint64_t>(*value);
  return counts;
}

std::optional<EnrollmentSummary> EnrollmentRows::find(EnrollmentId id) const {
  auto value = store_.get(views_space, tables_.rows.key(id.uid));
  return value ? std::optional{decode_summary(*value)} : std::nullopt;
}

}  // namespace sugang
