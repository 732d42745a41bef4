#include "domain/audit.hpp"

#include <utility>

namespace sugang {
namespace {

std::string broken(int invariant, const Record& record, const std::string& what) {
  return "invariant " + std::to_string(invariant) + ": " + std::string{to_text(record.aggregate.kind)} + " " +
         to_text(record.aggregate) + ": " + what + " (position " + std::to_string(record.position) + ")";
}

std::int64_t held_by_company(const Payment& payment) {
  const bool paid = payment.state == PaymentState::approved || payment.state == PaymentState::refund_requested;
  return (paid ? payment.amount.amount : 0) + (payment.former ? payment.former->amount.amount : 0);
}

}  // namespace

std::optional<std::string> Audit::see(const Record& record) {
  if (record.position != next_position_)
    return broken(9, record, "position " + std::to_string(next_position_) + " was expected");
  ++next_position_;
  if (const auto due = std::exchange(refund_due_, std::nullopt)) {
    const auto* payment = std::get_if<PaymentEvent>(&record.event);
    if (!payment || !std::holds_alternative<RefundRequested>(*payment) || record.aggregate.uid != due->uid)
      return broken(4, record, "comes after a charge was approved that was given up, and no refund is requested");
  }
  const auto kind = record.aggregate.kind;
  const bool of_enrollment = !is_named(kind) && kind != AggregateKind::request;
  if (of_enrollment && record.enrollment != EnrollmentId{record.aggregate.uid})
    return broken(9, record, "stands on no timeline, or on another's");
  if (kind != AggregateKind::request) {
    auto& last = last_sequence(record.aggregate);
    if (record.sequence != last + 1)
      return broken(9, record, "sequence " + std::to_string(record.sequence) + " after " + std::to_string(last));
    last = record.sequence;
  }
  return std::visit([&](const auto& event) { return see_event(record, event); }, record.event);
}

Sequence& Audit::last_sequence(const AggregateId& id) {
  if (id.kind == AggregateKind::course) return courses_[id.name].sequence;
  if (id.kind == AggregateKind::calendar) return calendars_[id.name].sequence;
  if (id.kind == AggregateKind::webhook_registry) return webhooks_sequence_;
  return enrollments_[id.uid].sequences[static_cast<std::size_t>(id.kind)];
}

std::optional<std::string> Audit::see_event(const Record& record, const CourseEvent& event) {
  auto& course = courses_[record.aggregate.name].course;
  if (auto fault = check_claim(record, course, event)) return fault;
  apply(course, event);
  return check_named(record);
}

std::optional<std::string> Audit::check_named(const Record& record) const {
  auto entry = record.enrollment ? enrollments_.find(record.enrollment->uid) : enrollments_.end();
  return entry == enrollments_.end() ? std::nullopt : check_enrollment(record, entry->second);
}

std::optional<std::string> Audit::check_claim(const Record& record, const Course& course,
                                              const CourseEvent& event) const {
  if (std::holds_alternative<CourseRegistered>(event) && course.registered)
    return broken(1, record, "registered twice");
  if (const auto* revised = std::get_if<CourseRevised>(&event)) {
    const auto claimed = std::uint64_t{course.held} + course.taken;
    if (revised->capacity && claimed > *revised->capacity)
      return broken(1, record, std::to_string(claimed) + " seats claimed of " + std::to_string(*revised->capacity));
  }
  if (const auto* held = std::get_if<SeatsHeld>(&event)) {
    if (course.claims.contains(held->enrollment)) return broken(1, record, "held seats twice for one enrollment");
    if (held->seats > course.available())
      return broken(
          1, record,
          "held " + std::to_string(held->seats) + " seats of " + std::to_string(course.available()) + " available");
    if (!course.waitlist.empty()) return broken(12, record, "held seats past the waitlist");
    return check_amount(record, held->enrollment, held->seats, course);
  }
  const auto of = enrollment_in(event);
  const auto found = of ? course.claims.find(*of) : course.claims.end();
  const auto* claim = found == course.claims.end() ? nullptr : &found->second;
  if (std::holds_alternative<SeatsTaken>(event) && (!claim || claim->taken))
    return broken(1, record, "took seats that were not held");
  if (const auto* taken = std::get_if<SeatsChangeTaken>(&event))
    if (!claim || claim->seats + taken->added - taken->returned != claim->changes_to)
      return broken(1, record, "took a change of seats that was not held");
  if (std::holds_alternative<SeatsChangeReleased>(event) && (!claim || claim->changes_to == 0))
    return broken(1, record, "released a change of seats that was not held");
  if (const auto* change = std::get_if<SeatsChangeHeld>(&event)) {
    if (!claim || !claim->taken || claim->changes_to != 0)
      return broken(1, record, "changed seats that were not taken, or are changing");
    const auto added = change->seats > claim->seats ? change->seats - claim->seats : 0;
    if (change->added != added || added > course.available())
      return broken(1, record, "held more seats for a change than were available, or other than it needs");
    if (added > 0 && !course.waitlist.empty())
      return broken(12, record, "held seats for a change past the waitlist");
  }
  if (const auto* waits = std::get_if<SeatsWaitlisted>(&event)) {
    if (waits->ticket != course.last_ticket + 1) return broken(12, record, "gave a ticket out of order");
    if (course.waitlist.empty() && waits->seats <= course.available())
      return broken(12, record, "put an enrollment on the waitlist for seats that are available");
  }
  if (const auto* dismissed = std::get_if<WaiterDismissed>(&event)) {
    const auto ticket = course.tickets.find(dismissed->enrollment);
    if (ticket == course.tickets.end()) return broken(12, record, "dismissed an enrollment that does not wait");
    if (dismissed->reason == Dismissal::capacity_reduced &&
        course.waitlist.at(ticket->second).seats <= course.definition.capacity)
      return broken(12, record, "dismissed an enrollment that the course has seats for");
  }
  if (const auto* promoted = std::get_if<WaiterPromoted>(&event)) return check_promotion(record, course, *promoted);
  return std::nullopt;
}

std::optional<std::string> Audit::check_promotion(const Record& record, const Course& course,
                                                  const WaiterPromoted& promoted) const {
  if (course.waitlist.empty() || course.waitlist.begin()->second.enrollment != promoted.enrollment)
    return broken(12, record,
                  "promoted " + to_text(promoted.enrollment) + ", which is not the head of the waitlist");
  const auto& head = course.waitlist.begin()->second;
  if (head.seats != promoted.seats || head.seats > course.available())
    return broken(1, record, "promoted a head of the waitlist that does not fit");
  return check_amount(record, promoted.enrollment, promoted.seats, course);
}

std::optional<std::string> Audit::check_amount(const Record& record, EnrollmentId enrollment, std::uint32_t seats,
                                               const Course& course) const {
  auto entry = enrollments_.find(enrollment.uid);
  if (entry == enrollments_.end()) return broken(1, record, "held seats for no enrollment");
  const auto& request = entry->second.request;
  if (request.seats != seats || request.amount != course.definition.price * seats)
    return broken(
        2, record,
        "its enrollment is to pay " + std::to_string(request.amount.amount) + ", which is not seats × price");
  return std::nullopt;
}

std::optional<std::string> Audit::see_event(const Record& record, const EnrollmentEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  if (const auto* requested = std::get_if<EnrollmentRequested>(&event)) entry.request = *requested;
  auto& request = entry.request;
  if (const auto* change = std::get_if<SeatsChangeRequested>(&event)) {
    if (change->amount.amount * request.seats != request.amount.amount * change->seats)
      return broken(2, record, "changes its seats for another price");
    entry.change = *change;
    set_running(entry, true);
  }
  if (std::holds_alternative<SeatsChanged>(event)) {
    request.seats = entry.change.seats;
    request.amount = entry.change.amount;
    request.mileage = entry.payment.mileage;
  }
  apply(entry.enrollment, event);
  return check_enrollment(record, entry);
}

std::optional<std::string> Audit::check_enrollment(const Record& record, const EnrollmentEntry& entry) const {
  switch (entry.enrollment.state) {
    case EnrollmentState::confirmed:
    case EnrollmentState::completed: return check_confirmed(record, entry);
    case EnrollmentState::rejected:
    case EnrollmentState::expired:
    case EnrollmentState::cancelled: return check_nothing_left(record, entry);
    case EnrollmentState::none:
    case EnrollmentState::requested:
    case EnrollmentState::waitlisted:
    case EnrollmentState::seats_held:
    case EnrollmentState::payment_pending:
    case EnrollmentState::awaiting_instructor:
    case EnrollmentState::awaiting_schedule:
    case EnrollmentState::cancel_requested: return std::nullopt;
  }
  return std::nullopt;
}

const Course::Claim* Audit::claim_of(EnrollmentId id, const EnrollmentEntry& entry) const {
  auto course = courses_.find(entry.request.course.text);
  if (course == courses_.end()) return nullptr;
  const auto& claims = course->second.course.claims;
  auto claim = claims.find(id);
  return claim == claims.end() ? nullptr : &claim->second;
}

std::optional<std::string> Audit::check_confirmed(const Record& record, const EnrollmentEntry& entry) const {
  // While its seats change, the payment and the claim are as before or as after the change.
  const auto is_changed = entry.enrollment.changing && entry.payment.amount == entry.change.amount;
  if (entry.payment.state != PaymentState::approved ||
      (entry.payment.amount != entry.request.amount && !is_changed))
    return broken(2, record,
                  "confirmed with its payment " + std::string{to_text(entry.payment.state)} + " of " +
                      std::to_string(entry.payment.amount.amount) + ", not approved of " +
                      std::to_string(entry.request.amount.amount));
  const auto* claim = claim_of(*record.enrollment, entry);
  const auto has_changed = entry.enrollment.changing && claim && claim->seats == entry.change.seats;
  if (!claim || !claim->taken || (claim->seats != entry.request.seats && !has_changed))
    return broken(1, record, "confirmed without its seats taken");
  const auto coaching = entry.coaching.state;
  const bool scheduled = coaching == CoachingState::scheduled || coaching == CoachingState::held ||
                         coaching == CoachingState::result_recorded;
  if (entry.request.kind == CourseKind::training && !scheduled)
    return broken(5, record, "confirmed with its coaching " + std::string{to_text(coaching)});
  return entry.enrollment.state == EnrollmentState::completed ? check_completed(record, entry) : std::nullopt;
}

std::optional<std::string> Audit::check_completed(const Record& record, const EnrollmentEntry& entry) const {
  if (entry.request.kind == CourseKind::product && entry.delivery.state != DeliveryState::completed)
    return broken(6, record, "completed with its delivery " + std::string{to_text(entry.delivery.state)});
  if (entry.request.kind == CourseKind::training && entry.coaching.state != CoachingState::result_recorded)
    return broken(7, record, "completed without a result");
  return std::nullopt;
}

bool Audit::is_waitlisted(EnrollmentId id, const EnrollmentEntry& entry) const {
  auto course = courses_.find(entry.request.course.text);
  return course != courses_.end() && course->second.course.tickets.contains(id);
}

std::optional<std::string> Audit::check_nothing_left(const Record& record, const EnrollmentEntry& entry) const {
  if (claim_of(*record.enrollment, entry)) return broken(4, record, "ended and still claims seats");
  if (is_waitlisted(*record.enrollment, entry)) return broken(4, record, "ended and still waits for seats");
  if (entry.payment.state == PaymentState::approved)
    return broken(4, record, "ended with a payment approved and no refund requested");
  if (entry.payment.mileage_earned != 0) return broken(4, record, "ended with mileage left");
  if (entry.stock.state == StockState::requested || entry.stock.state == StockState::prepared)
    return broken(4, record, "ended with stock prepared");
  if (entry.delivery.state != DeliveryState::none && entry.delivery.state != DeliveryState::cancelled)
    return broken(4, record, "ended with its delivery " + std::string{to_text(entry.delivery.state)});
  if (entry.coaching.state != CoachingState::none && entry.coaching.state != CoachingState::released)
    return broken(4, record, "ended with its coaching " + std::string{to_text(entry.coaching.state)});
  if (!entry.booked_with.empty())
    return broken(5, record, "ended with a slot in the calendar of " + *entry.booked_with.begin());
  return std::nullopt;
}

std::optional<std::string> Audit::check_mileage(const Record& record, const EnrollmentEntry& entry,
                                                const PaymentEvent& event) {
  const auto wrong = [&](const char* does, std::int64_t points, std::int64_t expected) {
    return points == expected
               ? std::nullopt
               : std::optional{
                     broken(3, record, does + std::to_string(points) + " points of " + std::to_string(expected))};
  };
  const auto& payment = entry.payment;
  if (const auto* requested = std::get_if<PaymentRequested>(&event))
    return wrong("is to earn ", requested->mileage, entry.request.mileage);
  if (const auto* approved = std::get_if<PaymentApproved>(&event))
    return wrong("earned ", approved->mileage, payment.state == PaymentState::requested ? payment.mileage : 0);
  if (const auto* replaced = std::get_if<PaymentReplaced>(&event))
    return wrong("earned ", replaced->mileage, payment.next ? payment.next->mileage : 0);
  if (const auto* refund = std::get_if<RefundRequested>(&event)) {
    const auto of_former = payment.refund_declined ? 0 : payment.mileage_earned - payment.mileage;
    return wrong("reversed ", refund->mileage, refund->former ? of_former : payment.mileage_earned);
  }
  return std::nullopt;
}

std::optional<std::string> Audit::see_event(const Record& record, const PaymentEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  const bool was_approved = entry.payment.state == PaymentState::approved;
  const bool was_given_up = entry.payment.state == PaymentState::void_requested;
  const bool ended = entry.payment.state == PaymentState::refunded || entry.payment.state == PaymentState::voided;
  if (std::holds_alternative<PaymentApproved>(event) && (was_approved || ended))
    return broken(2, record, "approved twice, or after its end");
  if (auto fault = check_mileage(record, entry, event)) return fault;
  money_held_ -= held_by_company(entry.payment);
  const auto before = entry.payment;
  apply(entry.payment, event);
  note_charges(entry, before);
  money_held_ += held_by_company(entry.payment);
  const bool replaced = std::holds_alternative<PaymentReplaced>(event);
  if (replaced || (was_given_up && entry.payment.state == PaymentState::approved)) {
    refund_due_ = PaymentId{record.aggregate.uid};
    return std::nullopt;
  }
  return check_enrollment(record, entry);
}

/// What became of the charges that are not in force.
void Audit::note_charges(EnrollmentEntry& entry, const Payment& before) {
  const auto& after = entry.payment;
  const auto note = [&](const Payment::Charge& charge, PaymentState state) {
    entry.charges[charge.number] = {
        .state = state,
        .amount = charge.amount,
        .charge_started = true,
        .refund_declined = state == PaymentState::refund_requested && after.refund_declined};
  };
  if (after.next) note(*after.next, PaymentState::requested);
  if (before.next && !after.next && after.number != before.next->number) note(*before.next, PaymentState::declined);
  if (before.next && after.number == before.next->number) entry.charges.erase(after.number);
  if (after.former) note(*after.former, PaymentState::refund_requested);
  if (before.former && !after.former) note(*before.former, PaymentState::refunded);
}

void Audit::set_running(EnrollmentEntry& entry, bool runs) {
  running_sagas_ += (runs ? 1u : 0u);
  running_sagas_ -= (std::exchange(entry.saga_runs, runs) ? 1u : 0u);
}

std::optional<std::string> Audit::see_event(const Record& record, const SagaEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  // An operator's command alone starts none: what the saga does then has a record of its own.
  if (std::holds_alternative<SagaStarted>(event) || std::holds_alternative<SagaTurned>(event))
    set_running(entry, true);
  if (std::holds_alternative<SagaCompleted>(event) || std::holds_alternative<SagaCompensated>(event))
    set_running(entry, false);
  if (const auto* operated = std::get_if<SagaOperated>(&event))
    entry.payment_settled |= operated->action == OperatorAction::resolve &&
                             (operated->step == Step::take_payment || operated->step == Step::refund_former);
  const auto state = entry.enrollment.state;
  if (std::holds_alternative<SagaCompleted>(event) && state != EnrollmentState::confirmed &&
      state != EnrollmentState::completed)
    return broken(13, record, "completed with its enrollment " + std::string{to_text(state)});
  if (std::holds_alternative<SagaCompensated>(event) && state != EnrollmentState::cancelled &&
      state != EnrollmentState::rejected && state != EnrollmentState::expired)
    return broken(13, record, "compensated with its enrollment " + std::string{to_text(state)});
  return std::nullopt;
}

std::optional<std::string> Audit::compare(const Ledger& ledger) const {
  const auto broken_by = [](PaymentId key, const std::string& what) {
    return "invariant 2: payment " + to_text(key) + ": " + what;
  };
  std::set<PaymentId> known;
  for (const auto& [uid, entry] : enrollments_) {
    auto charges = entry.charges;
    charges[entry.payment.number] = entry.payment;
    for (const auto& [number, payment] : charges) {
      const auto key = key_of(PaymentId{uid}, number);
      known.insert(key);
      const auto charge = ledger.find(key);
      const auto found = charge == ledger.end() ? std::nullopt : std::optional{charge->second};
      if (auto fault = contradiction(payment, entry.payment_settled, found)) return broken_by(key, *fault);
    }
  }
  for (const auto& [key, charge] : ledger)
    if (!known.contains(key))
      if (auto fault = contradiction({}, false, charge)) return broken_by(key, *fault);
  return std::nullopt;
}

std::optional<std::string> Audit::see_event(const Record& record, const StockEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  if (std::holds_alternative<StockPrepared>(event) && entry.stock.state == StockState::released)
    return broken(4, record, "prepared stock after its release");
  apply(entry.stock, event);
  return check_enrollment(record, entry);
}

std::optional<std::string> Audit::see_event(const Record& record, const DeliveryEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  const bool started =
      entry.delivery.state == DeliveryState::started || entry.delivery.state == DeliveryState::completed;
  if (std::holds_alternative<DeliveryRequested>(event) && entry.enrollment.state != EnrollmentState::confirmed)
    return broken(6, record, "delivery of an enrollment " + std::string{to_text(entry.enrollment.state)});
  if (std::holds_alternative<DeliveryCancelled>(event) && started)
    return broken(6, record, "a started delivery was cancelled");
  if (std::holds_alternative<DeliveryStarted>(event) && entry.delivery.state != DeliveryState::requested)
    return broken(6, record, "started, being " + std::string{to_text(entry.delivery.state)});
  apply(entry.delivery, event);
  return check_enrollment(record, entry);
}

std::optional<std::string> Audit::see_event(const Record& record, const CoachingEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  if (std::holds_alternative<ResultRecorded>(event) && !entry.coaching.held_at)
    return broken(7, record, "a result of a class that was not held");
  if (const auto* held = std::get_if<CoachingHeld>(&event))
    if (!entry.coaching.slot || held->held_at < entry.coaching.slot->starts_at)
      return broken(7, record, "a class held before its scheduled start");
  if (std::holds_alternative<CoachingReleased>(event) && entry.coaching.held_at)
    return broken(5, record, "released after the class was held");
  if (entry.coaching.state == CoachingState::released) return broken(5, record, "continues after its release");
  apply(entry.coaching, event);
  return check_enrollment(record, entry);
}

std::optional<std::string> Audit::see_event(const Record& record, const CalendarEvent& event) {
  auto& calendar = calendars_[record.aggregate.name].calendar;
  if (const auto* booked = std::get_if<SlotBooked>(&event)) {
    for (const auto& [enrollment, slot] : calendar.slots)
      if (enrollment != booked->enrollment && slot.overlaps(booked->slot))
        return broken(5, record, "two classes at one time");
    enrollments_[booked->enrollment.uid].booked_with.insert(record.aggregate.name);
  }
  if (const auto* released = std::get_if<SlotReleased>(&event))
    enrollments_[released->enrollment.uid].booked_with.erase(record.aggregate.name);
  if (const auto* freed = std::get_if<SlotFreed>(&event))
    enrollments_[freed->enrollment.uid].booked_with.erase(record.aggregate.name);
  apply(calendar, event);
  return check_named(record);
}

}  // namespace sugang
