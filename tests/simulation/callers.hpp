#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/simulation/world.hpp"

namespace sugang {

/// One request as its client sends it: once or, with an Idempotency-Key, again and again.
struct Request {
  /// For messages.
  std::string what;
  std::optional<RequestKey> key;
  std::function<void(Caller)> run;
  /// Takes up the enrollment that the request had begun before a crash; not for what is repeatable.
  std::function<void(EnrollmentId, Caller)> join;
  /// Called for each answer that is not a replay, with the journal position that was durable when it was sent.
  std::function<void(const Outcome&, const Answer&, Position asked)> on_answer;
  /// The answer that every repeat must get.
  std::optional<Answer> kept;
};

/// Sends requests as the HTTP side does, and holds the answers of those with a key against each other
/// (invariant 11).
class KeyedCallers {
 public:
  enum class Body : std::uint8_t { same, other };
  enum class Patience : std::uint8_t { waits, gives_up };

  void send(Life& life, std::shared_ptr<Request> request, Body body = Body::same,
            Patience patience = Patience::waits) {
    const auto asked = life.journal().durable_position();
    if (!request->key) return request->run(make_caller(request, std::nullopt, asked));
    auto key = *request->key;
    if (body == Body::other) key.body.low ^= 1;
    const bool known = !life.journal().history(key.id).empty();
    life.keyed().find(key, [this, &life, request, key, asked, body, patience, known](EarlierRequest earlier) {
      check_earlier(*request, earlier, body, known);
      go_on(life, request, key, earlier, asked, body == Body::same && patience == Patience::waits);
    });
  }

  /// The first answer that contradicts an earlier one, if any.
  const std::optional<std::string>& fault() const { return fault_; }

 private:
  using Kind = EarlierRequest::Kind;

  static bool same_bytes(const Answer& a, const Answer& b) {
    return a.status == b.status && a.content_type == b.content_type && a.location == b.location && a.body == b.body;
  }

  void find_fault(const Request& request, const std::string& what) {
    if (!fault_) fault_ = request.what + " with key " + to_text(request.key->id) + " " + what;
  }

  void check_earlier(Request& request, const EarlierRequest& earlier, Body body, bool known) {
    if (body == Body::other) {
      if (known && earlier.kind != Kind::other_body && earlier.kind != Kind::in_progress)
        find_fault(request, "was taken up with another body");
      if (earlier.kind == Kind::answered || earlier.kind == Kind::joined)
        find_fault(request, "was answered to another body");
      return;
    }
    if (earlier.kind == Kind::other_body) find_fault(request, "was refused for its own body");
    if (known && earlier.kind == Kind::none) find_fault(request, "had been claimed, and was new again");
    if (request.kept && earlier.kind != Kind::answered)
      find_fault(request, "was answered, and had no answer again");
    if (earlier.kind == Kind::answered) keep(request, earlier.answer);
  }

  void keep(Request& request, const Answer& answer) {
    if (request.kept && !same_bytes(*request.kept, answer))
      find_fault(request, "was answered \"" + request.kept->body + "\", and then \"" + answer.body + "\"");
    if (!request.kept) request.kept = answer;
  }

  void go_on(Life& life, const std::shared_ptr<Request>& request, const RequestKey& key,
             const EarlierRequest& earlier, Position asked, bool waits) {
    const bool taken_up = earlier.kind == Kind::joined;
    if (earlier.kind != Kind::none && !taken_up) return;
    if (!waits) return life.keyed().release(key);
    auto caller = life.keyed().releasing(make_caller(request, key, asked));
    caller.claimed = taken_up;
    if (!taken_up || !request->join) return request->run(std::move(caller));
    if (earlier.enrollment) return request->join(*earlier.enrollment, std::move(caller));
    find_fault(*request, "is claimed, and names no enrollment to join");
  }

  Caller make_caller(const std::shared_ptr<Request>& request, std::optional<RequestKey> key, Position asked) {
    auto outcome = std::make_shared<Outcome>();
    Caller caller;
    caller.key = key;
    caller.render = [outcome](const Outcome& rendered) {
      *outcome = rendered;
      return render(rendered);
    };
    caller.deliver = [this, request, outcome, keyed = key.has_value(), asked](Answer answer) {
      if (keyed && answer.status != 503) keep(*request, answer);
      request->on_answer(*outcome, answer, asked);
    };
    return caller;
  }

  static std::uint16_t status_of(const Outcome& outcome) {
    if (!outcome.refusal) return outcome.under_way ? 202 : 201;
    if (*outcome.refusal == Refusal{CourseError::payment_unavailable}) return 503;
    if (std::holds_alternative<ServiceError>(*outcome.refusal)) return 503;
    if (*outcome.refusal == Refusal{PaymentError::declined}) return 402;
    return 409;
  }

  /// As distinct as JSON: two outcomes that differ in what a client sees differ in their bytes.
  static Answer render(const Outcome& outcome) {
    Answer answer{.status = status_of(outcome)};
    auto add = [&](const auto& value) { (answer.body += std::to_string(value)) += ' '; };
    if (outcome.refusal) {
      add(outcome.refusal->index());
      std::visit([&](auto error) { add(static_cast<int>(error)); }, *outcome.refusal);
    }
    if (const auto* summary = std::get_if<EnrollmentSummary>(&outcome.subject)) {
      answer.location = to_text(summary->id);
      answer.body += to_text(summary->state);
      answer.body += ' ';
      for (auto value : {summary->version, summary->position, outcome.waitlist_position.value_or(0)}) add(value);
      add(summary->mileage_earned);
    }
    if (const auto* course = std::get_if<CourseSnapshot>(&outcome.subject))
      for (auto value : {course->sequence, std::uint64_t{course->held}, std::uint64_t{course->taken}}) add(value);
    return answer;
  }

  std::optional<std::string> fault_;
};

}  // namespace sugang
