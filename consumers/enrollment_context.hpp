#pragma once

#include <optional>

#include "domain/record.hpp"
#include "storage/journal.hpp"
#include "views/recent_map.hpp"

namespace sugang {

/// Whose enrollment it is, in what, and of how many seats.
struct EnrollmentContext {
  CourseId course;
  StudentId student;
  std::uint32_t seats = 0;
  Money amount;
  /// Of its seats, once `enrollment.seats-changed` follows.
  SeatsChangeRequested change;
  bool operator==(const EnrollmentContext&) const = default;
};

/// The contexts of enrollments, for consumers that meet records without one. Learned in passing, which is usual:
/// an enrollment's records follow one another closely; else read from its timeline. Not thread-safe: the consumers
/// of one `Consumers` may share it.
class EnrollmentContexts {
 public:
  explicit EnrollmentContexts(const Journal& journal, std::size_t entries_max = 20'000)
      : journal_(journal), entries_max_(entries_max) {}

  /// Whether `learn` makes anything of the record.
  static bool learns_from(const Record& record);
  /// What begins an enrollment, or changes its seats, is remembered; whatever else is left alone.
  void learn(const Record& record);
  /// As it is behind the record at `as_of`. Nothing: the journal has no such enrollment. Throws JournalDamaged when
  /// it can't be read, and Quarantined from then on. May block on a disk.
  std::optional<EnrollmentContext> find(EnrollmentId id, Position as_of);

  /// Entries that were not in memory.
  std::uint64_t reads() const { return reads_; }

 private:
  const Journal& journal_;
  const std::size_t entries_max_;
  RecentMap<EnrollmentId, EnrollmentContext> recent_;
  std::uint64_t reads_ = 0;
};

}  // namespace sugang
