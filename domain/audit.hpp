#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>

#include "domain/ledger.hpp"
#include "domain/record.hpp"

namespace sugang {

/// Reads a journal from its first record and finds where it breaks one of the numbered invariants. Those that
/// concern what is sent outside (9 to 11) cannot be seen in the journal; the others are checked after every record.
class Audit {
 public:
  /// The next record. What it breaks, if anything: `invariant 1: course lecture-1: … (position 17)`.
  std::optional<std::string> see(const Record& record);

  /// After the last record: where the gateway's ledger contradicts the journal's payments, if anywhere.
  std::optional<std::string> compare(const Ledger& ledger) const;

  std::uint64_t records() const { return next_position_ - 1; }
  std::size_t enrollments() const { return enrollments_.size(); }
  std::size_t courses() const { return courses_.size(); }
  /// Sagas that have neither completed nor compensated; the journal must list them as pending.
  std::size_t running_sagas() const { return running_sagas_; }
  /// What students have paid and not got back.
  std::int64_t money_held() const { return money_held_; }

 private:
  struct CourseEntry {
    Course course;
    Sequence sequence = 0;
  };
  struct EnrollmentEntry {
    /// With the seats and the amount that it has now.
    EnrollmentRequested request;
    SeatsChangeRequested change;
    Enrollment enrollment;
    Payment payment;
    /// Charges that are not in force, by number: to replace it, declined, or replaced.
    std::map<std::uint32_t, Payment> charges;
    StockPreparation stock;
    Delivery delivery;
    Coaching coaching;
    /// The calendars that have a slot for it: one, or two while the class moves from one to the other.
    std::set<std::string> booked_with;
    bool saga_runs = false;
    /// An operator has settled the payment's step outside.
    bool payment_settled = false;
    /// Of its aggregates, by their kind.
    std::array<Sequence, std::variant_size_v<Event>> sequences{};
  };
  struct CalendarEntry {
    InstructorCalendar calendar;
    Sequence sequence = 0;
  };

  std::optional<std::string> see_event(const Record& record, const CourseEvent& event);
  std::optional<std::string> see_event(const Record& record, const EnrollmentEvent& event);
  std::optional<std::string> see_event(const Record& record, const PaymentEvent& event);
  std::optional<std::string> see_event(const Record& record, const SagaEvent& event);
  std::optional<std::string> see_event(const Record& record, const StockEvent& event);
  std::optional<std::string> see_event(const Record& record, const DeliveryEvent& event);
  std::optional<std::string> see_event(const Record& record, const CoachingEvent& event);
  std::optional<std::string> see_event(const Record& record, const CalendarEvent& event);
  /// No invariant is about the others.
  std::optional<std::string> see_event(const Record&, const auto&) { return std::nullopt; }
  /// The aggregate's newest sequence so far.
  Sequence& last_sequence(const AggregateId& id);
  std::optional<std::string> check_claim(const Record& record, const Course& course,
                                         const CourseEvent& event) const;
  static void note_charges(EnrollmentEntry& entry, const Payment& before);
  void set_running(EnrollmentEntry& entry, bool runs);
  std::optional<std::string> check_promotion(const Record& record, const Course& course,
                                             const WaiterPromoted& promoted) const;
  /// Of the enrollment that the record names, if it names one.
  std::optional<std::string> check_named(const Record& record) const;
  /// What must hold of an enrollment where it stands now; checked after each event that touches it.
  std::optional<std::string> check_enrollment(const Record& record, const EnrollmentEntry& entry) const;
  std::optional<std::string> check_confirmed(const Record& record, const EnrollmentEntry& entry) const;
  /// Of the payment, before the event is applied.
  static std::optional<std::string> check_mileage(const Record& record, const EnrollmentEntry& entry,
                                                  const PaymentEvent& event);
  std::optional<std::string> check_completed(const Record& record, const EnrollmentEntry& entry) const;
  std::optional<std::string> check_nothing_left(const Record& record, const EnrollmentEntry& entry) const;
  std::optional<std::string> check_amount(const Record& record, EnrollmentId enrollment, std::uint32_t seats,
                                          const Course& course) const;
  const Course::Claim* claim_of(EnrollmentId id, const EnrollmentEntry& entry) const;
  bool is_waitlisted(EnrollmentId id, const EnrollmentEntry& entry) const;

  Position next_position_ = 1;
  /// A charge that was given up and approved after all: its refund is to be requested by the next record.
  std::optional<PaymentId> refund_due_;
  std::unordered_map<std::string, CourseEntry> courses_;
  std::unordered_map<Uid, EnrollmentEntry> enrollments_;
  std::unordered_map<std::string, CalendarEntry> calendars_;
  Sequence webhooks_sequence_ = 0;
  std::size_t running_sagas_ = 0;
  std::int64_t money_held_ = 0;
};

}  // namespace sugang
