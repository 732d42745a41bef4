#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actors/asker.hpp"
#include "domain/outcome.hpp"
#include "gateway/payment_gateway.hpp"
#include "storage/journal.hpp"

// What actors tell each other. An actor is named by its aggregate's id, never by a handle: whoever is asleep is
// woken, and a message may one day cross to another node.

namespace sugang {

/// How a participant answers a saga's command.
enum class StepOutcome : std::uint8_t {
  done,
  /// Refused for good; the state says why.
  refused,
  /// The outside gave no definitive word, or the participant can't be read (`refusal` says so): to be retried.
  unknown,
  /// Taken up; another answer follows.
  under_way,
  /// Its intent is durable; its outside call waits until calls may leave again, and then the command.
  held_back,
};

struct StepReply {
  Causation step;
  StepOutcome outcome = StepOutcome::done;
  std::optional<Refusal> refusal;
  /// Of a hold that is refused for what the student has already.
  std::optional<HoldRefusal> hold;
  /// For `unknown` and for a refused outside call: what was said.
  std::string error;
  /// What the participant journaled, yet without positions: the coordinator folds it into its timeline.
  std::vector<Record> records;
  /// For hold_seats: place in the course's line, when the enrollment waits in it.
  std::optional<std::uint64_t> waitlist_position;
};

/// A saga's command to a participant.
template <class Aggregate>
struct Task {
  typename Aggregate::Command command;
  Causation step;
  EnrollmentId enrollment;
  TraceContext trace;

  /// Set by the coordinator that has seen, or is, the participant's birth: it need not be read from the journal.
  struct Birth {
    Aggregate state;
    Sequence sequence = 0;
  };
  std::optional<Birth> birth;
};

/// Holds seats and, in the same append, gives birth to the enrollment and its saga. A refusal writes nothing.
struct BeginEnrollment {
  CourseId course;
  HoldSeats hold;
  PaymentMethod method = PaymentMethod::test_approve;
  std::optional<RequestKey> key;
  TraceContext trace;
};

/// Asks a course for itself, through the gate.
struct DescribeCourse {
  std::function<void(std::optional<CourseSnapshot>, Position)> done;
  /// Instead of `done`, here and below: the course can't be read.
  std::function<void(ServiceError)> failed = {};
};

/// The catalogue has journaled this course's registration.
struct AdoptCourse {
  Record registered;
  Ticket append = 0;
};

struct ReviseCourseTask {
  ReviseCourse command;
  Asker asker;
};

struct CancelCourseTask {
  std::string reason;
  Asker asker;
};

/// Where an enrollment stands in the course's line, through the gate.
struct FindInLine {
  EnrollmentId enrollment;
  std::function<void(std::optional<std::uint64_t>)> done;
  std::function<void(ServiceError)> failed = {};
};

/// The course goes on with what it owes: its line, and the enrollments of a cancelled course. Sent by itself, by
/// its alarm, and after a restart.
struct TendCourse {
  /// Sent by the alarm of the closing, which is no longer set then.
  bool at_closing = false;
};

/// A cancelled course takes an enrollment back.
struct RevokeEnrollment {
  CourseId course;
  std::string reason;
};

/// A cancelled course's enrollment has been turned round, or has nothing to turn.
struct EnrollmentRevoked {
  EnrollmentId enrollment;
  /// It can't be read: the course goes on with the others and still owes this one.
  bool unreadable = false;
};

/// The gateway's answer, on its way to the payment.
struct GatewayAnswered {
  bool refund = false;
  /// Which of the payment's calls in this life of its actor.
  std::uint64_t call = 0;
  GatewayAnswer answer;
};

/// The journal's word, on its way to the actor that wakes.
struct Woken {
  Recovered recovered;
};

}  // namespace sugang
