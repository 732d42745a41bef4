#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/simulation/aftermath.hpp"
#include "tests/simulation/answer_log.hpp"
#include "tests/simulation/callers.hpp"
#include "tests/simulation/dice.hpp"

namespace sugang {

/// The students, instructors, couriers and operators of a simulated node: what they request, repeat and read, and
/// what they were answered. They outlive the node.
class Clients {
 public:
  /// `life`: the node as it is now; none while it is down.
  Clients(Dice& dice, Durables& durables, std::unique_ptr<Life>& life, std::vector<std::string> courses)
      : dice_(dice), durables_(durables), life_(life), courses_(std::move(courses)) {}

  void place() {
    PlaceEnrollment command{.course = CourseId{dice_.chance(97) ? dice_.one_of(courses_) : "extra-0"},
                            .student = StudentId{"s" + std::to_string(dice_.below(12))},
                            .seats = 1,
                            .method = dice_.chance(15) ? PaymentMethod::test_decline : PaymentMethod::test_approve,
                            .may_wait = dice_.chance(70)};
    if (command.course.text.starts_with("musical") || command.course.text == "product-1")
      command.seats = 1 + static_cast<std::uint32_t>(dice_.below(3));
    if (dice_.chance(20)) life_->payments_available = !life_->payments_available;
    Wait wait;
    if (dice_.chance(30)) wait = Milliseconds{static_cast<std::int64_t>(dice_.below(3) * 1000)};
    auto& placement = *placements_.emplace_back(std::make_unique<Placement>());
    placement.command = command;
    placement.request = new_request("a placement");
    placement.request->run = [this, &placement, wait](Caller caller) {
      auto& attempt = *attempts_.emplace_back(std::make_unique<Attempt>());
      placement.attempts.push_back(&attempt);
      attempt.id = life_->place(placement.command, std::move(caller), wait);
      attempt_of_[attempt.id] = &attempt;
    };
    placement.request->join = [this, wait](EnrollmentId id, Caller caller) {
      life_->join(id, std::move(caller), wait);
    };
    placement.request->on_answer = [this, &placement](const Outcome& outcome, const Answer& answer,
                                                      Position asked) {
      note_placement(placement, outcome, {asked, answer.position});
    };
    send(placement.request);
  }

  void cancel() {
    if (attempts_.empty()) return;
    const auto& attempt = *dice_.one_of(attempts_);
    // A client knows of its enrollment from an answer.
    if (attempt.answers.empty()) return;
    auto request = request_about(attempt.id, "a cancel");
    request->on_answer = [this, id = attempt.id](const Outcome& outcome, const Answer& answer, Position asked) {
      note(id, outcome, {asked, answer.position});
      const auto* summary = std::get_if<EnrollmentSummary>(&outcome.subject);
      if (!outcome.refusal && !summary->turned) fault_ = to_text(id) + " was answered a cancel, and goes on";
    };
    request->run = [this, id = attempt.id](Caller caller) { life_->cancel(id, std::move(caller)); };
    request->join = [this](EnrollmentId id, Caller caller) { life_->join(id, std::move(caller)); };
    send(request);
  }

