#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "domain/audit.hpp"
#include "domain/opening.hpp"
#include "domain/saga.hpp"
#include "tests/domain/timeline_script.hpp"

namespace sugang {

/// One enrollment's aggregates, apart from the course and the calendar.
struct Enrolled {
  EnrollmentId id;
  /// The gateway's answer to the charge, whenever it gives one.
  bool approves = true;
  Saga saga;
  Payment payment;
  StockPreparation stock;
  Delivery delivery;
  Coaching coaching;
  std::vector<Record> timeline;
  std::deque<SagaEffect> effects;
  /// Everything that was ever sent to a participant.
  std::vector<ParticipantCommand> sent;
  /// The command that waits for the gateway's answer.
  Causation paying;
  std::size_t answers = 0;

  bool runs() const { return saga.exists() && !saga.summary.ended(); }
};

/// Enrollments of one course, and what carries out what their sagas decide. RC_ASSERTs that the audit finds
/// nothing.
class World {
 public:
  explicit World(CourseDefinition definition) {
    Record registered{.aggregate = course_id_, .event = CourseEvent{CourseRegistered{std::move(definition)}}};
    journal(registered);
  }

  const Course& course() const { return course_; }
  const std::vector<Enrolled>& all() const { return enrolled_; }
  std::int64_t money_held() const { return audit_.money_held(); }

  /// Places one more enrollment; a refused one leaves no trace.
  void place(StudentId student, std::uint32_t seats, bool approves, bool payments_available) {
    payments_ = payments_available ? PaymentSide::available : PaymentSide::unavailable;
    const auto id = enrollment(enrolled_.size());
    enrolled_.push_back({.id = id, .approves = approves, .saga = {.id = id}});
    const auto n = enrolled_.size() - 1;
    decide_for(n, CallSaga{PlaceEnrollment{course_id_, std::move(student), seats}, {}, ++last_caller_});
    carry_out_one(n);
    payments_ = PaymentSide::available;
    if (enrolled_[n].saga.exists()) return;
    enrolled_.pop_back();
  }

  /// Carries out one effect; without any, what a timer or the staff would do.
  void run(std::size_t n) {
    auto& enrolled = enrolled_[n];
    if (!enrolled.effects.empty()) return carry_out_one(n);
    if (!enrolled.runs()) return;
    const auto* step = forward_step(enrolled.saga.cursor);
    if (step && step->taken == TakenBy::staff && enrolled.saga.summary.awaits == step->step) return act_as_staff(n);
    decide_for(n, ResumeSaga{});
  }

  /// The gateway's answer, or the loss of it, to the call that is pending.
  void answer_call(std::size_t n, bool lost) {
    auto& enrolled = enrolled_[n];
    auto& payment = enrolled.payment;
    if (!payment.outcome_unknown() || holds(n)) return;
    if (lost)
      return decide_for(n, StepReply{.step = enrolled.paying, .outcome = StepOutcome::unknown, .error = "timeout"});
    if (payment.refund_pending()) return reply_of_payment(n, ResolveRefund{});
    const bool settles = (payment.state == PaymentState::requested || payment.next) && enrolled.approves;
    if (!settles) return reply_of_payment(n, ResolveCharge{enrolled.approves, "no funds"});
    const auto step = payment.next ? Step::replace_payment : Step::take_payment;
    SettlePayment settle;
    for (const auto& event : decide(payment, ResolveCharge{true, {}}, now_).events) {
      settle.payment.push_back(record_of(enrolled, payment_of(enrolled.id), {step, Direction::act}, event));
      settle.payment.back().sequence += settle.payment.size() - 1;
    }
    decide_for(n, settle);
  }

  void cancel(std::size_t n) {
    if (!holds(n)) decide_for(n, CallSaga{CancelSaga{"ill"}, {}, ++last_caller_});
  }
  /// `approves`: the gateway's answer to the new charge.
  void change_seats(std::size_t n, std::uint32_t seats, bool approves) {
    if (holds(n)) return;
    if (!enrolled_[n].runs()) enrolled_[n].approves = approves;
    decide_for(n, CallSaga{ChangeSeats{seats, {}}, {}, ++last_caller_});
  }
  void pass_deadline(std::size_t n) {
    const auto& summary = enrolled_[n].saga.summary;
    if (!enrolled_[n].runs() || summary.deadline == TimePoint{} || holds(n)) return;
    const auto before = now_;
    now_ = std::max(now_, summary.deadline);
    decide_for(n, DeadlineOver{});
    now_ = before;
  }

