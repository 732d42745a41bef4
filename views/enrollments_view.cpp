#include "views/enrollments_view.hpp"

#include "storage/codec.hpp"

namespace sugang {
namespace {

/// The length goes first, so that no text is another's prefix.
std::string with_text(const Table& table, std::string_view text) {
  std::string rest;
  put_be(rest, static_cast<std::uint16_t>(text.size()));
  rest += text;
  return table.key(rest);
}

std::string with_uid(std::string key, const Uid& uid) {
  put_uid(key, uid);
  return key;
}

bool passes(const EnrollmentFilter& filter, const EnrollmentSummary& row) {
  // Known so far only by another's event, such as an undo that came before its act.
  if (row.state == EnrollmentState::none) return false;
  return (!filter.student || *filter.student == row.student) && (!filter.course || *filter.course == row.course) &&
         (!filter.state || *filter.state == row.state) && (!filter.saga || *filter.saga == row.saga);
}

}  // namespace

EnrollmentTables::EnrollmentTables(Generation generation)
    : rows(ViewId::enrollments, generation, 'r'),
      by_student(ViewId::enrollments, generation, 's'),
      by_course(ViewId::enrollments, generation, 'c'),
      by_saga(ViewId::enrollments, generation, 'g') {}

std::string EnrollmentTables::of_student(const StudentId& student) const {
  return with_text(by_student, student.text);
}
std::string EnrollmentTables::of_course(const CourseId& course) const { return with_text(by_course, course.text); }
std::string EnrollmentTables::of_saga(SagaState state) const { return by_saga.prefix() + static_cast<char>(state); }

EnrollmentsView::EnrollmentsView(const KeyValueStore& store, Generation generation, std::size_t summaries_kept_max)
    : store_(store), tables_(generation), summaries_kept_max_(summaries_kept_max) {}

EnrollmentsView::Kept& EnrollmentsView::kept(EnrollmentId id) {
  if (auto* present = kept_.find(id)) return *present;
  Kept fresh;
  if (auto row = store_.get(views_space, tables_.rows.key(id.uid))) {
    fresh.summary = decode_summary(*row);
    fresh.in_indexes = fresh.summary.state != EnrollmentState::none;
    fresh.saga_in_index = fresh.in_indexes ? fresh.summary.saga : SagaState::none;
  }
  return kept_.put(id, std::move(fresh));
}

void EnrollmentsView::fold(const Record& record) {
  if (!record.enrollment || record.aggregate.kind == AggregateKind::request) return;
  auto& entry = kept(*record.enrollment);
  apply(entry.summary, record);
  if (entry.changed) return;
  entry.changed = true;
  changed_.emplace_back(*record.enrollment, &entry);
}

void EnrollmentsView::put_indexes(Kept& entry, const Uid& uid, WriteSet& changes) const {
  const auto& summary = entry.summary;
  if (summary.state == EnrollmentState::none) return;
  if (!entry.in_indexes) {
    changes.put(views_space, with_uid(tables_.of_student(summary.student), uid), {});
    changes.put(views_space, with_uid(tables_.of_course(summary.course), uid), {});
    entry.in_indexes = true;
  }
  if (entry.saga_in_index == summary.saga) return;
  if (is_indexed(entry.saga_in_index))
    changes.erase(views_space, with_uid(tables_.of_saga(entry.saga_in_index), uid));
  if (is_indexed(summary.saga)) changes.put(views_space, with_uid(tables_.of_saga(summary.saga), uid), {});
  entry.saga_in_index = summary.saga;
}

void EnrollmentsView::flush(WriteSet& changes) {
  for (auto& [id, entry] : changed_) {
    changes.put(views_space, tables_.rows.key(id.uid), encode(entry->summary));
    put_indexes(*entry, id.uid, changes);
    entry->changed = false;
  }
  // What has ended seldom changes again: the memory is for the running ones.
  for (auto& [id, entry] : changed_)
    if (entry->summary.ended()) kept_.erase(id);
  changed_.clear();
  kept_.trim(summaries_kept_max_);
}

Listing<EnrollmentSummary> EnrollmentRows::list(const EnrollmentFilter& filter, std::optional<std::string> after,
                                                std::size_t limit, const ListBounds& bounds) const {
  auto from_row = [&](std::string_view, std::string_view value) -> std::optional<EnrollmentSummary> {
    auto row = decode_summary(value);
    return passes(filter, row) ? std::optional{std::move(row)} : std::nullopt;
  };
  auto from_index = [&](std::string_view key, std::string_view) -> std::optional<EnrollmentSummary> {
    auto value = store_.get(views_space, tables_.rows.key(key));
    return value ? from_row(key, *value) : std::nullopt;
  };
  auto by_index = [&](const std::string& prefix) {
    return list_rows<EnrollmentSummary>(store_, views_space, prefix, std::move(after), limit, bounds, from_index);
  };
  if (filter.student) return by_index(tables_.of_student(*filter.student));
  if (filter.course) return by_index(tables_.of_course(*filter.course));
  if (filter.saga && is_indexed(*filter.saga)) return by_index(tables_.of_saga(*filter.saga));
  return list_rows<EnrollmentSummary>(store_, views_space, tables_.rows.prefix(), std::move(after), limit, bounds,
                                      from_row);
}

std::optional<EnrollmentSummary> EnrollmentRows::find(EnrollmentId id) const {
  auto value = store_.get(views_space, tables_.rows.key(id.uid));
  return value ? std::optional{decode_summary(*value)} : std::nullopt;
}

}  // namespace sugang
