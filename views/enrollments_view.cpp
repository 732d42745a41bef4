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
      changes.erase(views_space, tables_.saga_count(state));
      continue;
    }
    std::string count;
    put_be(count, value);
    changes.put(views_space, tables_.saga_count(state), std::move(count));
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

template <class Passes>
Listing<EnrollmentSummary> EnrollmentRows::list_index(const std::string& prefix, std::optional<std::string> after,
                                                      std::size_t limit, const ListBounds& bounds,
                                                      Passes passes) const {
  auto row_of = [&](std::string_view key, std::string_view) -> std::optional<EnrollmentSummary> {
    auto value = store_.get(views_space, tables_.rows.key(key));
    if (!value) return std::nullopt;
    auto row = decode_summary(*value);
    return passes(row) ? std::optional{std::move(row)} : std::nullopt;
  };
  return list_rows<EnrollmentSummary>(store_, views_space, prefix, std::move(after), limit, bounds, row_of);
}

Listing<EnrollmentSummary> EnrollmentRows::list(const EnrollmentFilter& filter, std::optional<std::string> after,
                                                std::size_t limit, const ListBounds& bounds) const {
  auto by_index = [&](const std::string& prefix) {
    return list_index(prefix, std::move(after), limit, bounds,
                      [&](const auto& summary) { return passes(filter, summary); });
  };
  if (filter.student) return by_index(tables_.of_student(*filter.student));
  if (filter.course) return by_index(tables_.of_course(*filter.course));
  if (filter.saga && is_indexed(*filter.saga)) return by_index(tables_.of_saga(*filter.saga));
  auto from_row = [&](std::string_view, std::string_view value) -> std::optional<EnrollmentSummary> {
    auto row = decode_summary(value);
    return passes(filter, row) ? std::optional{std::move(row)} : std::nullopt;
  };
  return list_rows<EnrollmentSummary>(store_, views_space, tables_.rows.prefix(), std::move(after), limit, bounds,
                                      from_row);
}

Listing<EnrollmentSummary> EnrollmentRows::list(const CoachingFilter& filter, std::optional<std::string> after,
                                                std::size_t limit, const ListBounds& bounds) const {
  auto by_index = [&](const std::string& prefix) {
    return list_index(prefix, std::move(after), limit, bounds,
                      [&](const auto& summary) { return passes(filter, summary); });
  };
  if (filter.instructor) return by_index(tables_.of_instructor(*filter.instructor));
  if (filter.state && is_indexed(*filter.state)) return by_index(tables_.of_coaching(*filter.state));
  return by_index(tables_.coached.prefix());
}

Listing<EnrollmentSummary> EnrollmentRows::list(const DeliveryFilter& filter, std::optional<std::string> after,
                                                std::size_t limit, const ListBounds& bounds) const {
  auto by_index = [&](const std::string& prefix) {
    return list_index(prefix, std::move(after), limit, bounds,
                      [&](const auto& summary) { return passes(filter, summary); });
  };
  if (filter.student) return by_index(tables_.of_student(*filter.student));
  if (filter.state && is_indexed(*filter.state)) return by_index(tables_.of_delivery(*filter.state));
  return by_index(tables_.delivered.prefix());
}

Listing<WaitlistRow> EnrollmentRows::list_waitlist(const CourseId& course, std::optional<std::string> after,
                                                   std::size_t limit, const ListBounds& bounds) const {
  std::uint64_t before = 0;
  if (after) {
    ByteReader in{*after};
    before = in.be<std::uint64_t>();
    after = std::string{in.rest()};
  }
  auto row_of = [&](std::string_view ticket, std::string_view id) -> std::optional<WaitlistRow> {
    if (id.size() != sizeof(Uid)) throw DecodeError("an entry of a waitlist is no id");
    auto row = find(EnrollmentId{ByteReader{id}.uid()});
    // It may have left the waitlist since its entry was read.
    if (!row || row->ticket != ByteReader{ticket}.be<std::uint64_t>()) return std::nullopt;
    return WaitlistRow{.enrollment = *std::move(row), .place = 0};
  };
  auto page =
      list_rows<WaitlistRow>(store_, views_space, tables_.of_line(course), std::move(after), limit, bounds, row_of);
  for (auto& row : page.items) row.place = ++before;
  if (page.next) {
    std::string next;
    put_be(next, before);
    page.next = next + *page.next;
  }
  return page;
}

SagaCounts EnrollmentRows::count_sagas() const {
  SagaCounts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (const auto value = store_.get(views_space, tables_.saga_count(static_cast<SagaState>(i))))
      counts[i] = number_of<std::uint64_t>(*value);
  return counts;
}

std::optional<EnrollmentSummary> EnrollmentRows::find(EnrollmentId id) const {
  auto value = store_.get(views_space, tables_.rows.key(id.uid));
  return value ? std::optional{decode_summary(*value)} : std::nullopt;
}

}  // namespace sugang
