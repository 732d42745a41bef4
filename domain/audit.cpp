#include "domain/audit.hpp"

namespace sugang {
namespace {

std::string broken(int invariant, const Record& record, const std::string& what) {
  return "invariant " + std::to_string(invariant) + ": " + std::string{to_text(record.aggregate.kind)} + " " +
         to_text(record.aggregate) + ": " + what + " (position " + std::to_string(record.position) + ")";
}

std::optional<std::string> check_sequence(const Record& record, Sequence& last) {
  if (record.sequence != last + 1)
    return broken(9, record, "sequence " + std::to_string(record.sequence) + " after " + std::to_string(last));
  last = record.sequence;
  return std::nullopt;
}

std::int64_t held_by_company(const Payment& payment) {
  const bool paid = payment.state == PaymentState::approved || payment.state == PaymentState::refund_requested;
  return paid ? payment.amount.amount : 0;
}

}  // namespace

std::optional<std::string> Audit::see(const Record& record) {
  if (record.position != next_position_)
    return broken(9, record, "position " + std::to_string(next_position_) + " was expected");
  ++next_position_;
  const auto kind = record.aggregate.kind;
  const bool of_enrollment = kind != AggregateKind::course && kind != AggregateKind::request;
  if (of_enrollment && record.enrollment != EnrollmentId{record.aggregate.uid})
    return broken(9, record, "stands on no timeline, or on another's");
  return std::visit([&](const auto& event) { return see_event(record, event); }, record.event);
}

std::optional<std::string> Audit::see_event(const Record& record, const CourseEvent& event) {
  auto& [course, sequence] = courses_[record.aggregate.name];
  if (auto fault = check_sequence(record, sequence)) return fault;
  if (const auto* held = std::get_if<SeatsHeld>(&event)) {
    if (course.claims.contains(held->enrollment)) return broken(1, record, "held seats twice for one enrollment");
    if (held->seats > course.available())
      return broken(
          1, record,
          "held " + std::to_string(held->seats) + " seats of " + std::to_string(course.available()) + " available");
    if (auto fault = check_amount(record, *held, course)) return fault;
  }
  if (const auto* taken = std::get_if<SeatsTaken>(&event)) {
    auto claim = course.claims.find(taken->enrollment);
    if (claim == course.claims.end() || claim->second.taken)
      return broken(1, record, "took seats that nobody held");
  }
  apply(course, event);
  if (auto fault = check_seats(record, course)) return fault;
  auto entry = record.enrollment ? enrollments_.find(record.enrollment->uid) : enrollments_.end();
  return entry == enrollments_.end() ? std::nullopt : check_enrollment(record, entry->second);
}

std::optional<std::string> Audit::check_amount(const Record& record, const SeatsHeld& held,
                                               const Course& course) const {
  auto entry = enrollments_.find(held.enrollment.uid);
  if (entry == enrollments_.end()) return broken(1, record, "held seats for no enrollment");
  const auto& request = entry->second.request;
  if (request.seats != held.seats || request.amount != course.definition.price * held.seats)
    return broken(
        2, record,
        "its enrollment is to pay " + std::to_string(request.amount.amount) + ", which is not seats × price");
  return std::nullopt;
}

std::optional<std::string> Audit::check_seats(const Record& record, const Course& course) const {
  const auto claimed = std::uint64_t{course.held} + course.taken;
  if (claimed > course.definition.capacity)
    return broken(1, record,
                  std::to_string(claimed) + " seats claimed of " + std::to_string(course.definition.capacity));
  return std::nullopt;
}

std::optional<std::string> Audit::see_event(const Record& record, const EnrollmentEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  if (auto fault = check_sequence(record, entry.enrollment_sequence)) return fault;
  if (const auto* requested = std::get_if<EnrollmentRequested>(&event)) entry.request = *requested;
  apply(entry.enrollment, event);
  return check_enrollment(record, entry);
}

std::optional<std::string> Audit::check_enrollment(const Record& record, const EnrollmentEntry& entry) const {
  switch (entry.enrollment.state) {
    case EnrollmentState::confirmed:
      return check_confirmed(record, entry);
    case EnrollmentState::rejected:
    case EnrollmentState::expired:
    case EnrollmentState::cancelled:
      return check_nothing_left(record, entry);
    case EnrollmentState::none:
    case EnrollmentState::requested:
    case EnrollmentState::seats_held:
    case EnrollmentState::payment_pending:
    case EnrollmentState::cancel_requested:
      return std::nullopt;
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
  if (entry.payment.state != PaymentState::approved || entry.payment.amount != entry.request.amount)
    return broken(2, record,
                  "confirmed with its payment " + std::string{to_text(entry.payment.state)} + " of " +
                      std::to_string(entry.payment.amount.amount) + ", not approved of " +
                      std::to_string(entry.request.amount.amount));
  const auto* claim = claim_of(*record.enrollment, entry);
  if (!claim || !claim->taken || claim->seats != entry.request.seats)
    return broken(1, record, "confirmed without its seats taken");
  return std::nullopt;
}

std::optional<std::string> Audit::check_nothing_left(const Record& record, const EnrollmentEntry& entry) const {
  if (claim_of(*record.enrollment, entry)) return broken(4, record, "ended and still claims seats");
  if (entry.payment.state == PaymentState::approved)
    return broken(4, record, "ended with a payment approved and no refund requested");
  return std::nullopt;
}

std::optional<std::string> Audit::see_event(const Record& record, const PaymentEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  if (auto fault = check_sequence(record, entry.payment_sequence)) return fault;
  const bool was_approved = entry.payment.state == PaymentState::approved;
  const bool ended = entry.payment.state == PaymentState::refunded || entry.payment.state == PaymentState::voided;
  if (std::holds_alternative<PaymentApproved>(event) && (was_approved || ended))
    return broken(2, record, "approved twice, or after its end");
  money_held_ -= held_by_company(entry.payment);
  apply(entry.payment, event);
  money_held_ += held_by_company(entry.payment);
  return check_enrollment(record, entry);
}

std::optional<std::string> Audit::see_event(const Record& record, const SagaEvent& event) {
  auto& entry = enrollments_[record.aggregate.uid];
  if (auto fault = check_sequence(record, entry.saga_sequence)) return fault;
  const bool ran = entry.saga_runs;
  entry.saga_runs =
      !std::holds_alternative<SagaCompleted>(event) && !std::holds_alternative<SagaCompensated>(event);
  running_sagas_ += (entry.saga_runs ? 1u : 0u);
  running_sagas_ -= (ran ? 1u : 0u);
  const auto state = entry.enrollment.state;
  if (std::holds_alternative<SagaCompleted>(event) && state != EnrollmentState::confirmed)
    return broken(13, record, "completed with its enrollment " + std::string{to_text(state)});
  if (std::holds_alternative<SagaCompensated>(event) && state != EnrollmentState::cancelled &&
      state != EnrollmentState::rejected && state != EnrollmentState::expired)
    return broken(13, record, "compensated with its enrollment " + std::string{to_text(state)});
  return std::nullopt;
}

std::optional<std::string> Audit::see_event(const Record&, const RequestEvent&) { return std::nullopt; }

}  // namespace sugang
