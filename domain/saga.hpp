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

/// Number of a waiting caller in its node's table of callers.
using CallerId = std::uint64_t;

/// How long a caller waits for the saga's end; none: the default.
using Wait = std::optional<Milliseconds>;

/// How a participant replies to a saga's command.
enum class StepOutcome : std::uint8_t {
  done,
  /// Refused for good.
  refused,
  /// No definitive outcome: the gateway gave none, the participant's turn failed, or its state can't be read (then
  /// `refusal` is set). The step is to be retried.
  unknown,
  /// Accepted; another reply follows.
  under_way,
  /// The intent is journaled, but no call may be made now. The saga repeats the command when calls may be made.
  held_back,
};

struct StepReply {
  Causation step;
  StepOutcome outcome = StepOutcome::done;
  std::optional<Refusal> refusal;
  /// Of a refused placement: what the refusal is about.
  std::optional<HoldRefusal> hold;
  /// The reason in words, of `unknown`, of a refusal by the gateway and of a dismissal from the waitlist.
  std::string error;
  /// What the participant appended for this enrollment.
  std::vector<Record> records;
  /// Of hold_seats: the position on the course's waitlist, if the enrollment is on it.
  std::optional<std::uint64_t> waitlist_position;
};

/// An operator's action on a saga, and the reason given.
struct Operation {
  OperatorAction action = OperatorAction::retry;
  std::string reason;
};

// What callers request of an enrollment.

/// Waits for the saga's end in place of an earlier request with the same key, which got no answer.
struct JoinSaga {};
struct CancelSaga {
  std::string reason;
};
/// Changes the number of seats of a confirmed booking of a performance.
struct ChangeSeats {
  std::uint32_t seats = 1;
  /// Versions of the enrollment that the change applies to (If-Match); empty: any.
  std::vector<std::uint64_t> expected_versions;
};
using SagaRequest = std::variant<PlaceEnrollment, JoinSaga, CancelSaga, StaffStep, Operation, ChangeSeats>;

// Commands of a saga.

/// The caller gets exactly one answer. A placement, a join, a cancel and a change are answered at the saga's end,
/// or when `wait` is over.
struct CallSaga {
  SagaRequest request;
  Wait wait;
  CallerId caller = 0;
};
/// The course is cancelled. It is answered by ReportRevoked.
struct RevokeSaga {
  CourseId course;
  std::string reason;
};
/// Continues where the timeline ends.
struct ResumeSaga {};
/// The alarm of ArmDeadline.
struct DeadlineOver {};
/// The alarm of ArmRetry. It carries the number of attempts, which is not in the journal, so that the number
/// survives an unload of the actor.
struct RetryStep {
  Causation command;
  std::uint32_t attempt = 0;
};
/// The alarm of ArmWait.
struct WaitOver {
  CallerId caller = 0;
};
/// The node drains: waiting callers get the current state.
struct AnswerWaiting {};

/// The payment's approval, decided but not appended. Where only the confirmation follows it, they are appended
/// together.
struct SettlePayment {
  std::vector<Record> payment;
};
/// The course's reply to SettleJointly: all records were appended, or none.
struct SettlementEnded {
  bool appended = false;
  std::vector<Record> records;
};

using SagaCommand = std::variant<CallSaga, RevokeSaga, ResumeSaga, DeadlineOver, RetryStep, WaitOver, AnswerWaiting,
                                 StepReply, SettlePayment, SettlementEnded>;

/// What a decision depends on besides the saga and the command.
struct SagaConditions {
  TimePoint now{};
  PaymentSide payments = PaymentSide::available;
  ComponentSet paused;
  /// After this many attempts without a definitive outcome a saga is listed as stuck; it is retried all the same.
  std::uint32_t stuck_attempts = 4;
  Milliseconds deferred_payment_deadline{};
  Milliseconds staff_deadline{};
  Milliseconds default_wait{};
};

/// The saga of one enrollment.
///
/// Its durable part is the fold of the enrollment's timeline: the saga's own events record where it waits, why it
/// turned back and how it ended; the participants' events record which steps are done. The rest is in memory only:
/// what is in flight, and which callers wait. Every command about an enrollment is decided here, one at a time, so
/// that no two of them conflict in a participant.
struct Saga {
  EnrollmentId id;
  EnrollmentSummary summary;
  Enrollment enrollment;
  Cursor cursor;
  /// The last sequence folded, of each aggregate on the timeline.
  std::vector<std::pair<AggregateId, Sequence>> folded;

