#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "domain/notice.hpp"
#include "domain/outcome.hpp"
#include "views/enrollment_indexes.hpp"
#include "views/listing.hpp"
#include "views/paging.hpp"
#include "views/projector.hpp"

namespace sugang {

/// The queries that need more than one id: rows folded from the journal, without an actor. Reads run on the
/// caller's thread, may block on a disk, and are safe beside the projector and each other.
class Views {
 public:
  struct Limits {
    Projector::Limits projector;
    ListBounds lists;
    /// Summaries of running enrollments kept in memory, about a kilobyte each.
    std::size_t summaries_kept_max = 16'384;
    /// Courses kept in memory by the projector.
    std::size_t courses_kept_max = 4'096;
    /// Stored holds of seats, and stored waits for them, kept in memory, about a hundred bytes each.
    std::size_t held_kept_max = 65'536;
    /// Students' balances, and payments that may move them, kept in memory: so many of each, about a hundred bytes
    /// each.
    std::size_t balances_kept_max = 65'536;
    std::chrono::milliseconds min_position_timeout_ms{1'000};
  };
  using Clock = std::function<TimePoint()>;

  /// `store` has `views_space_count` key spaces and no other writer. `now` decides which courses are open.
  /// Throws StorageError.
  Views(RecordSource source, KeyValueStore& store, Limits limits, Projector::OnFailure on_failure, Clock now);

  /// As the projector's: the thread, or one step of its work.
  void on_fault(Projector::OnFault on_fault) { projector_.on_fault(std::move(on_fault)); }
  void on_store_damaged(Projector::OnFailure on_store_damaged) {
    projector_.on_store_damaged(std::move(on_store_damaged));
  }
  void start() { projector_.start(); }
  void stop() { projector_.stop(); }
  bool run_once() { return projector_.run_once(); }
  /// There may be new records; for Journal::on_durable.
  void wake() { projector_.wake(); }

  /// By id. `kind` is examined, not indexed, so a page may have fewer rows than its limit and yet a `next`; the
  /// same holds for filters that no index serves.
  ListResult<CourseSnapshot> list_courses(std::optional<CourseKind> kind, const Page& page) const;
  /// By id, so the oldest first. Served by an index: student, course, or a saga state other than `completed`; other
  /// filters, and the second one of two, by examining rows.
  ListResult<EnrollmentSummary> list_enrollments(const EnrollmentFilter& filter, const Page& page) const;
  ListResult<PageRow> student_page(const StudentId& student, const Page& page) const;
  /// The waitlist in its order. Positions of a later page count on from the page before: when the waitlist advances
  /// in between, places are those at the first page.
  ListResult<WaitlistRow> list_waitlist(const CourseId& course, const Page& page) const;
  /// Enrollments that have a coaching, the oldest first. Served by an index: instructor, a state before the class's
  /// result, or none of both; the rest by examining rows that have a coaching.
  ListResult<EnrollmentSummary> list_coaching(const CoachingFilter& filter, const Page& page) const;
  /// Enrollments that have a delivery, the oldest first. Served by an index: student, `requested`, `started`, or
  /// none of both; the rest by examining rows that have a delivery.
  ListResult<EnrollmentSummary> list_deliveries(const DeliveryFilter& filter, const Page& page) const;
  /// In journal order.
  MileageStatement student_mileage(const StudentId& student, const Page& page) const;
  /// Of events up to `until`, in journal order.
  ListResult<Notice> student_notifications(const StudentId& student, const Page& page,
                                           Position until = std::numeric_limits<Position>::max()) const;

  /// `done(true)` once reads of these views show at least `position`; `done(false)` after
  /// `min_position_timeout_ms`, or at once while one that is behind is paused: answer views_behind. No thread
  /// waits. On the projector's thread, or on the caller's if known at once; it only posts.
  void when_reached(std::vector<ViewId> views, Position position, std::function<void(bool reached)> done);

  /// Paused, the rows stay as they are and keep serving.
  void pause(bool paused) { projector_.pause(paused); }
  bool paused() const { return projector_.paused(); }
  /// This view alone; it catches up by itself afterwards.
  void pause(ViewId view, bool paused) { projector_.pause(view, paused); }

  /// Builds a view again while its present rows serve. False: no view has this name.
  bool rebuild(const std::string& name);
  bool rebuilding(const std::string& name) const;
  static std::vector<std::string> names();

  /// Some look-ups, however many there are. Throws StorageError.
  SagaCounts count_sagas() const;

  /// Why the rows don't come further; empty: nothing stops them.
  std::string stopped_by() const { return projector_.stopped_by(); }
  Position position() const { return projector_.position(); }
  /// Durable records that the rows of some view do not show yet; for metrics and readiness.
  Position lag() const;

 private:
  template <class Row, class List>
  ListResult<Row> list_page(ViewId view, std::string_view scope, const Page& page, List&& list) const;
  template <class Filter>
  ListResult<EnrollmentSummary> list_filtered(const Filter& filter, const Page& page) const;
  void await_each(std::vector<ViewId> views, Position position, PositionWaits::Clock::time_point deadline,
                  std::function<void(bool reached)> done);

  const RecordSource source_;
  KeyValueStore& store_;
  const Limits limits_;
  const Clock now_;
  /// A reader that meets damaged rows has them built again.
  mutable Projector projector_;
};

}  // namespace sugang
