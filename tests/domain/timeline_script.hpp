#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "domain/saga_steps.hpp"
#include "domain/timeline.hpp"
#include "tests/domain/given.hpp"

// Timelines of one enrollment as a journal would hold them, event by event.

namespace sugang {

class TimelineScript {
 public:
  const EnrollmentId id = enrollment(1);
  const CourseId course{"lecture-1"};
  static constexpr std::int64_t points = 240;
  static constexpr TimeSlot slot{noon + std::chrono::hours{48}, noon + std::chrono::hours{49}};

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

  TimelineScript& on_stock(StockEvent event, Direction direction = Direction::act) {
    return add(stock_of(id), std::move(event), {Step::prepare_stock, direction});
  }
  TimelineScript& on_delivery(DeliveryEvent event, Step step, Direction direction = Direction::act) {
    return add(delivery_of(id), std::move(event), {step, direction});
  }
  TimelineScript& on_coaching(CoachingEvent event, Step step, Direction direction = Direction::act) {
    return add(coaching_of(id), std::move(event), {step, direction});
  }
  TimelineScript& on_calendar(CalendarEvent event, Direction direction = Direction::act) {
    return add(AggregateId::calendar_of({"kim"}), std::move(event), {Step::book_slot, direction});
  }

  // The stretches that every timeline is made of.

  TimelineScript& requested(CourseKind kind = CourseKind::lecture) {
    return on_enrollment(EnrollmentRequested{.course = course,
                                             .student = {"ann"},
                                             .seats = 2,
                                             .kind = kind,
                                             .amount = {24'000, {}},
                                             .method = PaymentMethod::test_approve,
                                             .mileage = points},
                         Step::request)
        .on_saga(SagaStarted{noon + std::chrono::minutes{10}});
  }
  TimelineScript& created(CourseKind kind = CourseKind::lecture) {
    return requested(kind).on_course(SeatsHeld{id, {"ann"}, 2}, Step::hold_seats);
  }
  TimelineScript& charge_requested() {
    return on_payment(PaymentRequested{{24'000, {}}, PaymentMethod::test_approve, true, points});
  }
  TimelineScript& charge_approved() { return on_payment(PaymentApproved{points}); }
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
    return on_payment(RefundRequested{points}, Direction::undo).on_payment(PaymentRefunded{}, Direction::undo);
  }

  // Whole lives.

  static TimelineScript happy() {
    return TimelineScript{}.created().charge_requested().charge_approved().confirmed();
  }
  static TimelineScript booked() {
    return TimelineScript{}.created(CourseKind::performance).charge_requested().charge_approved().confirmed();
  }
  static TimelineScript declined() {
    return TimelineScript{}
        .created()
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
        .created()
        .charge_requested()
        .on_saga(SagaStepFailed{Step::take_payment, Direction::act, 1, "timeout"})
        .turned(TurnCause::expired, "no answer by the deadline")
        .seats_back()
        .on_payment(PaymentVoidRequested{}, Direction::undo)
        .on_payment(PaymentVoided{}, Direction::undo)
        .on_enrollment(EnrollmentExpired{}, Step::mark_expired)
        .on_saga(SagaCompensated{});
  }

  /// Until it is delivered.
  static TimelineScript ordered() {
    TimelineScript script;
    script.created(CourseKind::product).charge_requested().charge_approved();
    script.on_stock(StockRequested{script.course, 2}).on_stock(StockPrepared{});
    return script.on_course(SeatsTaken{script.id}, Step::take_seats)
        .on_enrollment(EnrollmentConfirmed{}, Step::confirm)
        .on_delivery(DeliveryRequested{}, Step::request_delivery)
        .on_saga(SagaWaits{Step::start_delivery, noon + std::chrono::hours{24}});
  }
  static TimelineScript delivered() {
    return ordered()
        .on_delivery(DeliveryStarted{}, Step::start_delivery)
        .on_delivery(DeliveryCompleted{}, Step::complete_delivery)
        .on_enrollment(EnrollmentCompleted{}, Step::complete)
        .on_saga(SagaCompleted{});
  }
  static TimelineScript order_cancelled() {
    auto script = ordered().turned(TurnCause::cancelled, "ill");
    return script.on_enrollment(CancelRequested{"ill"}, Step::mark_cancel_requested)
        .on_delivery(DeliveryCancelled{}, Step::request_delivery, Direction::undo)
        .seats_back()
        .on_stock(StockReleased{}, Direction::undo)
        .money_back()
        .on_enrollment(EnrollmentCancelled{}, Step::mark_cancelled)
        .on_saga(SagaCompensated{});
  }
  /// Until the class is held.
  static TimelineScript scheduled() {
    TimelineScript script;
    script.created(CourseKind::training).charge_requested().charge_approved();
    return script.on_coaching(CoachingRequested{}, Step::assign_instructor)
        .on_coaching(CoachingAssigned{{"kim"}}, Step::assign_instructor)
        .on_calendar(SlotBooked{script.id, slot})
        .on_coaching(CoachingScheduled{slot}, Step::confirm_schedule)
        .on_course(SeatsTaken{script.id}, Step::take_seats)
        .on_enrollment(EnrollmentConfirmed{}, Step::confirm);
  }
  static TimelineScript trained() {
    return scheduled()
        .on_coaching(CoachingHeld{slot.ends_at}, Step::record_result)
        .on_coaching(ResultRecorded{"runs 5 km"}, Step::record_result)
        .on_enrollment(EnrollmentCompleted{}, Step::complete)
        .on_saga(SagaCompleted{});
  }
  static TimelineScript training_cancelled() {
    auto script = scheduled().turned(TurnCause::cancelled, "ill");
    return script.on_enrollment(CancelRequested{"ill"}, Step::mark_cancel_requested)
        .seats_back()
        .on_coaching(CoachingReleased{}, Step::assign_instructor, Direction::undo)
        .on_calendar(SlotReleased{script.id}, Direction::undo)
        .money_back()
        .on_enrollment(EnrollmentCancelled{}, Step::mark_cancelled)
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
    case none: return to == requested;
    case requested: return gives_up || to == waitlisted || to == seats_held || to == payment_pending;
    case waitlisted: return gives_up || to == seats_held;
    case seats_held: return gives_up || to == payment_pending;
    case payment_pending: return gives_up || to == confirmed || to == awaiting_instructor;
    case awaiting_instructor: return gives_up || to == awaiting_schedule;
    case awaiting_schedule: return gives_up || to == confirmed;
    case confirmed: return to == cancel_requested || to == completed;
    case cancel_requested: return to == cancelled;
    case completed:
    case rejected:
    case expired:
    case cancelled: return false;
  }
  return false;
}

}  // namespace sugang
