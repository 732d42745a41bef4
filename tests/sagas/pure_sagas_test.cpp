#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "domain/audit.hpp"
#include "domain/mileage.hpp"
#include "sagas/advance.hpp"
#include "sagas/table.hpp"
#include "tests/domain/timeline_script.hpp"

// Whole sagas without an actor: advance() says what comes next, the pure aggregates obey, and every event is told
// to the audit. What may go wrong outside is drawn at random: answers, losses, cancels, deadlines, crashes,
// duplicates.

namespace sugang {
namespace {

struct Saga {
  EnrollmentId id;
  StudentId student;
  std::uint32_t seats = 1;
  /// What the company says of the charge, whenever it says something.
  bool approves = true;
  Enrollment enrollment;
  Payment payment;
  StockPreparation stock;
  Delivery delivery;
  Coaching coaching;
  EnrollmentSummary summary;
  Cursor cursor;
  std::vector<Record> timeline;
  std::set<std::pair<Step, Direction>> sent;
  /// Whose command the payment is working on.
  Causation payment_step;

  bool born() const { return summary.state != EnrollmentState::none; }
  bool runs() const { return born() && !summary.ended(); }
};

class PureSagas {
 public:
  explicit PureSagas(CourseDefinition definition) {
    const CourseEvent registered = CourseRegistered{std::move(definition)};
    apply(course_, registered);
    tell({.aggregate = course_id_, .event = registered});
  }

  const Course& course() const { return course_; }
  const std::vector<Saga>& sagas() const { return sagas_; }
  std::int64_t money_held() const { return audit_.money_held(); }

  /// Places one more enrollment; a refused one leaves no trace.
  void place(StudentId student, std::uint32_t seats, bool approves, bool payments_available) {
    Saga saga{.id = enrollment(sagas_.size()), .student = std::move(student), .seats = seats, .approves = approves};
    const auto decision = decide(course_,
                                 HoldSeats{saga.id, saga.student, seats,
                                           payments_available ? PaymentSide::available : PaymentSide::unavailable},
                                 noon);
    if (decision.error) return;
    const auto& definition = course_.definition;
    obey(saga, saga.enrollment, saga.id,
         RequestEnrollment{{.course = course_id_,
                            .student = saga.student,
                            .seats = seats,
                            .kind = definition.kind,
                            .amount = definition.price * seats,
                            .mileage = mileage_for(definition.price * seats, definition.mileage_percent)}},
         {Step::request, Direction::act});
    journal(saga, saga_of(saga.id), SagaEvent{SagaStarted{noon}}, {});
    saga.cursor = first_step(saga.summary);
    send(saga, *command_at(saga.cursor));
    move(saga, StepEnd::done);
    sagas_.push_back(std::move(saga));
  }

  /// Sends the command under the cursor, also when it was sent before.
  void run(std::size_t n) {
    auto& saga = sagas_[n];
    if (!saga.runs()) return;
    const auto command = command_at(saga.cursor);
    if (!command) return finish(saga);
    if (const auto end = send(saga, *command)) move(saga, *end);
  }

  /// The company's word, or the loss of it, on what the payment owes it.
  void hear_company(std::size_t n, bool lost) {
    auto& saga = sagas_[n];
    if (!saga.payment.owes_charge() && !saga.payment.owes_refund()) return;
    if (lost) {
      if (saga.payment_step == command_at(saga.cursor)) move(saga, StepEnd::unknown);
      return;
    }
    const auto command = saga.payment.owes_refund() ? PaymentCommand{ResolveRefund{}}
                                                    : PaymentCommand{ResolveCharge{saga.approves, "no funds"}};
    obey(saga, saga.payment, payment_of(saga.id), command, saga.payment_step);
    if (saga.payment.owes_refund() || saga.payment_step != command_at(saga.cursor)) return;
    move(saga, saga.payment.state == PaymentState::declined ? StepEnd::refused : StepEnd::done);
  }

  void turn(std::size_t n, TurnCause cause) {
    auto& saga = sagas_[n];
    if (!saga.born() || cancel_at(saga.cursor) != Cancel::turns) return;
    const auto* step = forward_step(saga.cursor);
    if (cause == TurnCause::expired && (!step || step->late != TurnCause::expired)) return;
    turn_back(saga, cause);
  }

  /// All but the journal is lost.
  void crash(std::size_t n) {
    auto& saga = sagas_[n];
    EnrollmentSummary folded;
    for (const auto& record : saga.timeline) apply(folded, record);
    RC_ASSERT(folded == saga.summary);
    const auto resumed = cursor_of(folded);
    RC_ASSERT(resumed.turned == saga.cursor.turned);
    // On the way back, a payment may have ended that the cursor has yet to come to again.
    RC_ASSERT(resumed.turned || resumed.index <= saga.cursor.index);
    saga.cursor = resumed;
  }

