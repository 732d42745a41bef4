#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "domain/timeline.hpp"
#include "tests/domain/given.hpp"

// Timelines of one enrollment as a journal would hold them, event by event.

namespace sugang {

class TimelineScript {
 public:
  const EnrollmentId id = enrollment(1);
  const CourseId course{"lecture-1"};

  TimelineScript& add(AggregateId aggregate, Event event, Causation causation) {
    const auto n = records_.size() + 1;
    // Other aggregates write in between: positions grow, and leave gaps.
    records_.push_back({.position = 10 * n,
                        .aggregate = aggregate,
                        .sequence = ++sequences_[aggregate],
                        .id = {make_uid(noon, {}, n << 2, 0)},
                        .time = noon + Milliseconds{static_cast<std::int64_t>(n)},
                        .enrollment = id,
                        .causation = causation,
                        .trace = {},
                        .event = std::move(event)});
    return *this;
  }
  TimelineScript& on_course(CourseEvent event, Step step, Direction direction = Direction::act) {
    return add(course, std::move(event), {step, direction});
  }
  TimelineScript& on_enrollment(EnrollmentEvent event, Step step) {
    return add(id, std::move(event), {step, Direction::act});
  }
  TimelineScript& on_payment(PaymentEvent event, Direction direction = Direction::act) {
    return add(payment_of(id), std::move(event), {Step::take_payment, direction});
  }
  TimelineScript& on_saga(SagaEvent event) { return add(saga_of(id), std::move(event), {}); }

  // The stretches that every timeline is made of.

  TimelineScript& born() {
    return on_enrollment(EnrollmentRequested{.course = course,
                                             .student = {"ann"},
                                             .seats = 2,
                                             .kind = CourseKind::lecture,
                                             .amount = {24'000, {}},
                                             .method = PaymentMethod::test_approve},
                         Step::request)
        .on_saga(SagaStarted{noon + std::chrono::minutes{10}})
        .on_course(SeatsHeld{id, {"ann"}, 2}, Step::hold_seats);
  }
  TimelineScript& charge_requested() {
    return on_payment(PaymentRequested{{24'000, {}}, PaymentMethod::test_approve});
  }
  TimelineScript& charge_approved() { return on_payment(PaymentApproved{}); }
  TimelineScript& confirmed() {
    return on_course(SeatsTaken{id}, Step::take_seats)
        .on_enrollment(EnrollmentConfirmed{}, Step::confirm)
        .on_saga(SagaCompleted{});
  }
  TimelineScript& turned(TurnCause cause, std::string reason) {
    return on_saga(SagaTurned{cause, std::move(reason)});
  }
  TimelineScript& seats_back() { return on_course(SeatsReleased{id, 2}, Step::hold_seats, Direction::undo); }
  TimelineScript& money_back() {
    return on_payment(RefundRequested{}, Direction::undo).on_payment(PaymentRefunded{}, Direction::undo);
  }

  // Whole lives.

  static TimelineScript happy() { return TimelineScript{}.born().charge_requested().charge_approved().confirmed(); }
  static TimelineScript declined() {
    return TimelineScript{}
        .born()
        .charge_requested()
        .on_payment(PaymentDeclined{"no funds"})
        .turned(TurnCause::declined, "no funds")
        .seats_back()
        .on_enrollment(EnrollmentRejected{"no funds"}, Step::mark_rejected)
        .on_saga(SagaCompensated{});
  }
  static TimelineScript cancelled() {
    return happy()
        .turned(TurnCause::cancelled, "ill")
        .on_enrollment(CancelRequested{"ill"}, Step::mark_cancel_requested)
        .seats_back()
        .money_back()
        .on_enrollment(EnrollmentCancelled{}, Step::mark_cancelled)
        .on_saga(SagaCompensated{});
  }
  static TimelineScript expired() {
    return TimelineScript{}
        .born()
        .charge_requested()
        .on_saga(SagaStepFailed{Step::take_payment, Direction::act, 1, "timeout"})
        .turned(TurnCause::expired, "no answer by the deadline")
        .seats_back()
        .on_payment(PaymentVoidRequested{}, Direction::undo)
        .on_payment(PaymentVoided{}, Direction::undo)
        .on_enrollment(EnrollmentExpired{}, Step::mark_expired)
        .on_saga(SagaCompensated{});
  }

  const std::vector<Record>& records() const { return records_; }

  /// The fold of the first `count` records.
  EnrollmentSummary fold(std::size_t count) const {
    EnrollmentSummary summary;
    for (std::size_t i = 0; i < count; ++i) apply(summary, records_[i]);
    return summary;
  }
  EnrollmentSummary fold() const { return fold(records_.size()); }

 private:
  std::map<AggregateId, Sequence> sequences_;
  std::vector<Record> records_;
};

/// What a reader sees of the steps: `release_seats done`.
inline std::vector<std::string> step_lines(const EnrollmentSummary& summary) {
  std::vector<std::string> lines;
  for (const auto& progress : summary.steps)
    lines.push_back(std::string{step_label(progress.step, progress.direction)} + " " +
                    std::string{to_text(progress.state)});
  return lines;
}

/// Whether DOMAIN's states lead from one to the other in one event, or stay.
inline bool is_legal_move(EnrollmentState from, EnrollmentState to) {
  using enum EnrollmentState;
  if (from == to) return true;
  const bool gives_up = to == rejected || to == expired || to == cancel_requested;
  switch (from) {
    case none:
      return to == requested;
    case requested:
      return gives_up || to == waitlisted || to == seats_held || to == payment_pending;
    case waitlisted:
      return gives_up || to == seats_held;
    case seats_held:
      return gives_up || to == payment_pending;
    case payment_pending:
      return gives_up || to == confirmed || to == awaiting_instructor;
    case awaiting_instructor:
      return gives_up || to == awaiting_schedule;
    case awaiting_schedule:
      return gives_up || to == confirmed;
    case confirmed:
      return to == cancel_requested || to == completed;
    case cancel_requested:
      return to == cancelled;
    case completed:
    case rejected:
    case expired:
    case cancelled:
      return false;
  }
  return false;
}

}  // namespace sugang
