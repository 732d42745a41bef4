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

/// The journal's answer to a coordinator that loads.
struct TimelineRead {
  std::vector<Record> timeline;
  std::optional<Unreadable> unreadable = std::nullopt;
};

/// The actor of an enrollment and of its saga; it owns the sequences of both. It decides nothing: it appends the
/// records of the saga's decisions and carries out their effects.
class Coordinator final : public ResidentActor {
 public:
  Coordinator(caf::actor_config& config, Node& node, std::shared_ptr<Resident> resident);
  ~Coordinator() override { count_deferred(false); }

 private:
  struct WaitingCaller {
    Caller caller;
    /// Set with the alarm of the caller's wait, which does nothing once this is false.
    std::shared_ptr<std::atomic<bool>> unanswered;
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

  /// The course has not replied to the placement.
  bool places() const { return saga_.starting && !saga_.exists(); }
  void serve(CallSaga call, const Unreadable* fault);
  void carry_out(const SagaCommand& command);
  void on_creation(const StepReply& reply);
  void append(SagaDecision& decision);
  SagaConditions conditions() const;

  void perform(const SendPlacement& effect);
  void perform(SendCommand& effect);
  void perform(const AnswerCaller& effect);
  void perform(const ArmWait& effect);
  void perform(const ArmDeadline& effect);
  void perform(const ArmRetry& effect);
  void perform(const AwaitPayments& effect);
  void perform(const ReportRevoked& effect);
  void perform(const Reload& effect);
  void perform(SettleJointly& effect);
  void perform(const SettleApart& effect);
  template <class Aggregate>
  void send(const AggregateId& to, typename Aggregate::Command command, Causation step);

  /// Reads the state from the journal, and resumes the saga.
  void reload_and_resume();
  void count_deferred(bool deferred);

  const EnrollmentId enrollment_;
  Saga saga_;
  TraceContext trace_;
  std::unordered_map<CallerId, WaitingCaller> callers_;
  /// What Node::deferred_payments refers to: it outlives the node, and so it may be used in the destructor.
  std::atomic<std::uint32_t>& deferred_payments_;
  bool counted_deferred_ = false;
};

}  // namespace sugang