  /// A command that was sent once comes again, late.
  void repeat_a_command(std::size_t n, std::size_t which) {
    auto& saga = sagas_[n];
    auto it = std::next(saga.sent.begin(), static_cast<std::ptrdiff_t>(which % saga.sent.size()));
    const auto before = saga.timeline.size();
    send(saga, {it->first, it->second}, /*late=*/true);
    RC_ASSERT(saga.timeline.size() == before);
  }

  /// Lets everything that is under way come to its end.
  void settle() {
    for (std::size_t n = 0; n < sagas_.size(); ++n) {
      for (int round = 0; round < 60 && sagas_[n].runs(); ++round) {
        run(n);
        hear_company(n, false);
      }
      RC_ASSERT(!sagas_[n].runs());
    }
  }

  void check() const {
    std::uint64_t claimed = 0;
    for (const auto& saga : sagas_) {
      const auto claim = course_.claims.find(saga.id);
      const bool claims = claim != course_.claims.end();
      if (claims) claimed += claim->second.seats;
      switch (saga.enrollment.state) {
        case EnrollmentState::confirmed:
        case EnrollmentState::completed:
          RC_ASSERT(claims && claim->second.taken && claim->second.seats == saga.seats);
          RC_ASSERT(saga.payment.state == PaymentState::approved);
          RC_ASSERT(saga.payment.amount == course_.definition.price * saga.seats);
          break;
        case EnrollmentState::rejected:
        case EnrollmentState::expired:
        case EnrollmentState::cancelled:
          RC_ASSERT(!claims);
          RC_ASSERT(saga.payment.state != PaymentState::approved && !saga.payment.owes_charge());
          break;
        default:
          break;
      }
    }
    RC_ASSERT(claimed == std::uint64_t{course_.held} + course_.taken);
    RC_ASSERT(claimed + course_.available() == course_.definition.capacity);
  }

 private:
  void tell(Record record) {
    record.position = ++position_;
    record.sequence = ++sequences_[record.aggregate];
    const auto fault = audit_.see(record);
    RC_LOG() << fault.value_or(std::string{event_name(record.event)}) << std::endl;
    RC_ASSERT(!fault.has_value());
  }

  void journal(Saga& saga, AggregateId aggregate, Event event, Causation causation) {
    saga.timeline.push_back({.aggregate = std::move(aggregate),
                             .time = noon,
                             .enrollment = saga.id,
                             .causation = causation,
                             .event = std::move(event)});
    const auto before = saga.summary.state;
    apply(saga.summary, saga.timeline.back());
    tell(saga.timeline.back());
    RC_ASSERT(is_legal_move(before, saga.summary.state));
  }

  template <class Aggregate>
  bool obey(Saga& saga, Aggregate& aggregate, AggregateId id, typename Aggregate::Command command,
            Causation causation) {
    const auto decision = decide(aggregate, command, noon);
    for (const auto& event : decision.events) {
      apply(aggregate, event);
      journal(saga, id, Event{event}, causation);
    }
    return !decision.error;
  }

  /// Each class has an hour of its own, in the past, so that it may have been held.
  static TimeSlot slot_of(const Saga& saga) {
    const auto hour =
        std::chrono::hours{static_cast<std::int64_t>((saga.id.uid.high ^ saga.id.uid.low) % 1'000'000)};
    return {noon - hour - std::chrono::hours{1}, noon - hour};
  }

