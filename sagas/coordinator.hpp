#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "actors/messages.hpp"
#include "actors/resident_actor.hpp"
#include "domain/saga.hpp"

namespace sugang {

struct TimelineRead {
  std::vector<Record> timeline;
  std::optional<Unreadable> unreadable = std::nullopt;
};

/// An enrollment's actor, and its saga's: it owns the sequences of both. It decides nothing: it appends the records
/// of the saga's decisions and carries out their effects.
class Coordinator final : public ResidentActor {
 public:
  Coordinator(caf::actor_config& config, Node& node, std::shared_ptr<Resident> resident);
  ~Coordinator() override { count_deferred(false); }

 private:
  struct Waiting {
    Caller caller;
    /// Cleared when answered: the alarm of a long wait finds it so.
    std::shared_ptr<std::atomic<bool>> open;
  };

  caf::behavior make_behavior() override;
  template <class Command>
  auto on_posted();
  void wake() override;
  void forget_state() override;
  void recover_from_fault() override;
  bool ready_to_unload() const override { return saga_.idle(); }
  void refuse_waiting(const Unreadable& fault) override;
  bool exists() const override { return saga_.exists(); }

  void serve(CallSaga call, const Unreadable* fault);
  void carry_out(const SagaCommand& command);
  void created_by(const StepReply& reply);
  void append(SagaDecision& decision);
  SagaConditions conditions() const;

  void perform(const SendPlacement& effect);
  void perform(SendCommand& effect);
  void perform(const AnswerCaller& effect);
  void perform(const ArmPatience& effect);
  void perform(const ArmDeadline& effect);
  void perform(const ArmRetry& effect);
  void perform(const AwaitPayments& effect);
  void perform(const ReportRevoked& effect);
  void perform(const ReadAgain& effect);
  void perform(SettleJointly& effect);
  void perform(const SettleApart& effect);
  template <class Aggregate>
  void send(const AggregateId& to, typename Aggregate::Command command, Causation step);

  /// The state comes from the journal again, and the saga continues from there.
  void read_again();
  void count_deferred(bool deferred);

  const EnrollmentId enrollment_;
  Saga saga_;
  TraceContext trace_;
  std::unordered_map<CallerId, Waiting> callers_;
  /// The node's count, which outlives the node.
  std::atomic<std::uint32_t>& deferred_payments_;
  bool counted_deferred_ = false;
};

}  // namespace sugang
