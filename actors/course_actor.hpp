#pragma once

#include <unordered_map>
#include <unordered_set>

#include "actors/entity_host.hpp"

namespace sugang {

/// A course. Besides the seats it gives birth to the enrollments that hold them, or wait for them, and tells those
/// that come up from its line. While it has a line, or enrollments to turn round, it is listed as pending.
class CourseActor final : public EntityHost<Course> {
 public:
  using EntityHost::EntityHost;

 private:
  caf::message_handler handlers() override;
  void handle(const Task<Course>& task) override;
  Cause cause_of(const CourseEvent& event, const Cause& command) const override;
  void add_pending(Append& append) override;
  void forget_state() override;
  void recover_from_fault() override;
  bool ready_to_unload() const override { return revoking_.empty(); }

  using EntityHost::refuse_unread;
  void refuse_unread(const BeginEnrollment& message, const Unreadable& fault);
  void begin(const BeginEnrollment& begin);
  void settle(const SettleEnrollment& message);
  void reply_settled(EnrollmentId enrollment, Settled settled);
  void serve(const CourseRequest& request, Caller caller);
  void describe(CourseReader reader);
  void describe_waitlist_position(EnrollmentId enrollment, WaitlistPositionReader reader);
  void adopt(const AdoptCourse& adopted);
  void tend();
  void on(const EnrollmentRevoked& revoked);

  /// Commits, and tells those of the line whom it moved.
  std::vector<Record> commit_and_notify(std::vector<CourseEvent> events, const Cause& cause, Append append = {});
  void arm_closing();
  /// Place in the line, counted from 1; none for who does not wait. After a restart a whole line asks at once, so
  /// all places are counted together and kept until the course changes.
  std::optional<std::uint64_t> waitlist_position(EnrollmentId enrollment);
  /// Lists whom the cancelled course has to turn round.
  void list_claims();
  void revoke_first();
  void revoke_next();
  /// Appends whether the course is pending, when that has changed.
  void update_pending();
  CourseSnapshot snapshot() const;

  std::unordered_map<EnrollmentId, std::uint64_t> positions_;
  Sequence positions_as_of_ = 0;
  /// Whether the journal lists this course as pending, when that is known.
  std::optional<bool> listed_;
  /// The alarm for the end of the line at `closes_at` is set.
  bool closing_armed_ = false;
  /// Enrollments of the cancelled course that are still to be turned round, and those that were asked to.
  std::unordered_set<EnrollmentId> revoking_;
  std::vector<EnrollmentId> to_ask_;
};

}  // namespace sugang
