#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "domain/outcome.hpp"
#include "domain/saga_steps.hpp"

namespace sugang {

/// Names a caller that waits for an answer, in the table of the node that has the caller.
using CallerId = std::uint64_t;

/// How long a caller waits for a saga's end. None given: the default.
using Wait = std::optional<Milliseconds>;

/// How a participant replies to a saga's command.
enum class StepOutcome : std::uint8_t {
  done,
  /// Refused for good; the state has the reason.
  refused,
  /// The outside gave no definitive answer, or the participant can't be read (then `refusal` is set): to be
  /// retried.
  unknown,
  /// Accepted; another reply follows.
  under_way,
  /// Its intent is durable; its outside call waits until calls may be made again, and then the command.
  held_back,
};

struct StepReply {
  Causation step;
  StepOutcome outcome = StepOutcome::done;
  std::optional<Refusal> refusal;
  /// Of a hold that is refused because of other enrollments of the student.
  std::optional<HoldRefusal> hold;
  /// Of `unknown`, and of a refused outside call: the reason.
  std::string error;
  /// What the participant appended.
  std::vector<Record> records;
  /// Of hold_seats: the position on the course's waitlist, when the enrollment is on it.
  std::optional<std::uint64_t> waitlist_position;
};

/// What an operator does with a saga, and why.
struct Operation {
  OperatorAction action = OperatorAction::retry;
  std::string reason;
};

// What callers request of an enrollment.

/// Waits for the end of a saga that continues from before a crash.
struct JoinSaga {};
struct CancelSaga {
  std::string reason;
};
/// Gives a confirmed booking of a performance another number of seats.
struct ChangeSeats {
  std::uint32_t seats = 1;
  /// Of the enrollment, any of them (If-Match); none given: whichever it has.
  std::vector<std::uint64_t> expected_versions;
};
using SagaRequest = std::variant<PlaceEnrollment, JoinSaga, CancelSaga, StaffStep, Operation, ChangeSeats>;

// Commands of a saga.

/// The caller gets one answer: of a placement, a join, a cancel and a change at the saga's end, `wait` permitting.
struct CallSaga {
  SagaRequest request;
  Wait wait;
  CallerId caller = 0;
};
/// The course is cancelled; it waits for an EnrollmentRevoked.
struct RevokeSaga {
  CourseId course;
  std::string reason;
};
/// Continue where the timeline ends: after a restart, and when a component runs again.
struct ResumeSaga {};
/// The deadline's alarm.
struct DeadlineOver {};
/// The alarm of a retry. It carries the attempts, which the journal does not have, past an unloading.
struct RetryStep {
  Causation command;
  std::uint32_t attempt = 0;
};
/// The alarm of a caller's wait.
struct WaitOver {
  CallerId caller = 0;
};
/// The node drains: callers that wait get what is known now.
struct AnswerWaiting {};

/// The payment's approval, decided and not appended: it is appended with what follows from it where nothing but the
/// confirmation does.
struct SettlePayment {
  std::vector<Record> payment;
};
/// The course's reply to a joint settlement: all of it was appended, or nothing.
struct SettlementEnded {
  bool appended = false;
  std::vector<Record> records;
};

using SagaCommand = std::variant<CallSaga, RevokeSaga, ResumeSaga, DeadlineOver, RetryStep, WaitOver, AnswerWaiting,
                                 StepReply, SettlePayment, SettlementEnded>;

/// What the world around a saga is like at a decision.
struct SagaConditions {
  TimePoint now{};
  PaymentSide payments = PaymentSide::available;
  ComponentSet paused;
  /// After so many attempts without a definitive answer a saga is listed as stuck, and retried all the same.
  std::uint32_t stuck_attempts = 4;
  Milliseconds deferred_payment_deadline{};
  Milliseconds staff_deadline{};
  Milliseconds default_wait{};
};

/// Carries one enrollment through its steps, and back.
///
/// The durable part is the fold of the enrollment's timeline: the saga's own few events record where it turned back
/// and how it ended, the participants' events which steps are done. The rest is of this life in memory alone: what
/// is in flight, and which callers wait. Every command about an enrollment is decided here, so that no two of them
/// meet in a participant.
struct Saga {
  EnrollmentId id;
  EnrollmentSummary summary;
  Enrollment enrollment;
  Cursor cursor;
  /// The newest event folded, of each aggregate that takes part.
  std::vector<std::pair<AggregateId, Sequence>> folded;