  /// How the step ended; nothing while it is under way.
  std::optional<StepEnd> send(Saga& saga, const Causation& command, bool late = false) {
    saga.sent.emplace(command.step, command.direction);
    const bool act = command.direction == Direction::act;
    const auto to_course = [&](CourseCommand what) { return obey(saga, course_, course_id_, what, command); };
    const auto to_enrollment = [&](EnrollmentCommand what) {
      return obey(saga, saga.enrollment, saga.id, what, command);
    };
    const auto to_delivery = [&](DeliveryCommand what) {
      return obey(saga, saga.delivery, delivery_of(saga.id), what, command);
    };
    const auto to_coaching = [&](CoachingCommand what) {
      return obey(saga, saga.coaching, coaching_of(saga.id), what, command);
    };
    bool obeyed = false;
    switch (command.step) {
      case Step::hold_seats:
        obeyed = act ? to_course(HoldSeats{saga.id, saga.student, saga.seats}) : to_course(ReleaseSeats{saga.id});
        break;
      case Step::take_seats:
        obeyed = to_course(TakeSeats{saga.id});
        break;
      case Step::take_payment:
        if (!late) saga.payment_step = command;
        obeyed =
            obey(saga, saga.payment, payment_of(saga.id),
                 act ? PaymentCommand{TakePayment{.amount = saga.summary.amount, .mileage = saga.summary.mileage}}
                     : PaymentCommand{RefundPayment{}},
                 command);
        if (saga.payment.owes_charge() || saga.payment.owes_refund()) return std::nullopt;
        if (act && saga.payment.state == PaymentState::declined) obeyed = false;
        break;
      case Step::confirm:
        obeyed = to_enrollment(ConfirmEnrollment{});
        break;
      case Step::mark_cancel_requested:
        obeyed = to_enrollment(RequestCancel{saga.summary.reason});
        break;
      case Step::mark_cancelled:
        obeyed = to_enrollment(CancelEnrollment{});
        break;
      case Step::mark_rejected:
        obeyed = to_enrollment(RejectEnrollment{saga.summary.reason});
        break;
      case Step::mark_expired:
        obeyed = to_enrollment(ExpireEnrollment{});
        break;
      case Step::prepare_stock:
        obeyed =
            obey(saga, saga.stock, stock_of(saga.id),
                 act ? StockCommand{PrepareStock{course_id_, saga.seats}} : StockCommand{ReleaseStock{}}, command);
        break;
      case Step::request_delivery:
        obeyed = to_delivery(act ? DeliveryCommand{RequestDelivery{}} : DeliveryCommand{CancelDelivery{}});
        break;
      case Step::start_delivery:
        obeyed = to_delivery(StartDelivery{});
        break;
      case Step::complete_delivery:
        obeyed = to_delivery(CompleteDelivery{});
        break;
      case Step::assign_instructor:
        if (act && (late || saga.coaching.state == CoachingState::none)) {
          // Asked for; the person comes another time.
          if (to_coaching(RequestCoaching{})) return std::nullopt;
          break;
        }
        obeyed =
            to_coaching(act ? CoachingCommand{AssignInstructor{instructor_}} : CoachingCommand{ReleaseCoaching{}});
        break;
      case Step::book_slot:
        obeyed = obey(
            saga, calendar_, AggregateId::calendar_of(instructor_),
            act ? CalendarCommand{BookSlot{saga.id, slot_of(saga), {}}} : CalendarCommand{ReleaseSlot{saga.id}},
            command);
        break;
      case Step::confirm_schedule:
        obeyed = to_coaching(ConfirmSchedule{slot_of(saga)});
        break;
      case Step::record_result:
        obeyed = to_coaching(RecordResult{"runs 5 km", slot_of(saga).ends_at});
        break;
      case Step::complete:
        obeyed = to_enrollment(CompleteEnrollment{});
        break;
      case Step::none:
      case Step::request:
        RC_FAIL("no saga sends this");
    }
    return obeyed ? StepEnd::done : StepEnd::refused;
  }

  void move(Saga& saga, StepEnd end) {
    const auto command = *command_at(saga.cursor);
    const auto [cursor, next] = advance(saga.cursor, end);
    // No participant ever refuses what advance() may not turn round for.
    RC_ASSERT(!std::holds_alternative<GetStuck>(next));
    if (const auto* round = std::get_if<TurnRound>(&next)) return turn_back(saga, round->cause);
    saga.cursor = cursor;
    if (std::holds_alternative<RunAgainLater>(next))
      journal(saga, saga_of(saga.id), SagaEvent{SagaStepFailed{command.step, command.direction, 1, "timeout"}}, {});
    if (std::holds_alternative<Finish>(next)) finish(saga);
  }

  void turn_back(Saga& saga, TurnCause cause) {
    journal(saga, saga_of(saga.id), SagaEvent{SagaTurned{cause, std::string{to_text(cause)}}}, {});
    saga.cursor = turn_round(saga.cursor, cause);
  }

  void finish(Saga& saga) {
    journal(saga, saga_of(saga.id), saga.cursor.turned ? SagaEvent{SagaCompensated{}} : SagaEvent{SagaCompleted{}},
            {});
  }

