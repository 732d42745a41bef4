#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "domain/audit.hpp"
#include "tests/simulation/world.hpp"

namespace sugang {

/// A seeded crowd on a node that is killed, starved of answers and woken at the worst moments. Everything that
/// happens is drawn from one generator, so a seed replays exactly. What was answered is remembered outside and held
/// against the journal.
class Crowd {
 public:
  explicit Crowd(std::uint64_t seed) : random_(seed) { restart(); }

  /// Plays `steps` random steps, then lets everything come to its end. The first fault found, if any.
  std::optional<std::string> play(std::size_t steps) {
    register_courses();
    for (std::size_t i = 0; i < steps; ++i) {
      step();
      if (life_->failure()) crash();
      if (!fault_.empty()) return fault_;
    }
    return come_to_rest();
  }

 private:
  struct Told {
    EnrollmentState state = EnrollmentState::none;
    bool under_way = false;
  };
  struct Client {
    EnrollmentId id;
    bool refused = false;
    std::vector<Told> answers;
  };

  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  bool chance(std::size_t percent) { return below(100) < percent; }

  void restart() {
    ActorLimits limits;
    limits.course_idle = Milliseconds{50};
    limits.snapshot_events_min = 8;
    limits.payment_deadline = Milliseconds{20'000};
    limits.deferred_payment_deadline = Milliseconds{60'000};
    life_ = std::make_unique<Life>(durables_, random_(), limits);
    life_->resume_sagas();
  }

  void crash() {
    MemoryFaults faults{.seed = random_(), .tear = true};
    if (chance(30)) faults.failing_write = 1 + below(40);
    while (!durables_.company.waiting().empty()) {
      // What was sent reached the company or not; nobody will live to hear its word.
      const bool declines = durables_.company.waiting().front().method == PaymentMethod::test_decline;
      durables_.company.leave_unknown(!declines && chance(50) ? ScriptedGateway::Moved::yes
                                                              : ScriptedGateway::Moved::no);
    }
    life_.reset();
    durables_.store = durables_.store->crash(faults);
    durables_.head = durables_.head->crash();
    restart();
  }

  void register_courses() {
    life_->register_course("lecture-1", lecture(5));
    life_->register_course("lecture-free", lecture(4, 0));
    life_->register_course("musical-1", performance(8));
    life_->settle();
  }

  void step() {
    switch (below(20)) {
      case 0:
      case 1:
        return place();
      case 2:
        return cancel();
      case 3:
      case 4:
      case 5:
        life_->commit();
        return;
      case 6:
      case 7:
        return company_answers();
      case 8:
        if (durables_.timers.has_alarm()) durables_.timers.sound_next();
        return;
      case 9:
        durables_.timers.advance(Milliseconds{static_cast<std::int64_t>(below(80))});
        return life_->sweep();
      case 10:
        if (chance(15)) crash();
        return;
      default:
        life_->run_one_turn(random_());
    }
  }

  void place() {
    const std::vector<std::string> courses{"lecture-1", "lecture-free", "musical-1", "no-such-course"};
    clients_.push_back(std::make_unique<Client>());
    auto& client = *clients_.back();
    PlaceEnrollment command{.course = CourseId{courses[below(chance(3) ? 4 : 3)]},
                            .student = StudentId{"s" + std::to_string(below(12))},
                            .seats = 1,
                            .method = chance(15) ? PaymentMethod::test_decline : PaymentMethod::test_approve};
    if (command.course.text == "musical-1") command.seats = 1 + static_cast<std::uint32_t>(below(3));
    if (chance(20)) life_->payments_available = !life_->payments_available;
    Wait wait;
    if (chance(30)) wait = Milliseconds{static_cast<std::int64_t>(below(3) * 1000)};
    client.id = life_->place(command, asker_of(client), wait);
  }

  /// Remembers what the client is told only when it has passed the gate.
  Asker asker_of(Client& client) {
    auto rendered = std::make_shared<Outcome>();
    return Life::asker([rendered](const Outcome& outcome) { *rendered = outcome; },
                       [rendered, &client](Answer) {
                         if (const auto* summary = std::get_if<EnrollmentSummary>(&rendered->subject))
                           client.answers.push_back({summary->state, rendered->under_way});
                         else
                           client.refused = true;
                       });
  }

  void cancel() {
    if (clients_.empty()) return;
    auto& client = *clients_[below(clients_.size())];
    // A client knows of its enrollment from an answer.
    if (client.answers.empty()) return;
    life_->cancel(client.id, asker_of(client));
  }

  void company_answers() {
    auto waiting = durables_.company.waiting();
    if (waiting.empty()) return;
    const auto& call = waiting[below(waiting.size())];
    const bool declines =
        call.kind == ScriptedGateway::CallKind::charge && call.method == PaymentMethod::test_decline;
    if (chance(30))
      durables_.company.leave_unknown(
          !declines && chance(50) ? ScriptedGateway::Moved::yes : ScriptedGateway::Moved::no, call.key);
    else if (declines)
      durables_.company.decline("declined", call.key);
    else
      durables_.company.approve(call.key);
  }

  std::optional<std::string> come_to_rest() {
    life_->payments_available = true;
    for (int round = 0; round < 10'000; ++round) {
      life_->settle();
      if (life_->failure()) {
        crash();
      } else if (!durables_.company.waiting().empty()) {
        company_decides();
      } else if (life_->journal().owed().empty()) {
        return check();
      } else if (durables_.timers.has_alarm()) {
        durables_.timers.sound_next();
      } else {
        break;
      }
    }
    return describe_owed();
  }

  void company_decides() {
    const auto call = durables_.company.waiting().front();
    if (call.kind == ScriptedGateway::CallKind::charge && call.method == PaymentMethod::test_decline)
      durables_.company.decline("declined", call.key);
    else
      durables_.company.approve(call.key);
  }

  std::string describe_owed() {
    std::string text = "an action is owed and nothing will take it:";
    for (const auto& id : life_->journal().owed())
      for (const auto& record : id.kind == AggregateKind::saga ? life_->journal().timeline(EnrollmentId{id.uid})
                                                               : life_->journal().history(id))
        text += "\n  " + std::to_string(record.position) + " " + to_text(record.aggregate) + " " +
                std::string{event_name(record.event)};
    return text;
  }

  std::optional<std::string> check() {
    if (!life_->reports.empty()) return "an actor faulted: " + life_->reports.front();
    if (auto mistakes = durables_.company.mistakes(); !mistakes.empty()) return mistakes.front();
    Audit audit;
    for (Position after = 0;;) {
      auto records = life_->journal().read(after, 100);
      if (records.empty()) break;
      for (const auto& record : records)
        if (auto broken = audit.see(record)) return broken;
      after = records.back().position;
    }
    if (audit.running_sagas() != 0) return "a saga runs that the journal does not list";
    life_->journal().verify();
    for (const auto& client : clients_)
      if (auto fault = check_client(*client)) return fault;
    for (const auto* course : {"lecture-1", "lecture-free", "musical-1"})
      if (auto fault = check_course(course)) return fault;
    return check_books(audit);
  }

  /// Nothing that was answered is forgotten, and no end is taken back but by a cancel.
  std::optional<std::string> check_client(const Client& client) {
    const auto summary = life_->summary(client.id);
    if (!client.answers.empty() && summary.state == EnrollmentState::none)
      return to_text(client.id) + " was answered and is gone";
    if (client.refused && summary.state != EnrollmentState::none)
      return to_text(client.id) + " was refused and is there";
    for (const auto& told : client.answers) {
      const bool final_state = told.state == EnrollmentState::cancelled ||
                               told.state == EnrollmentState::rejected || told.state == EnrollmentState::expired;
      if (final_state && summary.state != told.state)
        return to_text(client.id) + " was " + std::string{to_text(told.state)} + " and is " +
               std::string{to_text(summary.state)};
      if (told.state == EnrollmentState::confirmed && summary.state != EnrollmentState::confirmed &&
          summary.state != EnrollmentState::cancelled)
        return to_text(client.id) + " was confirmed and is " + std::string{to_text(summary.state)};
    }
    return std::nullopt;
  }

  std::optional<std::string> check_course(const std::string& id) {
    auto course = life_->describe(id);
    if (!course) return id + " is gone";
    std::uint32_t seats = 0;
    for (const auto& client : clients_) {
      auto summary = life_->summary(client->id);
      if (summary.course.text == id && summary.state == EnrollmentState::confirmed) seats += summary.seats;
    }
    if (course->held != 0 || course->taken != seats)
      return id + " counts " + std::to_string(course->taken) + " seats taken and " + std::to_string(course->held) +
             " held; confirmed are " + std::to_string(seats);
    return std::nullopt;
  }

  std::optional<std::string> check_books(const Audit& audit) {
    std::int64_t held = 0;
    for (const auto& [key, account] : durables_.company.accounts()) {
      held += durables_.company.balance(key).amount;
      const auto summary = life_->summary(enrollment_of(key));
      const bool confirmed = summary.state == EnrollmentState::confirmed;
      if (durables_.company.balance(key).amount != (confirmed ? summary.amount.amount : 0))
        return to_text(key) + " holds " + std::to_string(durables_.company.balance(key).amount) + " and is " +
               std::string{to_text(summary.state)};
    }
    if (held != audit.money_held())
      return "the company holds " + std::to_string(held) + ", the journal says " +
             std::to_string(audit.money_held());
    return std::nullopt;
  }

  std::mt19937_64 random_;
  Durables durables_;
  std::unique_ptr<Life> life_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::string fault_;
};

}  // namespace sugang