  /// All but the journal is lost.
  void crash(std::size_t n) {
    auto& enrolled = enrolled_[n];
    auto loaded = load(enrolled.id, enrolled.timeline);
    RC_ASSERT(comparable(loaded.summary) == comparable(enrolled.saga.summary));
    RC_ASSERT(loaded.enrollment == enrolled.saga.enrollment);
    RC_ASSERT(loaded.cursor.turned == enrolled.saga.cursor.turned);
    enrolled.saga = std::move(loaded);
    enrolled.effects.clear();
    enrolled.paying = {};
    decide_for(n, ResumeSaga{});
  }

  /// A command that was sent once is repeated, late.
  void repeat_a_command(std::size_t n, std::size_t which) {
    const auto& sent = enrolled_[n].sent;
    if (sent.empty()) return;
    const auto command = sent[which % sent.size()];
    // The payment starts a charge that was held back; the saga asks for nothing else twice that could still change.
    if (std::holds_alternative<PaymentCommand>(command.command) || is_of_change(command.step.step)) return;
    if (!is_done(enrolled_[n].saga.summary, command.step)) return;
    const auto before = position_;
    take(enrolled_[n], command);
    RC_ASSERT(position_ == before);
  }

  /// Lets everything that is under way come to its end.
  void settle() {
    for (std::size_t n = 0; n < enrolled_.size(); ++n) {
      for (int round = 0; round < 100 && (enrolled_[n].runs() || !enrolled_[n].effects.empty()); ++round) {
        run(n);
        if (enrolled_[n].effects.empty()) answer_call(n, false);
      }
      RC_ASSERT(!enrolled_[n].runs());
      RC_ASSERT(enrolled_[n].saga.waiting.empty());
    }
  }

  void check() const {
    std::uint64_t claimed = 0;
    for (const auto& each : enrolled_) {
      const auto claim = course_.claims.find(each.id);
      const bool claims = claim != course_.claims.end();
      if (claims) claimed += claim->second.seats + claim->second.added();
      switch (each.saga.enrollment.state) {
        case EnrollmentState::confirmed:
        case EnrollmentState::completed:
          RC_ASSERT(claims && claim->second.taken && claim->second.seats == each.saga.summary.seats);
          RC_ASSERT(each.payment.state == PaymentState::approved);
          RC_ASSERT(each.saga.summary.change ||
                    each.payment.amount == course_.definition.price * each.saga.summary.seats);
          break;
        case EnrollmentState::rejected:
        case EnrollmentState::expired:
        case EnrollmentState::cancelled:
          RC_ASSERT(!claims);
          RC_ASSERT(each.payment.state != PaymentState::approved);
          break;
        default: break;
      }
    }
    RC_ASSERT(claimed == std::uint64_t{course_.held} + course_.taken);
    RC_ASSERT(claimed + course_.available() == course_.definition.capacity);
  }

 private:
  /// The enrollment takes no other command until the course has replied.
  bool holds(std::size_t n) const {
    const auto& effects = enrolled_[n].effects;
    return std::any_of(effects.begin(), effects.end(), [](const SagaEffect& effect) {
      return std::holds_alternative<SettleJointly>(effect) || std::holds_alternative<SettleApart>(effect);
    });
  }

  /// A saga knows no positions.
  static EnrollmentSummary comparable(EnrollmentSummary summary) {
    summary.position = 0;
    return summary;
  }

  Record record_of(const Enrolled& enrolled, AggregateId aggregate, Causation causation, Event event) {
    Record record;
    record.sequence = sequences_[aggregate] + 1;
    record.aggregate = std::move(aggregate);
    record.time = now_;
    record.enrollment = enrolled.id;
    record.causation = causation;
    record.event = std::move(event);
    return record;
  }

