#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "domain/record.hpp"

namespace sugang {

/// What an enrollment, or a course, does next: an event that is so, or a command that the course decides on.
struct Planned {
  AggregateId aggregate;
  std::variant<Event, CourseCommand> step;
  Causation causation;
};
/// What is journaled in one append.
using Batch = std::vector<Planned>;

struct Enrollee {
  EnrollmentId id;
  CourseId course;
  StudentId student;
  CourseKind kind = CourseKind::lecture;
  std::uint32_t seats = 1;
  Money amount;
  std::int64_t mileage = 0;
  /// Its course is small and keeps a line.
  bool may_wait = false;
  InstructorId instructor;
  /// Minute of the class.
  std::int64_t class_at = 0;
};

/// One of the ways that the saga of an enrollment can take, batch by batch: through the steps of its kind, or to
/// one of them and back.
class PlannedWay {
 public:
  /// `draw(n)`: a number below n.
  using Draw = std::function<std::uint64_t(std::uint64_t)>;

  PlannedWay(Enrollee who, Draw draw) : who_(std::move(who)), draw_(std::move(draw)) {}

  std::vector<Batch> all() {
    // One in twelve was undone before it was asked for; half of those were never asked for at all.
    const bool undone = draw_(12) == 0;
    if (undone) {
      add({{who_.course, CourseEvent{SeatsReleased{who_.id, 0}}, undo(Step::hold_seats)}});
      if (draw_(2) == 0) return std::move(batches_);
    }
    request(undone);
    if (draw_(12) == 0) return std::move(batches_);
    pay();
    const auto turn = draw_(8);
    if (turn == 0) decline();
    if (turn == 1) expire();
    if (turn > 2) go_on();
    return std::move(batches_);
  }

  /// For an enrollment that leaves the waitlist.
  std::vector<Batch> leave() {
    add({{saga(), SagaEvent{SagaTurned{TurnCause::cancelled, "too long"}}, {}},
         {who_.id, EnrollmentEvent{CancelRequested{"too long"}}, act(Step::mark_cancel_requested)}});
    add({released()});
    end(EnrollmentCancelled{}, Step::mark_cancelled);
    return std::move(batches_);
  }

  /// For who was dismissed from it.
  std::vector<Batch> reject() {
    add({{saga(), SagaEvent{SagaTurned{TurnCause::declined, "closed"}}, {}}});
    end(EnrollmentRejected{"closed"}, Step::mark_rejected);
    return std::move(batches_);
  }

 private:
  static Causation act(Step step) { return {step, Direction::act}; }
  static Causation undo(Step step) { return {step, Direction::undo}; }
  void add(Batch batch) { batches_.push_back(std::move(batch)); }

  SagaId saga() const { return saga_of(who_.id); }
  AggregateId payment() const { return payment_of(who_.id); }
  AggregateId calendar() const { return AggregateId::calendar_of(who_.instructor); }
  TimeSlot slot() const {
    const TimePoint starts_at{std::chrono::minutes{who_.class_at}};
    return {starts_at, starts_at + std::chrono::minutes{50}};
  }
  Planned released() const { return {who_.course, CourseCommand{ReleaseSeats{who_.id}}, undo(Step::hold_seats)}; }

