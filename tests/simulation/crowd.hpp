#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/clients.hpp"

namespace sugang {

/// A seeded crowd on a node that is killed, starved of answers and loaded at the worst moments. Everything that
/// happens is drawn from one generator, so a seed replays exactly. What was answered is remembered outside and held
/// against the journal after each crash, and at the end.
class Crowd {
 public:
  explicit Crowd(std::uint64_t seed) : dice_(seed) {
    durables_.head = std::make_unique<MemoryHeadFile>(3, seed);
    start();
  }

  /// Plays `steps` random steps, then lets everything come to its end. The first fault found, if any.
  std::optional<std::string> play(std::size_t steps) {
    register_courses();
    for (std::size_t i = 0; i < steps; ++i) {
      step();
      if (life_ && life_->failure()) crash();
      if (!fault_) fault_ = clients_.fault();
      if (fault_) return fault_;
    }
    return come_to_rest();
  }

  /// Names of the events in the journal.
  const std::set<std::string>& happened() const { return happened_; }

 private:
  void start() {
    ActorLimits limits;
    limits.course_idle = Milliseconds{50};
    limits.snapshot_events_min = 8;
    limits.payment_deadline = Milliseconds{20'000};
    limits.deferred_payment_deadline = Milliseconds{60'000};
    limits.staff_deadline = Milliseconds{40'000};
    limits.waitlist_deadline = Milliseconds{200'000};
    limits.calendar_idle = Milliseconds{30};
    limits.deferred_payments_max = 3;
    limits.revoked_at_once = 2;
    limits.stuck_attempts = 3;
    // Down to one append a batch, so that a crash may come between any two; and pages, and starts, of all sizes.
    Journal::Limits disk;
    disk.append_batch_bytes_max = dice_.one_of<std::size_t>({1, 700, 4'000, 4 << 20});
    disk.page_bytes = dice_.one_of<std::size_t>({300, 8 << 10});
    disk.start_verify_bytes_max = dice_.one_of<std::uint64_t>({1, 64 << 20});
    life_ = std::make_unique<Life>(durables_, dice_(), limits, disk, Life::Reads::held);
    life_->resume_pending();
  }

  void crash() {
    while (!durables_.company.waiting().empty()) {
      // What was sent reached the company or not; no answer comes back.
      const bool declines = durables_.company.waiting().front().method == PaymentMethod::test_decline;
      durables_.company.leave_unknown(!declines && dice_.chance(50) ? ScriptedGateway::Moved::yes
                                                                    : ScriptedGateway::Moved::no);
    }
    life_.reset();
    MemoryFaults faults{.seed = dice_(), .tear = true};
    if (dice_.chance(30)) faults.failing_write = 1 + dice_.below(40);
    durables_.store = durables_.store->crash(faults);
    // The newest heads may be lost, or the next one written never.
    durables_.head = durables_.head->crash();
    if (dice_.chance(20)) durables_.head->fail_store(1 + dice_.below(40));
    try {
      start();
    } catch (const JournalDamaged& damaged) {
      fault_ = damaged.what();
    } catch (const StorageError&) {
      // A start writes too.
      return crash();
    }
    if (fault_) return;
    fault_ = clients_.check();
    clients_.come_back();
  }

  void register_courses() {
    life_->register_course("lecture-1", lecture(5));
    life_->register_course("lecture-free", lecture(4, 0));
    life_->register_course("lecture-line", with_waitlist(lecture(3)));
    life_->register_course("musical-1", performance(8));
    life_->register_course("musical-line", with_waitlist(performance(6)));
    life_->register_course("product-1", product(6));
    life_->register_course("training-1", with_waitlist(training(3)));
    life_->settle();
  }
  static std::vector<std::string> courses() {
    return {"lecture-1", "lecture-free", "lecture-line", "musical-1", "musical-line", "product-1", "training-1"};
  }

  void step() {
    switch (dice_.below(33)) {
      case 0:
        if (dice_.chance(5)) return set_clock();
        return clients_.place();
      case 1: return clients_.place();
      case 2: return clients_.cancel();
      case 3:
      case 4:
      case 5: life_->commit(); return;
      case 6:
      case 7: return company_answers();
      case 8:
        if (durables_.timers.has_alarm_within(std::chrono::minutes{5})) durables_.timers.sound_next();
        return;
      case 9:
        durables_.timers.advance(Milliseconds{static_cast<std::int64_t>(dice_.below(80))});
        return life_->sweep();
      case 10:
        if (dice_.chance(15)) crash();
        return;
      case 11:
      case 12: return clients_.take_person_step();
      case 13: return dice_.chance(30) ? clients_.operate() : pause_or_resume();
      case 14:
        if (dice_.chance(5)) return clients_.register_course();
        if (dice_.chance(40)) clients_.change_course();
        return;
      case 15: return clients_.repeat();
      case 16:
        // A fault in the turn that mints so many ids from now.
        if (dice_.chance(4)) return life_->ids().fault_after(dice_.below(20));
        return clients_.read();
      case 17:
      case 18:
      case 19: life_->run_one_read(dice_()); return;
      case 20: return clients_.change_seats();
      default: life_->run_one_turn(dice_());
    }
  }

  void pause_or_resume() {
    const auto component = dice_.one_of({Component::coaching, Component::delivery, Component::payments});
    const bool runs = !life_->components.runs(component);
    life_->components.set(component, runs);
    if (runs) life_->resume_pending();
  }

  /// The wall clock is set wrong by seconds or up to two years, or right again.
  void set_clock() {
    const auto by = dice_.one_of({std::chrono::seconds{0}, std::chrono::seconds{60},
                                  std::chrono::seconds{std::chrono::hours{3}},
                                  std::chrono::seconds{std::chrono::hours{24 * 730}}});
    set_clock_wrong_by(dice_.chance(50) ? by : -by);
  }
  void set_clock_wrong_by(Milliseconds by) {
    durables_.timers.set_clock(by - clock_wrong_by_);
    clock_wrong_by_ = by;
  }

  /// Sometimes also a charge that the test methods let pass, unless it has its outcome.
  bool is_declined(const ScriptedGateway::Call& call) {
    if (call.kind != ScriptedGateway::CallKind::charge) return false;
    return call.method == PaymentMethod::test_decline ||
           (dice_.chance(15) && !durables_.company.accounts().contains(call.key));
  }

  void company_answers() {
    auto waiting = durables_.company.waiting();
    if (waiting.empty()) return;
    const auto& call = dice_.one_of(waiting);
    const bool declines = is_declined(call);
    if (dice_.chance(15) && durables_.company.leave_unanswered(call.key)) return;
    if (dice_.chance(30))
      durables_.company.leave_unknown(
          !declines && dice_.chance(50) ? ScriptedGateway::Moved::yes : ScriptedGateway::Moved::no, call.key);
    else if (declines)
      durables_.company.decline("declined", call.key);
    else
      durables_.company.approve(call.key);
  }

  void run_everything() {
    life_->ids().fault_never();
    set_clock_wrong_by(Milliseconds{0});
    life_->payments_available = true;
    for (auto component : {Component::coaching, Component::delivery, Component::payments})
      life_->components.set(component, true);
    life_->resume_pending();
  }

  /// The payment side is up and the clock right: by the uptime, no saga waits for it much longer.
  std::optional<std::string> check_backlog() {
    life_->breaker().reset();
    for (int looks = 0; looks < 480 && life_->payment_backlog().size() > 0 && !life_->failure(); ++looks) {
      durables_.timers.advance(Milliseconds{250});
      life_->settle();
      while (!life_->failure() && !durables_.company.waiting().empty()) {
        company_decides();
        life_->settle();
      }
    }
    if (life_->failure() || life_->payment_backlog().size() == 0) return std::nullopt;
    return "sagas still wait for a payment side that is up";
  }

  std::optional<std::string> come_to_rest() {
    run_everything();
    if (auto fault = check_backlog()) return fault;
    for (int round = 0, quiet_rounds = 0; round < 20'000; ++round) {
      life_->settle();
      if (life_->failure()) {
        crash();
        if (fault_) return fault_;
        run_everything();
      } else if (!durables_.company.waiting().empty()) {
        company_decides();
      } else if (life_->journal().pending().empty()) {
        return check();
      } else if (!clients_.finish_person_steps() && durables_.timers.has_alarm()) {
        durables_.timers.sound_next();
      } else if (!durables_.timers.has_alarm() && ++quiet_rounds > 100) {
        break;  // The dice have had their chance to let the staff act.
      }
    }
    return describe_pending();
  }

  void company_decides() {
    const auto call = durables_.company.waiting().front();
    if (is_declined(call))
      durables_.company.decline("declined", call.key);
    else
      durables_.company.approve(call.key);
  }

  std::string describe_pending() {
    std::string text = "an action is pending and nothing will take it:";
    for (const auto& id : life_->journal().pending())
      for (const auto& record : id.kind == AggregateKind::saga ? life_->journal().timeline(EnrollmentId{id.uid})
                                                               : life_->journal().history(id))
        text += "\n  " + std::to_string(record.position) + " " + to_text(record.aggregate) + " " +
                std::string{event_name(record.event)};
    return text;
  }

  std::optional<std::string> check() {
    for (const auto& report : life_->reports)
      if (!report.ends_with("no more ids")) return "an actor faulted: " + report;
    if (auto fault = check_repeats()) return fault;
    if (auto fault = clients_.check()) return fault;
    Audit audit;
    if (auto fault = check_journal(audit)) return fault;
    const auto ids = clients_.enrollments();
    for (const auto& id : ids)
      if (auto fault = check_mileage(*life_, id)) return fault;
    for (const auto& course : courses())
      if (auto fault = check_course(*life_, course, ids)) return fault;
    if (auto fault = check_notifications(*life_)) return fault;
    return check_ledger(*life_, durables_.company, audit, ids);
  }

  /// Who repeats an answered request gets the answer, and nothing else happens.
  std::optional<std::string> check_repeats() {
    const auto before = life_->journal().durable_position();
    clients_.repeat_answered();
    life_->settle();
    if (life_->journal().durable_position() != before) return "a repeat of an answered request was journaled";
    return std::nullopt;
  }

  std::optional<std::string> check_journal(Audit& audit) {
    std::map<std::string, int> operations;
    for (Position after = 0;;) {
      auto records = life_->journal().read(after, 100);
      if (records.empty()) break;
      for (const auto& record : records) {
        happened_.insert(std::string{event_name(record.event)});
        if (auto broken = audit.see(record)) return broken;
        const auto* saga = std::get_if<SagaEvent>(&record.event);
        const auto* operated = saga ? std::get_if<SagaOperated>(saga) : nullptr;
        if (operated && ++operations[operated->reason] > 1) return operated->reason + " was operated twice";
      }
      after = records.back().position;
    }
    for (const auto& reason : clients_.operated())
      if (operations[reason] == 0) return reason + " was answered, and is not in the journal";
    if (audit.running_sagas() != 0) return "a saga runs that the journal does not list";
    life_->journal().verify();
    return std::nullopt;
  }

  Dice dice_;
  Durables durables_;
  std::unique_ptr<Life> life_;
  Clients clients_{dice_, durables_, life_, courses()};
  Milliseconds clock_wrong_by_{0};
  std::set<std::string> happened_;
  std::optional<std::string> fault_;
};

}  // namespace sugang