  /// Appends one record: its sequence is its aggregate's next, the audit finds nothing wrong.
  void journal(Record& record) {
    auto& sequence = sequences_[record.aggregate];
    if (record.sequence == 0) record.sequence = sequence + 1;
    RC_ASSERT(record.sequence == sequence + 1);
    sequence = record.sequence;
    record.position = ++position_;
    const auto fault = audit_.see(record);
    RC_LOG() << fault.value_or(std::string{event_name(record.event)}) << std::endl;
    RC_ASSERT(!fault.has_value());
    if (const auto* of_course = std::get_if<CourseEvent>(&record.event)) apply(course_, *of_course);
    if (const auto* of_calendar = std::get_if<CalendarEvent>(&record.event)) apply(calendar_, *of_calendar);
    if (!record.enrollment) return;
    auto& enrolled = of(*record.enrollment);
    if (const auto* of_payment = std::get_if<PaymentEvent>(&record.event)) apply(enrolled.payment, *of_payment);
    if (const auto* of_stock = std::get_if<StockEvent>(&record.event)) apply(enrolled.stock, *of_stock);
    if (const auto* of_delivery = std::get_if<DeliveryEvent>(&record.event)) apply(enrolled.delivery, *of_delivery);
    if (const auto* of_coaching = std::get_if<CoachingEvent>(&record.event)) apply(enrolled.coaching, *of_coaching);
    EnrollmentSummary before;
    for (const auto& each : enrolled.timeline) apply(before, each);
    enrolled.timeline.push_back(record);
    auto after = before;
    apply(after, record);
    RC_ASSERT(is_legal_move(before.state, after.state));
  }
  Enrolled& of(EnrollmentId id) {
    for (auto& each : enrolled_)
      if (each.id == id) return each;
    RC_FAIL("no such enrollment");
    throw std::logic_error{"no such enrollment"};
  }

