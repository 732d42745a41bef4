#pragma once

#include <optional>
#include <vector>

#include "domain/timeline.hpp"
#include "views/listing.hpp"
#include "views/paging.hpp"
#include "views/recent_map.hpp"
#include "views/row_keys.hpp"
#include "views/view.hpp"

namespace sugang {

/// Where the enrollments of one generation stand. Rows are in the order of their ids, so by time; the indexes hold
/// ids only.
struct EnrollmentTables {
  explicit EnrollmentTables(Generation generation);

  Table rows;
  Table by_student;
  Table by_course;
  Table by_saga;

  /// All index keys of one student, course or saga state begin so; the enrollment's id follows.
  std::string of_student(const StudentId& student) const;
  std::string of_course(const CourseId& course) const;
  std::string of_saga(SagaState state) const;
};

/// Nearly every saga ends as `completed`, so an index entry would cost a write each and select nothing: those are
/// found by examining the rows.
inline bool is_indexed(SagaState state) { return state != SagaState::none && state != SagaState::completed; }

/// A row per enrollment: the fold of its timeline (EnrollmentSummary), with indexes by student, course and saga.
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
    // What the store's indexes say.
    bool in_indexes = false;
    SagaState saga_in_index = SagaState::none;
  };
  Kept& kept(EnrollmentId id);
  void put_indexes(Kept& kept, const Uid& uid, WriteSet& changes) const;

  const KeyValueStore& store_;
  EnrollmentTables tables_;
  std::size_t summaries_kept_max_;
  RecentMap<EnrollmentId, Kept> kept_;
  std::vector<std::pair<EnrollmentId, Kept*>> changed_;
};

/// Reads one generation; from any thread, beside the writer. Throws DecodeError on a row that is damaged.
class EnrollmentRows {
 public:
  EnrollmentRows(const KeyValueStore& store, Generation generation) : store_(store), tables_(generation) {}

  /// A page after the row with the key `after`; `next` in the answer is a key.
  Listing<EnrollmentSummary> list(const EnrollmentFilter& filter, std::optional<std::string> after,
                                  std::size_t limit, const ListBounds& bounds) const;
  std::optional<EnrollmentSummary> find(EnrollmentId id) const;

 private:
  const KeyValueStore& store_;
  EnrollmentTables tables_;
};

}  // namespace sugang
