#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "domain/outcome.hpp"
#include "views/listing.hpp"
#include "views/paging.hpp"
#include "views/recent_map.hpp"
#include "views/row_keys.hpp"
#include "views/view.hpp"

namespace sugang {

struct CourseTables {
  explicit CourseTables(Generation generation);

  Table rows;
  /// Seats that an enrollment holds and has not taken.
  Table held;
  /// Seats that an enrollment on the waitlist waits for.
  Table waiting;
};

/// How many seats enrollments have for a while: held and not taken yet, or waited for. What comes and goes within
/// one chunk is never stored.
class PassingSeats {
 public:
  /// `kept_max`: stored entries that are also kept in memory.
  PassingSeats(const KeyValueStore& store, const Table& table, std::size_t kept_max)
      : store_(store), table_(table), kept_max_(kept_max) {}

  void put(EnrollmentId id, std::uint32_t seats);
  /// The seats that it had, and no longer has.
  std::optional<std::uint32_t> remove(EnrollmentId id);
  void flush(WriteSet& changes);

 private:
  struct Change {
    std::optional<std::uint32_t> seats;
    bool is_stored = false;
  };
  std::optional<std::uint32_t> stored(EnrollmentId id);

  const KeyValueStore& store_;
  const Table& table_;
  std::size_t kept_max_;
  RecentMap<EnrollmentId, std::uint32_t> kept_;
  std::unordered_map<EnrollmentId, Change> changes_;
};

/// A row per course: its definition and how many seats are held, taken and waited for. An event of a course with
/// many enrollments costs as much as one of a course with none.
class CoursesView : public View {
 public:
  struct Kept {
    std::size_t courses_max = 4'096;
    std::size_t held_max = 65'536;
  };
  CoursesView(const KeyValueStore& store, Generation generation, Kept kept);
  CoursesView(const CoursesView&) = delete;
  void fold(const Record& record) override;
  void flush(WriteSet& changes) override;

 private:
  struct Row {
    /// Without its claims and its waitlist: those are what makes a course big.
    Course course;
    Sequence sequence = 0;
    bool changed = false;
  };
  Row& row(const std::string& name);
  void fold(Course& course, const CourseEvent& event);
  void promote(Course& course, EnrollmentId enrollment);
  void leave_waitlist(Course& course, EnrollmentId enrollment);

  const KeyValueStore& store_;
  CourseTables tables_;
  Kept limits_;
  /// A release has the number of seats, but not whether they were held or taken: they were taken exactly when
  /// they are not here.
  PassingSeats held_;
  PassingSeats waiting_;
  RecentMap<std::string, Row> rows_;
  std::vector<std::pair<std::string, Row*>> changed_;
};

/// Reads one generation; from any thread, beside the writer. Throws DecodeError on a row that is damaged.
class CourseRows {
 public:
  CourseRows(const KeyValueStore& store, Generation generation) : store_(store), tables_(generation) {}

  /// In the order of their ids; `next` in the answer is a key. `now` decides which courses are open.
  Listing<CourseSnapshot> list(std::optional<CourseKind> kind, KeyPage page, TimePoint now) const;
  /// Empty when there is no such course.
  std::string title(const CourseId& id) const;

 private:
  const KeyValueStore& store_;
  CourseTables tables_;
};

}  // namespace sugang