  /// A command is out and its reply to come.
  bool running = false;
  bool retry_armed = false;
  std::uint32_t attempts = 0;
  /// The charge is among those that wait for the payment side.
  bool deferred = false;
  std::optional<TimePoint> deadline_armed;
  std::optional<std::uint64_t> waitlist_position;

  struct Starting {
    CallerId caller;
    Wait wait;
  };
  std::optional<Starting> starting;
  /// Waits for the seats of a change to be held, and then, `wait` permitting, for the change's end.
  std::optional<Starting> changing;
  /// Waits for the end: of the enrollment's placement, or of its cancel.
  struct Waiting {
    CallerId caller;
    bool cancels;
  };
  std::vector<Waiting> waiting;
  /// The staff member's step that is out, and the step whose end is its answer.
  struct Staff {
    CallerId caller;
    Causation sent;
    Causation answered_by;
  };
  std::optional<Staff> staff;
  /// What has to wait for the step that is out.
  std::vector<std::variant<CallSaga, RevokeSaga>> postponed;

  bool exists() const { return summary.state != EnrollmentState::none; }
  /// Nothing is in flight, and no caller waits.
  bool idle() const {
    return !running && !starting && !changing && waiting.empty() && !staff && postponed.empty() && !deferred &&
           !pending_move(summary);
  }
  Sequence sequence_of(const AggregateId& aggregate) const;
};

/// Folds one record of the timeline; one that is folded already changes nothing.
void apply(Saga& saga, const Record& record);
/// The saga as its timeline has it. The callers that wait in `before`, an earlier life, keep waiting.
Saga load(EnrollmentId id, const std::vector<Record>& timeline, Saga before = {});

// Effects of a decision, carried out in order once its records are appended.

struct SendPlacement {
  PlaceEnrollment placement;
  PaymentSide payments = PaymentSide::available;
};
struct SendCommand {
  ParticipantCommand command;
};
struct AnswerCaller {
  CallerId caller = 0;
  Outcome outcome;
};
/// WaitOver{caller} after so long.
struct ArmPatience {
  CallerId caller = 0;
  Milliseconds after{};
};
/// DeadlineOver at `at`.
struct ArmDeadline {
  TimePoint at{};
};
/// RetryStep after a backoff, at most `within`.
struct ArmRetry {
  RetryStep retry;
  std::optional<Milliseconds> within;
};
/// The saga is resumed when the payment side is available again; or has to be no more.
struct AwaitPayments {
  bool waits = true;
};
/// The course has nothing more to do for this enrollment.
struct ReportRevoked {
  CourseId course;
};
/// The course failed: only the journal shows whether it created the enrollment. The caller is dropped.
struct ReadAgain {
  CallerId caller = 0;
};
/// Asks the course to append the payment's records, the seats taken, and what the enrollment and its saga have
/// decided. Whatever else comes is kept until the course replies.
struct SettleJointly {
  std::vector<Record> payment;
  std::vector<Record> enrollment;
  /// Under which the course takes the seats.
  Causation seats;
  /// The saga has ended with it.
  bool ends = true;
};
/// The payment is to append its approval by itself.
struct SettleApart {};
using SagaEffect = std::variant<SettleJointly, SettleApart, SendPlacement, SendCommand, AnswerCaller, ArmPatience,
                                ArmDeadline, ArmRetry, AwaitPayments, ReportRevoked, ReadAgain>;

struct SagaDecision {
  Saga saga;
  /// One append, of the saga's and the enrollment's events, folded into `saga` already. Without id, trace and
  /// position.
  std::vector<Record> records;
  /// Set: from this append on the saga is pending, or no more.
  std::optional<bool> pending;
  /// The caller whose request the records take up.
  std::optional<CallerId> claimant;
  std::vector<SagaEffect> effects;
};

/// Unlike other aggregates' it returns the next state too: part of that is not in the journal.
SagaDecision decide(const Saga& saga, const SagaCommand& command, const SagaConditions& conditions);

}  // namespace sugang