  /// Mostly of a confirmed booking of a performance; all others are refused.
  void change_seats() {
    if (attempts_.empty()) return;
    auto id = dice_.one_of(attempts_)->id;
    const auto is_booking = [&] {
      const auto summary = life_->summary(id);
      return summary.kind == CourseKind::performance && summary.state == EnrollmentState::confirmed;
    };
    for (int tries = 0; tries < 4 && !is_booking(); ++tries) id = dice_.one_of(attempts_)->id;
    const auto seats = 1 + static_cast<std::uint32_t>(dice_.below(4));
    Wait wait;
    if (dice_.chance(50)) wait = Milliseconds{5'000};
    auto request = request_about(id, "a change of seats");
    request->run = [this, id, seats, wait](Caller caller) {
      life_->change_seats(id, seats, std::move(caller), wait);
    };
    request->join = [this, wait](EnrollmentId of, Caller caller) { life_->join(of, std::move(caller), wait); };
    send(request);
  }

  /// Mostly what is awaited; sometimes any other step, which must be refused.
  void take_person_step() {
    if (attempts_.empty()) return;
    const auto id = dice_.one_of(attempts_)->id;
    const auto awaits = life_->summary(id).awaits;
    const auto other = dice_.one_of({Step::assign_instructor, Step::book_slot, Step::record_result,
                                     Step::start_delivery, Step::complete_delivery});
    if (dice_.chance(80) && awaits != Step::none) return take_step_or_move_class(id, awaits);
    take_person_step(id, other);
  }

  /// What has begun outside comes to its end; for the rest, deadlines pass or the staff takes steps, as it happens.
  /// True if anything was done.
  bool finish_person_steps() {
    bool moved = false;
    for (const auto& id : enrollments()) {
      const auto summary = life_->summary(id);
      if (summary.ended() || summary.state == EnrollmentState::none) continue;
      // What only a person can end.
      const bool begun = summary.awaits == Step::complete_delivery || summary.awaits == Step::record_result;
      const bool awaits_person = summary.awaits != Step::none && summary.awaits != Step::take_payment &&
                                 summary.awaits != Step::hold_seats;
      if (!awaits_person || dice_.chance(begun ? 20 : 70)) continue;
      take_step_or_move_class(id, summary.awaits);
      moved = true;
    }
    return moved;
  }

  void operate() {
    if (attempts_.empty()) return;
    // Not `resolve`: what a person has settled outside, the company's ledger does not have.
    const auto action = dice_.one_of({OperatorAction::retry, OperatorAction::compensate});
    const auto id = dice_.one_of(attempts_)->id;
    const auto reason = "call " + std::to_string(++operations_);
    auto request = request_about(id, "an operation");
    request->run = [this, id, action, reason](Caller caller) {
      life_->operate(id, action, std::move(caller), reason);
    };
    request->on_answer = [this, id, reason](const Outcome& outcome, const Answer& answer, Position asked) {
      note(id, outcome, {asked, answer.position});
      if (!outcome.refusal) operated_.push_back(reason);
    };
    request->join = [this](EnrollmentId of, Caller caller) { life_->join(of, std::move(caller), Milliseconds{0}); };
    send(request);
  }

  /// Mostly of one that is there.
  void register_course() {
    const auto id = "extra-" + std::to_string(dice_.below(4));
    auto request = new_request("a registration");
    request->run = [this, id](Caller caller) { life_->register_course(id, lecture(1), std::move(caller)); };
    request->on_answer = [this, id](const Outcome& outcome, const Answer& answer, Position asked) {
      const Span span{asked, answer.position};
      if (const auto* course = std::get_if<CourseSnapshot>(&outcome.subject))
        log_.course(CourseId{id}, *course, span);
      else
        log_.already_registered(CourseId{id}, span);
    };
    send(request);
  }

  void change_course() {
    const auto& id = dice_.one_of(courses_);
    ReviseCourse command{.expected_definition = 1 + dice_.below(4)};
    if (dice_.chance(20))
      command.state = CourseState::closed;
    else
      command.capacity = static_cast<std::uint32_t>(2 + dice_.below(8));
    auto request = new_request("a change of a course");
    request->on_answer = [this, id](const Outcome& outcome, const Answer& answer, Position asked) {
      if (const auto* course = std::get_if<CourseSnapshot>(&outcome.subject))
        log_.course(CourseId{id}, *course, {asked, answer.position});
    };
    if (dice_.chance(4))
      request->run = [this, id](Caller caller) { life_->cancel_course(id, std::move(caller)); };
    else
      request->run = [this, id, command](Caller caller) { life_->revise(id, command, std::move(caller)); };
    send(request);
  }

  void read() {
    const auto asked = life_->journal().durable_position();
    const CourseId course{dice_.one_of(courses_)};
    if (dice_.chance(30) || attempts_.empty())
      return life_->read_course(course, [this, course, asked](const CourseRead& read, Position) {
        const auto& shown = std::get<0>(read);
        log_.course(course, std::move(shown), {asked, life_->journal().durable_position()});
      });
    const auto id = dice_.one_of(attempts_)->id;
    if (dice_.chance(30))
      return life_->describe_waitlist_position(
          course, id, [this, course, id, asked](const WaitlistPositionRead& read) {
            const auto& place = std::get<0>(read);
            log_.waitlist_position(course, id, place, {asked, life_->journal().durable_position()});
          });
    if (dice_.chance(40)) {
      // What the saga's own fold shows; a repeat after a crash gets it so.
      auto request = std::make_shared<Request>();
      request->run = [this, id](Caller caller) { life_->join(id, std::move(caller), Milliseconds{0}); };
      request->on_answer = [this, id](const Outcome& outcome, const Answer& answer, Position at) {
        note(id, outcome, {at, answer.position});
      };
      return callers_.send(*life_, request);
    }
    life_->read_away([this, id, asked] {
      const auto summary = life_->summary(id);
      const Span span{asked, life_->journal().durable_position()};
      if (summary.state == EnrollmentState::none) return log_.missing(id, span);
      log_.read(summary, span);
    });
  }

  void repeat() {
    if (keyed_.empty()) return;
    // Mostly one of the last.
    const auto newest = std::min<std::size_t>(keyed_.size(), dice_.chance(70) ? 8 : keyed_.size());
    repeat(keyed_[keyed_.size() - 1 - dice_.below(newest)]);
  }

  /// After a crash: those who got no answer, and some who did, send their requests again.
  void come_back() {
    for (const auto& request : keyed_)
      if (dice_.chance(request->kept ? 3 : 40)) callers_.send(*life_, request);
  }

  /// Every answered request is repeated.
  void repeat_answered() {
    for (const auto& request : keyed_)
      if (request->kept) callers_.send(*life_, request);
  }

  std::vector<EnrollmentId> enrollments() const {
    std::vector<EnrollmentId> ids;
    for (const auto& attempt : attempts_) ids.push_back(attempt->id);
    return ids;
  }

  /// Reasons of the operations that were answered as done.
  const std::vector<std::string>& operated() const { return operated_; }

  /// The first fault in the answers so far, as far as it shows without the journal.
  const std::optional<std::string>& fault() const { return fault_ ? fault_ : callers_.fault(); }

  /// Holds every answer against what is durable.
  std::optional<std::string> check() {
    if (auto fault = log_.check(life_->journal())) return fault;
    for (auto& placement : placements_)
      if (auto fault = check_placement(*placement)) return fault;
    for (const auto& attempt : attempts_)
      if (auto fault = check_attempt(*attempt)) return fault;
    return fault();
  }

 private:
  /// One try to enroll. A keyed request that was not taken up makes another when it is repeated.
  struct Attempt {
    EnrollmentId id;
    bool refused = false;
    std::vector<EnrollmentState> answers;
  };
  struct Placement {
    std::shared_ptr<Request> request;
    PlaceEnrollment command;
    std::vector<Attempt*> attempts;
    /// The claim was seen in the journal.
    bool claimed = false;
  };
  using Span = AnswerLog::Span;

  std::shared_ptr<Request> new_request(std::string what) {
    auto request = std::make_shared<Request>();
    request->what = std::move(what);
    if (!dice_.chance(50)) return request;
    request->key = RequestKey{RequestId{{dice_(), dice_()}}, Uid{dice_(), dice_()}};
    keyed_.push_back(request);
    return request;
  }

  /// A request about one enrollment.
  std::shared_ptr<Request> request_about(EnrollmentId id, std::string what) {
    auto request = new_request(std::move(what));
    request->on_answer = [this, id](const Outcome& outcome, const Answer& answer, Position asked) {
      note(id, outcome, {asked, answer.position});
    };
    return request;
  }

  void send(const std::shared_ptr<Request>& request) {
    callers_.send(*life_, request);
    // Impatient clients send twice.
    if (request->key && dice_.chance(20)) repeat(request);
  }

  void repeat(const std::shared_ptr<Request>& request) {
    callers_.send(*life_, request, dice_.chance(15) ? KeyedCallers::Body::other : KeyedCallers::Body::same,
                  dice_.chance(15) ? KeyedCallers::Patience::gives_up : KeyedCallers::Patience::waits);
  }

  /// Until a class begins, it may be moved.
  void take_step_or_move_class(EnrollmentId id, Step awaited) {
    const bool moves = awaited == Step::record_result && dice_.chance(50);
    take_person_step(id, moves ? dice_.one_of({Step::assign_instructor, Step::book_slot}) : awaited);
  }

  void take_person_step(EnrollmentId id, Step taken) {
    auto request = request_about(id, "a person's step");
    request->run = [this, id, step = person_step(taken)](Caller caller) {
      life_->take_step(id, step, std::move(caller));
    };
    send(request);
  }

  StaffStep person_step(Step step) {
    // Classes of the past can have a result, those to come can still be moved.
    const auto starts = durables_.timers.now() + std::chrono::hours{dice_.below(6)} - std::chrono::hours{3};
    switch (step) {
      case Step::assign_instructor: return AssignInstructor{InstructorId{"i" + std::to_string(dice_.below(2))}};
      case Step::book_slot: return AgreeOnSlot{{starts, starts + std::chrono::hours{2}}};
      case Step::start_delivery: return StartDelivery{};
      case Step::complete_delivery: return CompleteDelivery{};
      default: return RecordResult{"passed", durables_.timers.now()};
    }
  }

  void note_placement(Placement& placement, const Outcome& outcome, Span span) {
    auto& newest = *placement.attempts.back();
    const auto* why = outcome.refusal ? std::get_if<CourseError>(&*outcome.refusal) : nullptr;
    // With an enrollment it is how that one ended: the waitlist dismissed it.
    if (!why || std::holds_alternative<EnrollmentSummary>(outcome.subject)) return note(newest.id, outcome, span);
    newest.refused = true;
    const auto& command = placement.command;
    log_.refused(command.course,
                 {newest.id, command.student, command.seats, PaymentSide::available, command.may_wait}, *why,
                 durables_.timers.now(), span);
  }

  /// An answer that shows the enrollment, or says that there is none.
  void note(EnrollmentId id, const Outcome& outcome, Span span) {
    if (const auto* summary = std::get_if<EnrollmentSummary>(&outcome.subject)) {
      log_.shown(*summary, span);
      attempt_of_.at(summary->id)->answers.push_back(summary->state);
    } else if (outcome.refusal == Refusal{EnrollmentError::not_found} ||
               outcome.refusal == Refusal{SagaError::not_found}) {
      log_.missing(id, span);
    }
  }

  /// One key, one effect; and the claim became durable with it.
  std::optional<std::string> check_placement(Placement& placement) const {
    if (!placement.request->key) return std::nullopt;
    const Attempt* standing = nullptr;
    for (const auto* attempt : placement.attempts) {
      if (log_.summary(attempt->id).state == EnrollmentState::none) continue;
      if (standing)
        return to_text(placement.request->key->id) + " enrolled twice: " + to_text(standing->id) + " and " +
               to_text(attempt->id);
      standing = attempt;
    }
    if (!standing || placement.claimed) return std::nullopt;
    placement.claimed = !life_->journal().history(placement.request->key->id).empty();
    if (placement.claimed) return std::nullopt;
    return to_text(standing->id) + " is there, and the claim of its request is not";
  }

  /// Nothing that was answered is forgotten, and no end changes but by a cancel.
  std::optional<std::string> check_attempt(const Attempt& attempt) const {
    if (attempt.answers.empty() && !attempt.refused) return std::nullopt;
    using State = EnrollmentState;
    const auto& summary = log_.summary(attempt.id);
    if (!attempt.answers.empty() && summary.state == State::none)
      return to_text(attempt.id) + " was answered and is gone";
    if (attempt.refused && summary.state != State::none) return to_text(attempt.id) + " was refused and is there";
    for (const auto reported : attempt.answers) {
      const bool final_state =
          reported == State::cancelled || reported == State::rejected || reported == State::expired;
      const bool was_confirmed = reported == State::confirmed || reported == State::completed;
      const bool is_cancelled = summary.state == State::cancel_requested || summary.state == State::cancelled;
      if ((final_state && summary.state != reported) || (was_confirmed && !stands(summary) && !is_cancelled) ||
          (reported == State::completed && summary.state != State::completed))
        return to_text(attempt.id) + " was " + std::string{to_text(reported)} + " and is " +
               std::string{to_text(summary.state)};
    }
    return std::nullopt;
  }

  Dice& dice_;
  Durables& durables_;
  std::unique_ptr<Life>& life_;
  const std::vector<std::string> courses_;
  KeyedCallers callers_;
  AnswerLog log_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::unordered_map<EnrollmentId, Attempt*> attempt_of_;
  std::vector<std::unique_ptr<Placement>> placements_;
  std::vector<std::shared_ptr<Request>> keyed_;
  std::uint64_t operations_ = 0;
  std::vector<std::string> operated_;
  std::optional<std::string> fault_;
};

}  // namespace sugang
