#pragma once

#include <optional>
#include <vector>

#include "actors/caller.hpp"
#include "domain/outcome.hpp"
#include "gateway/payment_gateway.hpp"
#include "storage/journal.hpp"

// Messages between actors: values without callbacks. An actor is named by its aggregate's id, never by a handle,
// and a caller by its number in the node's `Callers`; an actor that is not in memory is loaded.

namespace sugang {

/// A saga's command to a participant.
template <class Aggregate>
struct Task {
  typename Aggregate::Command command;
  Causation step;
  EnrollmentId enrollment;
  TraceContext trace;
};

/// Holds seats and, in the same append, creates the enrollment and its saga. A refusal writes nothing.
struct BeginEnrollment {
  EnrollmentId enrollment;
  PlaceEnrollment placement;
  PaymentSide payments = PaymentSide::available;
  std::optional<RequestKey> key;
  TraceContext trace;
};

/// Asks a course for itself, through the gate.
struct DescribeCourse {
  CallerId reader = 0;
};

/// The catalogue has journaled this course's registration.
struct AdoptCourse {
  Record registered;
  Ticket append = 0;
};

struct CallCourse {
  CourseRequest request;
  CallerId caller = 0;
};

/// Asks for an enrollment's position on the course's waitlist; the reply leaves through the gate.
struct DescribeWaitlistPosition {
  EnrollmentId enrollment;
  CallerId reader = 0;
};

/// The course continues with its pending work: its waitlist, and the enrollments of a cancelled course. Sent by
/// itself, by its alarm, and after a restart.
struct AdvanceCourse {
  /// Sent by the alarm of the closing, which is no longer set then.
  bool at_closing = false;
};

/// A cancelled course's enrollment is revoked, or has nothing to revoke.
struct EnrollmentRevoked {
  EnrollmentId enrollment;
  /// It can't be read: the course continues with the others, and this one stays pending.
  bool unreadable = false;
};

/// A charge that was requested when its enrollment was created, and is durable: its call leaves. The state and the
/// sequence spare the payment's actor a read of the journal.
struct PaymentOpened {
  Payment payment;
  Sequence sequence = 0;
  EnrollmentId enrollment;
  TraceContext trace;
};

/// Asks the course to append a payment's approval, the seats that it takes with it, and the enrollment's
/// confirmation as one. It replies to both owners of what it was handed.
struct SettleEnrollment {
  EnrollmentId enrollment;
  std::vector<Record> payment;
  std::vector<Record> confirmation;
  /// Under which the seats are taken.
  Causation seats;
  /// The saga ends with it.
  bool ends = true;
  TraceContext trace;
};
enum class SettlementOutcome : std::uint8_t {
  appended,
  /// Nothing was appended.
  undone,
  /// The course failed: only the journal shows what was appended.
  unknown,
};
struct Settled {
  SettlementOutcome outcome = SettlementOutcome::undone;
  /// All that was appended.
  std::vector<Record> records;
};

/// The gateway's answer, on its way to the payment.
struct GatewayAnswered {
  bool refund = false;
  /// Which of the payment's charges it is about.
  std::uint32_t charge = 0;
  /// Which of the payment's calls in this life of its actor.
  std::uint64_t call = 0;
  GatewayAnswer answer;
};

/// What the journal has of the aggregate, for the actor that wakes.
struct Woken {
  Recovered recovered;
};

}  // namespace sugang