  const CourseId course_id_{"lecture-1"};
  const InstructorId instructor_{"kim"};
  Course course_;
  InstructorCalendar calendar_;
  std::vector<Saga> sagas_;
  Audit audit_;
  Position position_ = 0;
  std::map<AggregateId, Sequence> sequences_;
};

bool is_kept(EnrollmentState state) {
  return state == EnrollmentState::confirmed || state == EnrollmentState::completed;
}

CourseDefinition any_course() {
  auto definition = *rc::gen::arbitrary<bool>() ? lecture(4) : performance(6);
  definition.kind =
      *rc::gen::element(CourseKind::lecture, CourseKind::performance, CourseKind::product, CourseKind::training);
  definition.price = {*rc::gen::element<std::int64_t>(0, 12'000, 12'000), {}};
  return definition;
}

/// Draws what happens next until enough has happened, and checks after each.
void let_things_happen(PureSagas& world) {
  const bool many_seats = world.course().definition.seats_per_student == 0;
  const auto steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    const auto what = *rc::gen::inRange(0, 14);
    if (what < 2 || world.sagas().empty()) {
      const auto seats = many_seats ? *rc::gen::inRange<std::uint32_t>(1, 4) : 1;
      world.place({"s" + std::to_string(*rc::gen::inRange(0, 5))}, seats, *rc::gen::inRange(0, 4) != 0,
                  *rc::gen::inRange(0, 8) != 0);
    } else {
      const auto n = *rc::gen::inRange<std::size_t>(0, world.sagas().size());
      if (what < 6)
        world.run(n);
      else if (what < 9)
        world.hear_company(n, *rc::gen::inRange(0, 4) == 0);
      else if (what == 9)
        world.turn(n, TurnCause::cancelled);
      else if (what == 10)
        world.turn(n, TurnCause::expired);
      else if (what == 11)
        world.crash(n);
      else
        world.repeat_a_command(n, *rc::gen::inRange<std::size_t>(0, 8));
    }
    world.check();
  }
}

RC_GTEST_PROP(Invariants, HoldAfterEveryEventOfSagasThatRunThroughOneAnother, ()) {
  PureSagas world{any_course()};
  let_things_happen(world);
}

RC_GTEST_PROP(Invariant13, EverySagaComesToItsEnd, ()) {
  PureSagas world{any_course()};
  let_things_happen(world);
  world.settle();
  world.check();
  std::int64_t paid = 0;
  for (const auto& saga : world.sagas()) {
    const auto state = saga.summary.state;
    const bool confirmed = is_kept(state);
    const auto kind = saga.summary.kind;
    const bool goes_on = kind == CourseKind::product || kind == CourseKind::training;
    if (confirmed) RC_ASSERT(state == (goes_on ? EnrollmentState::completed : EnrollmentState::confirmed));
    RC_ASSERT(confirmed || state == EnrollmentState::rejected || state == EnrollmentState::expired ||
              state == EnrollmentState::cancelled);
    RC_ASSERT(saga.summary.saga == (confirmed ? SagaState::completed : SagaState::compensated));
    if (confirmed) paid += saga.payment.amount.amount;
  }
  // To the unit: money stays for confirmed enrollments alone.
  RC_ASSERT(world.money_held() == paid);
}

RC_GTEST_PROP(CancellingEverything, ReturnsEverySeatAndEveryUnitOfMoney, ()) {
  PureSagas world{any_course()};
  let_things_happen(world);
  world.settle();
  for (std::size_t n = 0; n < world.sagas().size(); ++n) world.turn(n, TurnCause::cancelled);
  world.settle();
  // What was delivered, or held, is past cancelling.
  std::uint32_t kept = 0;
  for (const auto& saga : world.sagas()) kept += saga.summary.state == EnrollmentState::completed ? saga.seats : 0;
  RC_ASSERT(world.course().available() + kept == world.course().definition.capacity);
  RC_ASSERT(world.course().taken == kept);
  RC_ASSERT(world.money_held() == (world.course().definition.price * kept).amount);
}

RC_GTEST_PROP(CrashAtAnyMoment, ChangesNoEnd, ()) {
  const bool approves = *rc::gen::arbitrary<bool>();
  const auto cancel_after = *rc::gen::inRange(0, 16);
  const auto kind =
      *rc::gen::element(CourseKind::lecture, CourseKind::performance, CourseKind::product, CourseKind::training);
  const auto crashes = *rc::gen::container<std::set<int>>(rc::gen::inRange(0, 20));
  const auto play = [&](bool with_crashes) {
    auto definition = lecture(1);
    definition.kind = kind;
    PureSagas world{definition};
    world.place({"ann"}, 1, approves, true);
    for (int step = 0; step < 20; ++step) {
      if (with_crashes && crashes.contains(step)) world.crash(0);
      if (step == cancel_after) world.turn(0, TurnCause::cancelled);
      world.run(0);
      world.hear_company(0, false);
    }
    world.settle();
    return world.sagas().front().summary.state;
  };
  RC_ASSERT(play(true) == play(false));
}

}  // namespace
}  // namespace sugang