  void request(bool undone) {
    Batch first;
    if (draw_(3) == 0) {
      const RequestId key{make_uid({}, {}, draw_(1'000'000'007), 1)};
      first.push_back({key, RequestEvent{RequestClaimed{{}, who_.id}}, {}});
    }
    first.push_back({who_.id,
                     EnrollmentEvent{EnrollmentRequested{.course = who_.course,
                                                         .student = who_.student,
                                                         .seats = who_.seats,
                                                         .kind = who_.kind,
                                                         .amount = who_.amount,
                                                         .method = PaymentMethod::test_approve,
                                                         .mileage = who_.mileage,
                                                         .defers = false}},
                     act(Step::request)});
    first.push_back({saga(), SagaEvent{SagaStarted{}}, {}});
    // The course refuses what was undone. Where there is room, it is an event: a view takes what the journal says.
    if (undone && !who_.may_wait)
      first.push_back(
          {who_.course, CourseEvent{SeatsHeld{who_.id, who_.student, who_.seats}}, act(Step::hold_seats)});
    else
      first.push_back({who_.course,
                       CourseCommand{HoldSeats{.enrollment = who_.id,
                                               .student = who_.student,
                                               .seats = who_.seats,
                                               .payments = PaymentSide::available,
                                               .may_wait = who_.may_wait}},
                       act(Step::hold_seats)});
    add(std::move(first));
  }

  void pay() {
    const bool at_once = draw_(2) == 0;
    add({{payment(),
          PaymentEvent{PaymentRequested{who_.amount, PaymentMethod::test_approve, at_once, who_.mileage}},
          act(Step::take_payment)}});
    if (!at_once) add({{payment(), PaymentEvent{ChargeStarted{}}, act(Step::take_payment)}});
  }

  void decline() {
    add({{payment(), PaymentEvent{PaymentDeclined{"no"}}, act(Step::take_payment)}});
    add({{saga(), SagaEvent{SagaTurned{TurnCause::declined, "no"}}, {}}});
    add({released()});
    if (draw_(2) == 0) tombstones();
    end(EnrollmentRejected{"no"}, Step::mark_rejected);
  }

  void expire() {
    add({{saga(), SagaEvent{SagaStepFailed{Step::take_payment, Direction::act, 1, "silence"}}, {}}});
    add({{saga(), SagaEvent{SagaTurned{TurnCause::expired, "late"}}, {}}, released()});
    add({{payment(), PaymentEvent{PaymentVoidRequested{}}, undo(Step::take_payment)}});
    if (draw_(2) == 0)
      add({{payment(), PaymentEvent{PaymentVoided{}}, undo(Step::take_payment)}});
    else
      add({{payment(), PaymentEvent{PaymentApproved{}}, undo(Step::take_payment)},
           {payment(), PaymentEvent{RefundRequested{}}, undo(Step::take_payment)}});
    end(EnrollmentExpired{}, Step::mark_expired);
  }

  /// Undone before they were done.
  void tombstones() {
    if (who_.kind == CourseKind::product)
      add({{delivery_of(who_.id), DeliveryEvent{DeliveryCancelled{}}, undo(Step::request_delivery)}});
    if (who_.kind == CourseKind::training)
      add({{coaching_of(who_.id), CoachingEvent{CoachingReleased{}}, undo(Step::assign_instructor)}});
  }

  void go_on() {
    approve();
    if (who_.kind == CourseKind::training) {
      if (draw_(5) == 0) return;
      assign();
      if (draw_(5) == 0) return cancel();
      schedule();
    }
    if (draw_(8) == 0) return cancel();
    confirm();
    if (who_.kind == CourseKind::performance && draw_(2) == 0) change_seats();
    const auto turn = draw_(6);
    if (turn < 2) cancel();
    if (turn > 2) finish();
  }

  void approve() {
    Batch batch{{payment(), PaymentEvent{PaymentApproved{who_.mileage}}, act(Step::take_payment)}};
    if (who_.kind == CourseKind::product) {
      const auto stock = stock_of(who_.id);
      batch.push_back({stock, StockEvent{StockRequested{who_.course, who_.seats}}, act(Step::prepare_stock)});
      batch.push_back({stock, StockEvent{StockPrepared{}}, act(Step::prepare_stock)});
    }
    if (who_.kind == CourseKind::training) {
      batch.push_back({coaching_of(who_.id), CoachingEvent{CoachingRequested{}}, act(Step::assign_instructor)});
      batch.push_back({saga(), SagaEvent{SagaWaits{Step::assign_instructor, {}}}, {}});
      coached_ = true;
    }
    add(std::move(batch));
  }

  void assign() {
    add({{coaching_of(who_.id), CoachingEvent{CoachingAssigned{who_.instructor}}, act(Step::assign_instructor)}});
  }

  void schedule() {
    add({{calendar(), CalendarEvent{SlotBooked{who_.id, slot()}}, act(Step::book_slot)},
         {coaching_of(who_.id), CoachingEvent{CoachingScheduled{slot()}}, act(Step::confirm_schedule)}});
    booked_ = true;
    if (who_.class_at / 60 % 2 == 0) move_class();
  }

  /// To another instructor's calendar.
  void move_class() {
    const auto left = calendar();
    who_.instructor.text = who_.instructor.text == "i0" ? "i1" : "i0";
    add({{calendar(), CalendarEvent{SlotBooked{who_.id, slot()}}, act(Step::book_slot)}});
    add({{coaching_of(who_.id), CoachingEvent{CoachingAssigned{who_.instructor}}, act(Step::assign_instructor)},
         {left, CalendarEvent{SlotFreed{who_.id}}, act(Step::book_slot)}});
  }

  void confirm() {
    add({{who_.course, CourseCommand{TakeSeats{who_.id}}, act(Step::take_seats)},
         {who_.id, EnrollmentEvent{EnrollmentConfirmed{}}, act(Step::confirm)}});
    if (who_.kind == CourseKind::product) {
      add({{delivery_of(who_.id), DeliveryEvent{DeliveryRequested{}}, act(Step::request_delivery)}});
      delivers_ = true;
    }
    const bool goes_on = who_.kind == CourseKind::product || who_.kind == CourseKind::training;
    const auto next = who_.kind == CourseKind::product ? Step::start_delivery : Step::record_result;
    add({{saga(), goes_on ? SagaEvent{SagaWaits{next, {}}} : SagaEvent{SagaCompleted{}}, {}}});
  }

  void change_seats() {
    auto seats = static_cast<std::uint32_t>(1 + draw_(6));
    if (seats == who_.seats) ++seats;
    const Money price{who_.amount.amount / who_.seats, who_.amount.currency};
    const auto amount = price * seats;
    const auto mileage = mileage_for(amount, 1);
    add({{who_.id, EnrollmentEvent{SeatsChangeRequested{seats, amount}}, {}}});
    add({{who_.course, CourseCommand{HoldSeatsChange{who_.id, seats, amount}}, act(Step::hold_seats_change)},
         {payment(), PaymentEvent{ReplacementRequested{amount, mileage}}, act(Step::replace_payment)}});
    if (draw_(3) == 0) {
      add({{payment(), PaymentEvent{ReplacementDeclined{"no"}}, act(Step::replace_payment)}});
      add({{saga(), SagaEvent{SagaTurned{TurnCause::change_refused, "no"}}, {}},
           {who_.course, CourseCommand{ReleaseSeatsChange{who_.id}}, act(Step::release_seats_change)}});
      add({{who_.id, EnrollmentEvent{SeatsChangeRefused{"no"}}, act(Step::mark_change_refused)},
           {saga(), SagaEvent{SagaCompleted{}}, {}}});
      return;
    }
    add({{payment(), PaymentEvent{PaymentReplaced{mileage}}, act(Step::replace_payment)},
         {payment(), PaymentEvent{RefundRequested{who_.mileage, true}}, act(Step::replace_payment)},
         {who_.course, CourseCommand{TakeSeats{who_.id}}, act(Step::take_seats_change)},
         {who_.id, EnrollmentEvent{SeatsChanged{}}, act(Step::confirm_seats_change)}});
    add({{payment(), PaymentEvent{PaymentRefunded{true}}, act(Step::refund_former)},
         {saga(), SagaEvent{SagaCompleted{}}, {}}});
    who_.seats = seats;
    who_.amount = amount;
    who_.mileage = mileage;
  }

  void finish() {
    if (who_.kind == CourseKind::product) {
      add({{delivery_of(who_.id), DeliveryEvent{DeliveryStarted{}}, act(Step::start_delivery)}});
      if (draw_(3) == 0) return;
      add({{delivery_of(who_.id), DeliveryEvent{DeliveryCompleted{}}, act(Step::complete_delivery)}});
    } else if (who_.kind == CourseKind::training) {
      Batch result{{coaching_of(who_.id), CoachingEvent{CoachingHeld{slot().ends_at}}, act(Step::record_result)}};
      result.push_back({coaching_of(who_.id), CoachingEvent{ResultRecorded{"good"}}, act(Step::record_result)});
      add(std::move(result));
    } else {
      return;
    }
    add({{who_.id, EnrollmentEvent{EnrollmentCompleted{}}, act(Step::complete)},
         {saga(), SagaEvent{SagaCompleted{}}, {}}});
  }

  /// After the money was taken. One in three is stuck at the refund, and half of those stay so.
  void cancel() {
    add({{saga(), SagaEvent{SagaTurned{TurnCause::cancelled, "changed my mind"}}, {}},
         {who_.id, EnrollmentEvent{CancelRequested{"changed my mind"}}, act(Step::mark_cancel_requested)}});
    if (delivers_) add({{delivery_of(who_.id), DeliveryEvent{DeliveryCancelled{}}, undo(Step::request_delivery)}});
    add({released()});
    if (coached_) add({{coaching_of(who_.id), CoachingEvent{CoachingReleased{}}, undo(Step::assign_instructor)}});
    if (booked_) add({{calendar(), CalendarEvent{SlotReleased{who_.id}}, undo(Step::book_slot)}});
    if (who_.kind == CourseKind::product)
      add({{stock_of(who_.id), StockEvent{StockReleased{}}, undo(Step::prepare_stock)}});
    add({{payment(), PaymentEvent{RefundRequested{who_.mileage}}, undo(Step::take_payment)}});
    if (draw_(3) == 0) {
      add({{payment(), PaymentEvent{RefundDeclined{"refused"}}, undo(Step::take_payment)}});
      add({{saga(), SagaEvent{SagaStuck{Step::take_payment, Direction::undo, "refused"}}, {}}});
      if (draw_(2) == 0) return;
      add({{saga(),
            SagaEvent{SagaOperated{OperatorAction::retry, Step::take_payment, Direction::undo, "asked them"}},
            {}},
           {payment(), PaymentEvent{RefundRequested{}}, undo(Step::take_payment)}});
    }
    add({{payment(), PaymentEvent{PaymentRefunded{}}, undo(Step::take_payment)}});
    end(EnrollmentCancelled{}, Step::mark_cancelled);
  }

  void end(EnrollmentEvent event, Step mark) {
    add({{who_.id, std::move(event), act(mark)}});
    add({{saga(), SagaEvent{SagaCompensated{}}, {}}});
  }

  Enrollee who_;
  Draw draw_;
  std::vector<Batch> batches_;
  bool coached_ = false;
  bool booked_ = false;
  bool delivers_ = false;
};

}  // namespace sugang