  void decide_for(std::size_t n, const SagaCommand& command) {
    auto& enrolled = enrolled_[n];
    auto decision = decide(enrolled.saga, command,
                           {.now = now_,
                            .payments = payments_,
                            .deferred_payment_deadline = std::chrono::hours{24},
                            .staff_deadline = std::chrono::hours{168},
                            .default_wait = Milliseconds{5'000}});
    for (auto& record : decision.records) journal(record);
    enrolled.saga = std::move(decision.saga);
    for (auto& effect : decision.effects) enrolled.effects.push_back(std::move(effect));
  }

  void carry_out_one(std::size_t n) {
    auto& effects = enrolled_[n].effects;
    if (effects.empty()) return;
    const auto effect = std::move(effects.front());
    effects.pop_front();
    std::visit([&](const auto& what) { carry_out(n, what); }, effect);
  }
  void carry_out(std::size_t n, const SendPlacement& effect) {
    const auto id = enrolled_[n].id;
    auto opening = open_enrollment(course_, id, effect.placement, effect.payments, limits_, now_);
    if (opening.error)
      return decide_for(n, StepReply{.step = hold_, .outcome = StepOutcome::refused, .refusal = *opening.error});
    for (auto& record : opening.records) journal(record);
    if (enrolled_[n].payment.charge_pending()) enrolled_[n].paying = {Step::take_payment, Direction::act};
    decide_for(n, StepReply{.step = hold_, .records = std::move(opening.records)});
  }
  void carry_out(std::size_t n, const SendCommand& effect) {
    auto& enrolled = enrolled_[n];
    enrolled.sent.push_back(effect.command);
    const auto reply = take(enrolled, effect.command);
    decide_for(n, reply);
  }
  void carry_out(std::size_t n, const SettleJointly& effect) {
    auto& enrolled = enrolled_[n];
    const auto taken = decide(course_, TakeSeats{enrolled.id}, now_);
    // Only the enrollment gives its seats up.
    RC_ASSERT(!taken.error);
    auto records = effect.payment;
    for (const auto& event : taken.events) records.push_back(record_of(enrolled, course_id_, effect.seats, event));
    records.insert(records.end(), effect.enrollment.begin(), effect.enrollment.end());
    for (auto& record : records) journal(record);
    decide_for(n, SettlementEnded{true, records});
    RC_ASSERT(enrolled_[n].saga.summary.ended() == effect.ends);
  }
  void carry_out(std::size_t n, const SettleApart&) { reply_of_payment(n, ResolveCharge{true, {}}); }
  void carry_out(std::size_t n, const ArmRetry& effect) { decide_for(n, effect.retry); }
  void carry_out(std::size_t n, const AnswerCaller&) { ++enrolled_[n].answers; }
  void carry_out(std::size_t, const auto&) {}

  void reply_of_payment(std::size_t n, const PaymentCommand& command) {
    auto& enrolled = enrolled_[n];
    ParticipantCommand answer{payment_of(enrolled.id), command, enrolled.paying};
    decide_for(n, take(enrolled, answer));
  }

  /// The participant's reply.
  StepReply take(Enrolled& enrolled, const ParticipantCommand& command) {
    StepReply reply{.step = command.step};
    const auto obey = [&](const auto& aggregate, const auto& what) {
      const auto decision = decide(aggregate, what, now_);
      if (decision.error) {
        reply.outcome = StepOutcome::refused;
        reply.refusal = *decision.error;
      }
      for (const auto& event : decision.events) {
        reply.records.push_back(record_of(enrolled, command.to, command.step, Event{event}));
        journal(reply.records.back());
      }
    };
    std::visit(Overloaded{
                   [&](const CourseCommand& c) { obey(course_, c); },
                   [&](const PaymentCommand& c) {
                     enrolled.paying = command.step;
                     obey(enrolled.payment, c);
                     if (reply.outcome == StepOutcome::refused) return;
                     const bool acts = command.step.direction == Direction::act;
                     const bool declined =
                         !reply.records.empty() && std::holds_alternative<ReplacementDeclined>(
                                                       std::get<PaymentEvent>(reply.records.front().event));
                     if (declined)
                       reply.outcome = StepOutcome::refused;
                     else if (command.step.step == Step::replace_payment && enrolled.payment.former)
                       reply.outcome = StepOutcome::held_back;
                     else if (enrolled.payment.outcome_unknown())
                       reply.outcome = StepOutcome::under_way;
                     else if (enrolled.payment.state == PaymentState::requested)
                       reply.outcome = StepOutcome::held_back;
                     else if (acts && enrolled.payment.state == PaymentState::declined)
                       reply.outcome = StepOutcome::refused;
                   },
                   [&](const StockCommand& c) { obey(enrolled.stock, c); },
                   [&](const DeliveryCommand& c) { obey(enrolled.delivery, c); },
                   [&](const CoachingCommand& c) { obey(enrolled.coaching, c); },
                   [&](const CalendarCommand& c) { obey(calendar_, c); },
                   [](const EnrollmentCommand&) { RC_FAIL("a saga takes these steps itself"); },
               },
               command.command);
    return reply;
  }

  /// Each class has an hour of its own, in the past, so that it may have been held.
  static TimeSlot slot_of(const Enrolled& enrolled) {
    const auto& uid = enrolled.id.uid;
    const auto hour = std::chrono::hours{static_cast<std::int64_t>((uid.high ^ uid.low) % 1'000'000)};
    return {noon - hour - std::chrono::hours{1}, noon - hour};
  }
  void act_as_staff(std::size_t n) {
    const auto slot = slot_of(enrolled_[n]);
    const auto step = [&]() -> StaffStep {
      switch (forward_step(enrolled_[n].saga.cursor)->step) {
        case Step::assign_instructor: return AssignInstructor{instructor_};
        case Step::book_slot: return AgreeOnSlot{slot};
        case Step::record_result: return RecordResult{"runs 5 km", slot.ends_at};
        case Step::start_delivery: return StartDelivery{};
        default: return CompleteDelivery{};
      }
    }();
    decide_for(n, CallSaga{step, {}, ++last_caller_});
  }

  static constexpr Causation hold_{Step::hold_seats, Direction::act};
  static constexpr OpeningLimits limits_{std::chrono::minutes{15}, std::chrono::hours{24},
                                         std::chrono::hours{2'160}};
  const CourseId course_id_{"course-1"};
  const InstructorId instructor_{"kim"};
  TimePoint now_ = noon;
  PaymentSide payments_ = PaymentSide::available;
  CallerId last_caller_ = 0;
  Course course_;
  InstructorCalendar calendar_;
  std::vector<Enrolled> enrolled_;
  Audit audit_;
  Position position_ = 0;
  std::map<AggregateId, Sequence> sequences_;
};

}  // namespace sugang
