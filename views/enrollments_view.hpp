#pragma once

#include <optional>
#include <set>
#include <vector>

#include "domain/timeline.hpp"
#include "views/enrollment_indexes.hpp"
#include "views/listing.hpp"
#include "views/notification_rows.hpp"
#include "views/paging.hpp"
#include "views/recent_map.hpp"
#include "views/row_keys.hpp"
#include "views/view.hpp"

namespace sugang {

/// A row per enrollment: the fold of its timeline (EnrollmentSummary), with indexes; and a row per event that its
/// student is notified of.
class EnrollmentsView : public View {
 public:
  /// `summaries_kept_max`: summaries of running enrollments kept in memory, about a kilobyte each.
  EnrollmentsView(const KeyValueStore& store, Generation generation, std::size_t summaries_kept_max);
  void fold(const Record& record) override;
  void flush(WriteSet& changes) override;

 private:
  struct Kept {
    EnrollmentSummary summary;
    bool changed = false;
    /// What the store's indexes have.
    IndexEntries stored;
  };
  Kept& kept(EnrollmentId id);
  void notify(const Record& record);
  void count_saga(SagaState from, SagaState to);

  const KeyValueStore& store_;
  EnrollmentTables tables_;
  NotificationTable notifications_;
  std::size_t summaries_kept_max_;
  RecentMap<EnrollmentId, Kept> kept_;
  std::vector<std::pair<EnrollmentId, Kept*>> changed_;
  std::vector<Notice> notices_;
  /// As they will be stored, and which of them are not yet.
  SagaCounts saga_counts_;
  std::set<SagaState> counts_changed_;
};

/// Reads one generation; from any thread, beside the writer. Throws DecodeError on a row that is damaged. `next` in
/// an answer is a key.
class EnrollmentRows {
 public:
  EnrollmentRows(const KeyValueStore& store, Generation generation) : store_(store), tables_(generation) {}

  /// By a filter of enrollments, of coaching or of deliveries.
  template <class Filter>
  Listing<EnrollmentSummary> list(const Filter& filter, KeyPage page) const;
  /// The key carries how many stand before it.
  Listing<WaitlistRow> list_waitlist(const CourseId& course, KeyPage page) const;
  std::optional<EnrollmentSummary> find(EnrollmentId id) const;
  /// A look-up for each state, whatever there is to count.
  SagaCounts count_sagas() const;

 private:
  const KeyValueStore& store_;
  EnrollmentTables tables_;
};

}  // namespace sugang
