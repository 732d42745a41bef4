#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/messages.hpp"
#include "actors/resident_actor.hpp"
#include "sagas/advance.hpp"

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
/// After a restart: go on where the timeline stops.
struct ResumeSaga {};
struct RetryStep {
  std::uint32_t attempt = 0;
};
struct WaitOver {
  std::uint64_t waiter = 0;
};
struct TimelineRead {
  std::vector<Record> timeline;
};

}  // namespace sugang

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::StartEnrollment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::JoinEnrollment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::CancelRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::ResumeSaga)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::RetryStep)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::WaitOver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::TimelineRead)

namespace sugang {

/// Carries one enrollment through its steps, and back. It keeps the fold of the enrollment's timeline: its own few
/// records tell where it turned and how it ended, the participants' records tell which steps are done. What comes
/// next is advance()'s to say; here it is only sent, waited for and sent again.
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

  caf::behavior make_behavior() override;
  void wake() override;
  void forget_state() override;
  bool ready_to_leave() const override;
  void load(const std::vector<Record>& timeline);

  void start(StartEnrollment& start);
  void join(JoinEnrollment& join);
  void cancel(CancelRequest& cancel);
  void resume();
  void hear(const StepReply& reply);
  void hear_birth(const StepReply& reply);
  void wait_over(std::uint64_t number);

  void run();
  void dispatch(const Causation& command);
  void move(StepEnd end, const StepReply& reply);
  void retry_later(const Causation& command, const std::string& error);
  void turn_back(TurnCause cause, std::string reason, Asker* claimant = nullptr);
  void finish();
  void get_stuck(const Causation& command, const StepReply& reply);

  void append(SagaEvent event, std::optional<Owed> owed = std::nullopt, Asker* claimant = nullptr);
  void fold(const std::vector<Record>& records);
  void add_waiting(Asker asker, bool cancels, Wait wait);
  void answer_waiting(bool under_way);
  void answer_one(Waiting& waiting, bool under_way);
  Outcome outcome_for(const Waiting& waiting, bool under_way) const;
  template <class Aggregate>
  Task<Aggregate> task(typename Aggregate::Command command, const Causation& step) const;

  const EnrollmentId enrollment_;
  EnrollmentSummary summary_;
  Sequence sequence_ = 0;
  Cursor cursor_;
  /// The journal was read up to here: what participants tell of it again is known.
  Position read_up_to_ = 0;
  TraceContext trace_;
  /// Its participants were born with it, in this process, and have nothing in the journal that it does not know.
  bool fresh_ = false;
  /// Told once, with the first command: by the second the participant may have lived, written and left.
  bool enrollment_told_of_birth_ = false;
  bool payment_told_of_birth_ = false;
  bool may_defer_ = false;
  /// A command is out and its answer to come.
  bool running_ = false;
  bool retry_armed_ = false;
  std::uint32_t attempts_ = 0;
  std::optional<StartEnrollment> starting_;
  std::vector<Waiting> waiting_;
  std::vector<CancelRequest> cancels_;
  std::uint64_t next_waiter_ = 0;
};

}  // namespace sugang
