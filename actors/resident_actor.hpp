#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "actors/directory.hpp"
#include "actors/node.hpp"

namespace sugang {

/// An aggregate's actor as far as it does not matter which: it wakes from the journal before its first turn, keeps
/// what comes meanwhile, survives a fault by loading again, and reports after each turn whether it may be unloaded.
class ResidentActor : public caf::event_based_actor {
 public:
  ResidentActor(caf::actor_config& config, Node& node, std::shared_ptr<Resident> resident)
      : caf::event_based_actor(config), node_(node), resident_(std::move(resident)) {}

 protected:
  /// Called when the state must come from the journal; ends with `awoke`.
  virtual void wake() = 0;
  /// Whether it waits for nothing and has nothing to do.
  virtual bool ready_to_unload() const = 0;
  /// Whether there is an aggregate, worth its stay in memory: false for an id that nothing was ever appended to.
  virtual bool exists() const = 0;
  /// After a fault: the state in memory is not to be trusted.
  virtual void forget_state() = 0;
  /// After a fault, with the state forgotten: what only this actor would do by itself is arranged anew.
  virtual void recover_from_fault() {}
  /// The state can't be read: answers those that an earlier turn left waiting.
  virtual void refuse_waiting(const Unreadable&) {}

  /// One message worked off: at once, or when awake. Work that takes a `const Unreadable*` is given nothing then,
  /// and the reason when the state can't be read, to answer its sender with; other work is dropped in that case.
  template <class Work>
  void turn(Work work) {
    if (life_ == Life::awake && kept_.empty() && !holds_) {
      auto now = [&work] { work_off(work, nullptr); };
      guarded(now);
    } else {
      kept_.emplace_back([work = std::move(work)](const Unreadable* fault) mutable { work_off(work, fault); });
      if (life_ == Life::asleep) start_waking();
    }
    end_turn(true);
  }
  /// The aggregate is new, and its state known without the journal: it needs no load, and appends once its sequence
  /// is checked. False when it is loaded, or about to be.
  bool created() {
    if (life_ != Life::asleep) return false;
    life_ = Life::awake;
    return true;
  }
  /// From here on the journal checks this actor's appends, which follow on `last`.
  void check_sequences(const AggregateId& id, Sequence last) {
    resident_->checked.store(true, std::memory_order_relaxed);
    node_.journal.wake_new(id, last);
  }
  /// The state has been read; what came meanwhile is worked off.
  template <class Load>
  void awoke(const std::optional<Unreadable>& fault, Load load) {
    if (fault) return remain_unread(*fault);
    // Read again at once, it would fail again at once.
    if (!survive(load)) return remain_unread({"what was read can't be folded", false});
    life_ = Life::awake;
    work_off_kept();
    end_turn(false);
  }
  /// What comes from now on is kept until `release`.
  void hold() { holds_ = true; }
  /// Works off the message that was waited for, and then what was kept.
  template <class Work>
  void release(Work work) {
    if (!std::exchange(holds_, false)) return end_turn(true);
    auto now = [&work] { work(); };
    guarded(now);
    work_off_kept();
    end_turn(true);
  }
  /// The state in memory is not to be trusted: it comes from the journal again, behind all that was appended.
  void reload() {
    forget_state();
    start_waking();
  }

  /// Runs `work`, which is to have an answer in any case: `answer_fault` gives it before an exception goes on.
  template <class Work, class AnswerFault>
  static void answered_if_faulted(Work work, AnswerFault answer_fault) {
    try {
      work();
    } catch (const std::exception& fault) {
      answer_fault(fault);
      throw;
    }
  }

  void appended(Ticket ticket) { resident_->last_append.store(ticket, std::memory_order_release); }

  Node& node_;
  std::shared_ptr<Resident> resident_;

 private:
  enum class Life : std::uint8_t { asleep, waking, awake };

  template <class Work>
  static void work_off(Work& work, const Unreadable* fault) {
    if constexpr (std::is_invocable_v<Work&, const Unreadable*>) {
      work(fault);
    } else {
      if (fault == nullptr) work();
    }
  }

  void work_off_kept() {
    while (life_ == Life::awake && !holds_ && !kept_.empty()) {
      auto work = std::move(kept_.front());
      kept_.pop_front();
      auto now = [&work] { work(nullptr); };
      guarded(now);
    }
  }

  /// No caller waits for a state that can't be read. The next message finds out whether it still can't.
  void remain_unread(const Unreadable& fault) {
    life_ = Life::asleep;
    forget_state();
    survive([&] { refuse_waiting(fault); });
    for (auto& work : std::exchange(kept_, {})) survive([&] { work(&fault); });
    end_turn(false);
  }

  void start_waking() {
    life_ = Life::waking;
    resident_->checked.store(true, std::memory_order_relaxed);
    wake();
  }

  /// An exception that escapes a handler would kill the actor; its half-done turn is forgotten instead.
  template <class Work>
  bool guarded(Work& work) {
    if (survive(work)) return true;
    reload();
    recover_from_fault();
    return false;
  }

  template <class Work>
  bool survive(Work&& work) {
    try {
      work();
      return true;
    } catch (const std::exception& fault) {
      node_.report(to_text(resident_->id) + ": " + fault.what());
      return false;
    }
  }

  void end_turn(bool counted) {
    // Asleep at the end of a turn: the state can't be read, and nothing waits for it.
    const bool ready =
        kept_.empty() && (life_ == Life::asleep || (life_ == Life::awake && !holds_ && ready_to_unload()));
    const auto uptime = resident_->stay > Milliseconds{0} ? node_.timers.uptime() : Milliseconds{0};
    resident_->stays.store(exists(), std::memory_order_relaxed);
    node_.directory.end_turn(resident_, ready, counted, uptime);
  }

  Life life_ = Life::asleep;
  bool holds_ = false;
  std::deque<std::function<void(const Unreadable*)>> kept_;
};

}  // namespace sugang
