#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
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

  /// Names of the events that stand in the journal.
  const std::set<std::string>& happened() const { return happened_; }

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
    limits.person_deadline = Milliseconds{40'000};
    limits.waitlist_deadline = Milliseconds{200'000};
    limits.person_idle = Milliseconds{30};
    limits.deferred_payments_max = 3;
    limits.revoked_at_once = 2;
    limits.stuck_attempts = 2;
    life_ = std::make_unique<Life>(durables_, random_(), limits);
    life_->resume_owed();
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
    life_->register_course("lecture-line", with_line(lecture(3)));
    life_->register_course("musical-1", performance(8));
    life_->register_course("musical-line", with_line(performance(6)));
    life_->register_course("product-1", product(6));
    life_->register_course("training-1", with_line(training(3)));
    life_->settle();
  }

  void step() {
    switch (below(25)) {
      case 0:
      case 1:
        return place();
      case 2:
        return cancel();
      case 11:
      case 12:
        return take_person_step();
      case 13:
        return chance(30) ? operate() : pause_or_resume();
      case 14:
        return chance(20) ? change_course() : void(life_->consumers.run_once());
      case 3:
      case 4:
      case 5:
        life_->commit();
        return;
      case 6:
      case 7:
        return company_answers();
      case 8:
        if (durables_.timers.has_alarm_within(std::chrono::minutes{5})) durables_.timers.sound_next();
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

  static const std::vector<std::string>& courses() {
    static const std::vector<std::string> all{"lecture-1",    "lecture-free", "lecture-line", "musical-1",
                                              "musical-line", "product-1",    "training-1"};
    return all;
  }

  void place() {
    clients_.push_back(std::make_unique<Client>());
    auto& client = *clients_.back();
    PlaceEnrollment command{.course = CourseId{chance(97) ? courses()[below(courses().size())] : "no-such-course"},
                            .student = StudentId{"s" + std::to_string(below(12))},
                            .seats = 1,
                            .method = chance(15) ? PaymentMethod::test_decline : PaymentMethod::test_approve,
                            .may_wait = chance(70)};
    if (command.course.text.starts_with("musical") || command.course.text == "product-1")
      command.seats = 1 + static_cast<std::uint32_t>(below(3));
    if (chance(20)) life_->payments_available = !life_->payments_available;
    Wait wait;
    if (chance(30)) wait = Milliseconds{static_cast<std::int64_t>(below(3) * 1000)};
    client.id = life_->place(command, asker_of(client), wait);
  }

  /// Mostly who is waited for; sometimes whoever is about: what must not be is refused.
  void take_person_step() {
    static const std::vector<Step> steps{Step::assign_instructor, Step::book_slot, Step::record_result,
                                         Step::start_delivery, Step::complete_delivery};
    if (clients_.empty()) return;
    const auto id = clients_[below(clients_.size())]->id;
    const auto awaits = life_->summary(id).awaits;
    life_->take_step(id, person_step(chance(80) && awaits != Step::none ? awaits : steps[below(steps.size())]));
  }

  PersonStep person_step(Step step) {
    const auto starts = durables_.timers.now() + std::chrono::hours{below(6)};
    switch (step) {
      case Step::assign_instructor:
        return AssignInstructor{InstructorId{"i" + std::to_string(below(2))}};
      case Step::book_slot:
        return AgreeOnSlot{{starts, starts + std::chrono::hours{2}}};
      case Step::start_delivery:
        return StartDelivery{};
      case Step::complete_delivery:
        return CompleteDelivery{};
      default:
        return RecordResult{"passed", starts};
    }
  }

  void operate() {
    if (clients_.empty()) return;
    // Not `resolve`: what a person has settled outside, the company's books do not know.
    life_->operate(clients_[below(clients_.size())]->id,
                   chance(50) ? OperatorAction::retry : OperatorAction::compensate);
  }

  void pause_or_resume() {
    const auto component = std::vector{Component::mileage, Component::coaching, Component::delivery,
                                       Component::payments, Component::notifications}[below(5)];
    const bool runs = !life_->components.runs(component);
    life_->components.set(component, runs);
    if (component == Component::notifications) life_->consumers.pause("notifier", !runs);
    if (runs) life_->resume_owed();
  }

  void run_everything() {
    life_->payments_available = true;
    for (auto component : {Component::mileage, Component::coaching, Component::delivery, Component::payments,
                           Component::notifications})
      life_->components.set(component, true);
    life_->consumers.pause("notifier", false);
    life_->resume_owed();
  }

  void change_course() {
    const auto& id = courses()[below(courses().size())];
    if (chance(4)) return life_->cancel_course(id);
    ReviseCourse command{.expected_definition = 1 + below(4)};
    if (chance(5))
      command.state = CourseState::closed;
    else
      command.capacity = static_cast<std::uint32_t>(2 + below(8));
    life_->revise(id, command);
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
    run_everything();
    for (int round = 0; round < 20'000; ++round) {
      life_->settle();
      if (life_->failure()) {
        crash();
      } else if (!durables_.company.waiting().empty()) {
        company_decides();
      } else if (life_->journal().owed().empty()) {
        return check();
      } else if (!people_finish() && durables_.timers.has_alarm()) {
        durables_.timers.sound_next();
      } else if (!durables_.timers.has_alarm()) {
        break;
      }
    }
    return describe_owed();
  }

  /// What has begun outside comes to its end; for the rest, deadlines pass or people come, as it happens.
  bool people_finish() {
    bool moved = false;
    for (const auto& client : clients_) {
      const auto summary = life_->summary(client->id);
      if (summary.ended() || summary.state == EnrollmentState::none) continue;
      // What only a person can end.
      const bool begun = summary.awaits == Step::complete_delivery || summary.awaits == Step::record_result;
      const bool awaits_person = summary.awaits != Step::none && summary.awaits != Step::take_payment &&
                                 summary.awaits != Step::hold_seats;
      if (!awaits_person || chance(begun ? 20 : 70)) continue;
      life_->take_step(client->id, person_step(summary.awaits));
      moved = true;
    }
    return moved;
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
      for (const auto& record : records) {
        happened_.insert(std::string{event_name(record.event)});
        if (auto broken = audit.see(record)) return broken;
      }
      after = records.back().position;
    }
    if (audit.running_sagas() != 0) return "a saga runs that the journal does not list";
    life_->journal().verify();
    for (const auto& client : clients_)
      if (auto fault = check_client(*client)) return fault;
    for (const auto& course : courses())
      if (auto fault = check_course(course)) return fault;
    if (auto fault = check_notifications()) return fault;
    return check_books(audit);
  }

  static bool stands(const EnrollmentSummary& summary) {
    return summary.state == EnrollmentState::confirmed || summary.state == EnrollmentState::completed;
  }

  /// Each event worth telling was told to its student, once.
  std::optional<std::string> check_notifications() {
    std::map<EventId, int> told;
    for (const auto& client : clients_)
      for (const auto& record : life_->journal().timeline(client->id)) {
        if (notice_of(record.event)) told[record.id] += 1;
        if (const auto* event = std::get_if<NotificationEvent>(&record.event))
          if (const auto* queued = std::get_if<NotificationQueued>(event)) told[queued->about] -= 1;
      }
    for (const auto& [event, missing] : told)
      if (missing != 0) return to_text(event) + " was told of " + std::to_string(1 - missing) + " times";
    return std::nullopt;
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
      if (told.state == EnrollmentState::completed && summary.state != EnrollmentState::completed)
        return to_text(client.id) + " was completed and is " + std::string{to_text(summary.state)};
      if (told.state == EnrollmentState::confirmed && !stands(summary) &&
          summary.state != EnrollmentState::cancelled)
        return to_text(client.id) + " was confirmed and is " + std::string{to_text(summary.state)};
    }
    if (summary.mileage_earned != (stands(summary) ? summary.mileage : 0))
      return to_text(client.id) + " is " + std::string{to_text(summary.state)} + " and has earned " +
             std::to_string(summary.mileage_earned) + " of " + std::to_string(summary.mileage);
    return std::nullopt;
  }

  std::optional<std::string> check_course(const std::string& id) {
    auto course = life_->describe(id);
    if (!course) return id + " is gone";
    std::uint32_t seats = 0;
    for (const auto& client : clients_) {
      auto summary = life_->summary(client->id);
      if (summary.course.text == id && stands(summary)) seats += summary.seats;
    }
    if (course->waitlisted != 0) return id + " has a line at rest";
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
      const bool confirmed = stands(summary);
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
  std::set<std::string> happened_;
  std::string fault_;
};

}  // namespace sugang
