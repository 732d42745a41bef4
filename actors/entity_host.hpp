#pragma once

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/answers.hpp"
#include "actors/resident_actor.hpp"
#include "storage/codec.hpp"

namespace sugang {

/// An aggregate whose state is worth a snapshot.
template <class Aggregate>
concept KeepsSnapshots = requires(const Aggregate& state) {
  encode_snapshot(state);
};
inline void decode_snapshot(std::string_view bytes, Course& course) { course = decode_course(bytes); }
inline void decode_snapshot(std::string_view bytes, InstructorCalendar& calendar) {
  calendar = decode_calendar(bytes);
}
/// What many entries make large is written the more seldom.
inline std::uint64_t entries_of(const Course& course) {
  return course.claims.size() + course.waitlist.size() + course.released.size();
}
inline std::uint64_t entries_of(const InstructorCalendar& calendar) {
  return calendar.slots.size() + calendar.released.size();
}

/// Hosts any aggregate: wake from the journal → decide → append → evolve → answer. The rules are the aggregate's.
template <class Aggregate>
class EntityHost : public ResidentActor {
 public:
  using ResidentActor::ResidentActor;
  using Event = typename Aggregate::Event;
  using Error = typename Aggregate::Error;

 protected:
  /// What the records of one command share.
  struct Cause {
    Causation step;
    std::optional<EnrollmentId> enrollment;
    TraceContext trace;
  };

  caf::behavior make_behavior() override {
    return caf::message_handler{
        [this](Task<Aggregate>& task) {
          turn([this, task = std::move(task)](const Unreadable* fault) {
            if (fault) return refuse_unread(task, *fault);
            replied_if_faulted({task.step, task.enrollment, task.trace}, [&] { handle(task); });
          });
        },
        [this](Woken& woken) { awoke(woken.recovered.unreadable, [&] { load(woken.recovered); }); }}
        .or_else(handlers());
  }

  /// What this kind handles besides commands of a saga.
  virtual caf::message_handler handlers() { return {}; }
  /// The cause of one event among those of a command; it may concern another enrollment.
  virtual Cause cause_of(const Event&, const Cause& command) const { return command; }
  /// What else is to become durable with the state as it is now.
  virtual void add_pending(Append&) {}

  virtual void handle(const Task<Aggregate>& task) {
    auto decision = decide(state_, task.command, node_.timers.now());
    if (decision.error) return refuse(task.enrollment, task.step, *decision.error);
    StepReply reply{.step = task.step};
    reply.records = commit(std::move(decision.events), {task.step, task.enrollment, task.trace});
    reply_to(task.enrollment, std::move(reply));
  }

  /// Evolves the state and appends, behind what `append` has, what happened. Nothing happened: nothing is appended.
  /// Returns this aggregate's records, which have no positions yet.
  std::vector<Record> commit(std::vector<Event> events, const Cause& cause, Append append = {}) {
    if (events.empty() && append.records.empty() && !append.then) return {};
    const auto now = node_.timers.now();
    std::vector<Record> records;
    records.reserve(events.size());
    for (auto& event : events) {
      sugang::apply(state_, event);
      const auto of_event = cause_of(event, cause);
      records.push_back({.aggregate = resident_->id,
                         .sequence = ++sequence_,
                         .time = now,
                         .enrollment = of_event.enrollment,
                         .causation = of_event.step,
                         .trace = of_event.trace,
                         .event = std::move(event)});
    }
    append.records.insert(append.records.end(), records.begin(), records.end());
    publish(std::move(append));
    return records;
  }

  /// As commit, of decided records of several aggregates of one enrollment; this aggregate's get their sequence
  /// here.
  std::vector<Record> commit_jointly(std::vector<Record> records, const TraceContext& trace, Append append = {}) {
    const auto now = node_.timers.now();
    for (auto& record : records) {
      if (record.aggregate == resident_->id) {
        sugang::apply(state_, std::get<Event>(record.event));
        record.sequence = ++sequence_;
      }
      record.time = now;
      record.trace = trace;
    }
    append.records.insert(append.records.end(), records.begin(), records.end());
    publish(std::move(append));
    return records;
  }

  /// The saga of a command whose turn faults retries it: nothing else would ever answer it.
  template <class Work>
  void replied_if_faulted(const Cause& cause, Work work) {
    answered_if_faulted(std::move(work), [&](const std::exception& fault) {
      if (cause.enrollment)
        reply_to(*cause.enrollment, {.step = cause.step,
                                     .outcome = StepOutcome::unknown,
                                     .error = std::string{"the step faulted: "} + fault.what()});
    });
  }

  void refuse(EnrollmentId enrollment, Causation step, Error error) {
    reply_to(enrollment, {.step = step, .outcome = StepOutcome::refused, .refusal = error});
  }
  /// The saga retries, and is listed with the reason.
  void refuse_unread(const Task<Aggregate>& task, const Unreadable& fault) {
    reply_to(task.enrollment, {.step = task.step,
                               .outcome = StepOutcome::unknown,
                               .refusal = error_of(fault),
                               .error = to_text(resident_->id) + " can't be read: " + fault.why});
  }
  void reply_to(EnrollmentId enrollment, StepReply reply) { node_.directory.send(enrollment, std::move(reply)); }

  void wake() override {
    auto self = caf::actor_cast<caf::actor>(this);
    node_.journal.wake(resident_->id,
                       [self](Recovered recovered) { caf::anon_send(self, Woken{std::move(recovered)}); });
  }
  void forget_state() override {
    state_ = {};
    sequence_ = 0;
    snapshot_sequence_ = 0;
  }
  bool ready_to_unload() const override { return true; }
  bool exists() const final { return sequence_ > 0; }

  Aggregate state_;
  Sequence sequence_ = 0;

 private:
  void load(Recovered& recovered) {
    forget_state();
    if constexpr (KeepsSnapshots<Aggregate>)
      if (recovered.snapshot) {
        decode_snapshot(recovered.snapshot->bytes, state_);
        sequence_ = snapshot_sequence_ = recovered.snapshot->sequence;
      }
    for (const auto& record : recovered.tail) {
      sugang::apply(state_, std::get<Event>(record.event));
      sequence_ = record.sequence;
    }
  }

  void publish(Append append) {
    add_pending(append);
    if constexpr (KeepsSnapshots<Aggregate>) add_snapshot(append);
    give_ids(node_.ids, append.records);
    appended(node_.journal.append(std::move(append)));
  }

  void add_snapshot(Append& append) {
    // Half: a state that gains an entry with each event would never have as many events behind its last snapshot.
    const auto due = std::max<std::uint64_t>(node_.limits.snapshot_events_min, entries_of(state_) / 2);
    if (sequence_ - snapshot_sequence_ < due) return;
    append.snapshot = Snapshot{resident_->id, sequence_, encode_snapshot(state_)};
    snapshot_sequence_ = sequence_;
  }

  Sequence snapshot_sequence_ = 0;
};

}  // namespace sugang
