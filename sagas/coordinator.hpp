#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/messages.hpp"
#include "actors/resident_actor.hpp"
#include "sagas/advance.hpp"
#include "sagas/participants.hpp"

namespace sugang {

// What the outside says to a coordinator.

struct StartEnrollment {
  PlaceEnrollment command;
  Wait wait;
  Asker asker;
};
/// Waits for the end of a saga that goes on from before a crash.
struct JoinEnrollment {
  Wait wait;
  Asker asker;
};
struct CancelRequest {
  std::string reason;
  Wait wait;
  Asker asker;
};
/// A person's step in the saga: a manager's, an instructor's, a courier's.
struct TakePersonStep {
  PersonStep step;
  Asker asker;
};
struct OperateSaga {
  Operation operation;
  Asker asker;
};
/// After a restart, and when a component runs again: go on where the timeline stops.
struct ResumeSaga {};
/// The deadline of a step that is waited for has come.
struct DeadlineOver {};
/// It carries the attempts that the journal does not have, past the time that the coordinator is unloaded.
struct RetryStep {
  Causation command;
  std::uint32_t attempt = 0;
};
struct WaitOver {
  std::uint64_t waiter = 0;
};
/// The node drains: callers that wait get what is known now.
struct AnswerWaiting {};
struct TimelineRead {
  std::vector<Record> timeline;
  std::optional<Unreadable> unreadable = std::nullopt;
};

}  // namespace sugang

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::StartEnrollment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::JoinEnrollment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::CancelRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::TakePersonStep)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::OperateSaga)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ResumeSaga)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::DeadlineOver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::RetryStep)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::WaitOver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::AnswerWaiting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::TimelineRead)

namespace sugang {

/// Carries one enrollment through its steps, and back. It keeps the fold of the enrollment's timeline: its own few
/// records tell where it turned and how it ended, the participants' records tell which steps are done. What comes
/// next is advance()'s to say; here it is only sent, waited for and sent again.
///
/// Whoever wants something of the enrollment (a cancel, a person's step, an operator) comes through here, so that
/// no two of them meet in a participant.
class Coordinator final : public ResidentActor {
 public:
  Coordinator(caf::actor_config& config, Node& node, std::shared_ptr<Resident> resident);

 private:
  /// A caller who waits for the end: of the enrollment's placing, or of its cancel.
  struct Waiting {
    std::uint64_t number = 0;
    bool cancels = false;
    Asker asker;
    /// Cleared when answered: the alarm of a long wait finds nobody.
    std::shared_ptr<std::atomic<bool>> open;
  };
  /// One charge among those that wait for the payment side to come back.
  class Deferred {
   public:
    explicit Deferred(std::atomic<std::uint32_t>& count) : count_(count) { ++count_; }
    ~Deferred() { --count_; }
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;

   private:
    std::atomic<std::uint32_t>& count_;
  };

  caf::behavior make_behavior() override;
  void wake() override;
  void forget_state() override;
  void recover_from_fault() override;
  bool ready_to_leave() const override;
  void refuse_waiting(const Unreadable& fault) override;
  bool exists() const override { return summary_.state != EnrollmentState::none; }
  void load(const std::vector<Record>& timeline);

  void start(StartEnrollment& start);
  void join(JoinEnrollment& join);
  void cancel(CancelRequest& cancel);
  void revoke(const RevokeEnrollment& revoke);
  void leave_revocation(const RevokeEnrollment& revoke);
  /// What a cancel may do now.
  Cancel cancel_now() const;
  void take_person_step(TakePersonStep& step);
  void operate(OperateSaga& operation);
  void resume();
  void retry(const RetryStep& retry);
  void hear(const StepReply& reply);
  void hear_birth(const StepReply& reply);
  void hear_person(const StepReply& reply);
  void wait_over(std::uint64_t number);
  void deadline_over();

  void run();
  void move(StepEnd end, const StepReply& reply);
  void retry_later(const Causation& command, const std::string& error);
  /// The next command of a move has failed, or has changed nothing.
  void retry_move(const StepReply& reply);
  void arm_retry(const Causation& command);
  void turn_back(TurnCause cause, std::string reason, Asker* claimant = nullptr);
  void finish();
  void get_stuck(const Causation& command, const std::string& error);

  /// Calls to the payment gateway may leave now.
  bool may_call() const;
  bool waits_for_component(const Causation& command) const;
  void wait_for_component(const Causation& command);
  void wait_for_payments(const Causation& command);
  void wait_for_person(const TableStep& step);
  /// The next command of a change of instructor or schedule, if one is not finished.
  void go_on_with_move();
  /// As soon as no money can stay, whatever the gateway answers and whenever.
  void mark_expired_before_money_moves();
  /// An alarm for the summary's deadline, unless this life has set it.
  void arm_deadline();
  void let_deadline_pass(const TableStep& step);
  TimePoint deadline_of(Step step) const;
  std::optional<Refusal> refusal_of(const PersonStep& step) const;
  std::optional<SagaError> refusal_of(OperatorAction action) const;
  /// What had to wait for the step, or the person, that has just ended. Behind a step that is to be retried,
  /// callers are refused with `why` instead.
  void serve_postponed(const Refusal& why = ServiceError::read_failed);

  void append(SagaEvent event, std::optional<bool> owes = std::nullopt, Asker* claimant = nullptr);
  void fold(const std::vector<Record>& records);
  void add_waiting(Asker asker, bool cancels, Wait wait);
  void answer_waiting(bool under_way);
  void answer_one(Waiting& waiting, bool under_way);
  void answer_refused(Asker asker, const Refusal& refusal);
  void answer_as_it_stands(Asker asker);
  Outcome outcome_for(const Waiting& waiting, bool under_way) const;

  const EnrollmentId enrollment_;
  Participants participants_;
  EnrollmentSummary summary_;
  Sequence sequence_ = 0;
  Cursor cursor_;
  /// The last event of each participant in the summary: what it reports again is recognised by its sequence.
  std::map<AggregateId, Sequence> folded_;
  TraceContext trace_;
  /// A command is out and its answer to come.
  bool running_ = false;
  bool retry_armed_ = false;
  /// An operator's retry calls the gateway even while it counts as down.
  bool operator_retries_ = false;
  std::optional<TimePoint> deadline_armed_;
  std::uint32_t attempts_ = 0;
  std::optional<Deferred> deferred_;
  std::optional<std::uint64_t> waitlist_position_;
  std::optional<StartEnrollment> starting_;
  std::vector<Waiting> waiting_;
  std::vector<CancelRequest> cancels_;
  std::vector<RevokeEnrollment> revocations_;
  /// The person whose step is out, and the step whose end answers her.
  struct Person {
    Asker asker;
    Causation sent;
    Causation answered_by;
  };
  std::optional<Person> person_;
  std::vector<TakePersonStep> persons_;
  std::uint64_t next_waiter_ = 0;
};

}  // namespace sugang
