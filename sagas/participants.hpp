#pragma once

#include "actors/asker.hpp"
#include "actors/messages.hpp"
#include "actors/node.hpp"
#include "domain/timeline.hpp"
#include "sagas/advance.hpp"

namespace sugang {

/// Those who take part in one enrollment's saga: puts the saga's commands to them. What they have done comes back
/// to the coordinator as StepReply.
class Participants {
 public:
  Participants(Node& node, EnrollmentId enrollment) : node_(node), enrollment_(enrollment) {}

  /// The enrollment is new in this process: it and its payment have nothing in the journal but what came with their
  /// birth, and need not read it.
  void are_fresh() { fresh_ = true; }
  void may_have_lived() { fresh_ = false; }

  /// What holds for a step's call to the payment gateway.
  struct Calls {
    /// It may leave now.
    bool may_leave = true;
    /// An operator wants what was refused to be tried again.
    bool again = false;
  };

  /// A step that the saga takes, or undoes, by itself.
  void command(const Causation& step, const EnrollmentSummary& summary, Calls calls, const TraceContext& trace);
  /// A person's step. `step` is the one that it is told under.
  void take(const PersonStep& what, const Causation& step, const EnrollmentSummary& summary,
            const TraceContext& trace);
  /// What is left to do of a change of instructor or schedule.
  void go_on_with(MoveStep move, const EnrollmentSummary& summary, const TraceContext& trace);
  /// What an operator says has been settled outside.
  void settle(const Causation& step, const std::string& reason, const EnrollmentSummary& summary,
              const TraceContext& trace);

 private:
  template <class Aggregate>
  void send(const AggregateId& to, typename Aggregate::Command command, const Causation& step,
            const TraceContext& trace);
  void send_enrollment(EnrollmentCommand command, const Causation& step, const TraceContext& trace);
  void send_payment(PaymentCommand command, const Causation& step, const TraceContext& trace);

  Node& node_;
  const EnrollmentId enrollment_;
  bool fresh_ = false;
  /// Told once, with the first command: by the second the participant may have lived, written and left.
  bool enrollment_told_of_birth_ = false;
  bool payment_told_of_birth_ = false;
};

}  // namespace sugang
