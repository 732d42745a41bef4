#pragma once

#include <unordered_map>
#include <unordered_set>

#include "actors/entity_host.hpp"

namespace sugang {

/// A course. Besides its seats it creates the enrollments that hold them, or wait for them, and notifies those that
/// it promotes from its waitlist. While it has a waitlist, or enrollments to revoke, it is listed as pending.
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
  void advance();
  void on(const EnrollmentRevoked& revoked);

  /// Commits, and notifies the enrollments on the waitlist that it moved.
  std::vector<Record> commit_and_notify(std::vector<CourseEvent> events, const Cause& cause, Append append = {});
  void arm_closing();
  /// Position on the waitlist, counted from 1; none for an enrollment that is not on it. After a restart a whole
  /// waitlist asks at once, so all positions are counted together and kept until the course changes.
  std::optional<std::uint64_t> waitlist_position(EnrollmentId enrollment);
  /// Lists the enrollments that the cancelled course has to revoke.
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
  /// The alarm for the end of the waitlist at `closes_at` is set.
  bool closing_armed_ = false;
  /// Enrollments of the cancelled course that are still to be revoked, and those not requested yet.
  std::unordered_set<EnrollmentId> revoking_;
  std::vector<EnrollmentId> to_ask_;
};

}  // namespace sugang