  /// A command was sent, and its final reply has not arrived.
  bool running = false;
  bool retry_armed = false;
  /// Attempts at the command under the cursor, or at a move, without a definitive outcome.
  std::uint32_t attempts = 0;
  /// The charge waits for the payment side, and counts against the node's bound of such charges.
  bool deferred = false;
  std::optional<TimePoint> deadline_armed;
  std::optional<std::uint64_t> waitlist_position;

  /// A caller whose wait begins once its request is accepted.
  struct Requester {
    CallerId caller;
    Wait wait;
  };
  /// Of a placement that the course has not answered.
  std::optional<Requester> starting;
  /// Of a change whose seats are not held yet.
  std::optional<Requester> changing;
  /// Waits for the saga's end. `cancels`: its request is a cancel.
  struct Waiting {
    CallerId caller;
    bool cancels;
  };
  std::vector<Waiting> waiting;
  /// A staff member's step in flight. The caller is answered at the end of `answered_by`; that is a later step than
  /// `sent` when a calendar has to book first.
  struct Staff {
    CallerId caller;
    Causation sent;
    Causation answered_by;
  };
  std::optional<Staff> staff;
  /// Commands kept until the step in flight ends.
  std::vector<std::variant<CallSaga, RevokeSaga>> postponed;

  bool exists() const { return summary.state != EnrollmentState::none; }
  /// Nothing is in flight, and no caller waits.
  bool idle() const {
    return !running && !starting && !changing && waiting.empty() && !staff && postponed.empty() && !deferred &&
           !pending_move(summary);
  }
  Sequence sequence_of(const AggregateId& aggregate) const;
};

/// Folds one record of the timeline. A record that is folded already changes nothing.
void apply(Saga& saga, const Record& record);
/// The saga that the timeline describes. The waiting callers and postponed commands of `before` are kept.
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
/// Sends WaitOver{caller} once `after` has passed.
struct ArmWait {
  CallerId caller = 0;
  Milliseconds after{};
};
/// Sends DeadlineOver at `at`.
struct ArmDeadline {
  TimePoint at{};
};
/// Sends `retry` after a backoff, not later than `within`.
struct ArmRetry {
  RetryStep retry;
  std::optional<Milliseconds> within;
};
/// Lists the saga among those that are resumed when the payment side is available again, or removes it from them.
struct AwaitPayments {
  bool waits = true;
};
/// The cancelled course has nothing more to revoke for this enrollment.
struct ReportRevoked {
  CourseId course;
};
/// The course failed: only the journal shows whether it created the enrollment. The caller is dropped without an
/// answer.
struct Reload {
  CallerId caller = 0;
};
/// Sends the records of the payment, of the enrollment and of the saga to the course, which appends them together
/// with the taken seats. Other messages are kept until the course replies.
struct SettleJointly {
  std::vector<Record> payment;
  std::vector<Record> enrollment;
  /// The step under which the course takes the seats.
  Causation seats;
  /// The saga ends with this append.
  bool ends = true;
};
/// The payment appends its approval by itself.
struct SettleApart {};
using SagaEffect = std::variant<SettleJointly, SettleApart, SendPlacement, SendCommand, AnswerCaller, ArmWait,
                                ArmDeadline, ArmRetry, AwaitPayments, ReportRevoked, Reload>;

struct SagaDecision {
  Saga saga;
  /// Events of the saga and of the enrollment, for one append; `saga` has them folded already. Ids, traces and
  /// positions are not set.
  std::vector<Record> records;
  /// Set when the append changes it: whether the journal lists the saga as pending.
  std::optional<bool> pending;
  /// The caller whose keyed request is claimed in the same append.
  std::optional<CallerId> claimant;
  std::vector<SagaEffect> effects;
};

/// Unlike the other aggregates' `decide`, returns the next state too: a part of it is not in the journal.
SagaDecision decide(const Saga& saga, const SagaCommand& command, const SagaConditions& conditions);

}  // namespace sugang
