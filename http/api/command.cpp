#include "http/api/command.hpp"

#include "http/api/request_key.hpp"
#include "http/server/request_fields.hpp"
#include "http/server/router.hpp"

namespace sugang {
namespace {

/// Retry-After of a 202.
constexpr std::uint32_t accepted_retry_after_s = 1;

Response respond(Answer answer) {
  if (answer.status == 202) answer.retry_after_s = accepted_retry_after_s;
  return to_response(std::move(answer));
}

Caller make_caller(Render render, const Reply& reply, const TraceContext& trace, std::optional<RequestKey> key = {},
                   const std::string& preference_applied = {}) {
  return {.key = key,
          .trace = trace,
          .render = [render = std::move(render),
                     instance = reply.instance](const Outcome& outcome) { return render(outcome, instance); },
          .deliver =
              [exchange = reply.exchange, applied = preference_applied](Answer answer) {
                auto response = respond(std::move(answer));
                if (!applied.empty()) response.with("Preference-Applied", applied);
                exchange.answer(std::move(response));
              }};
}

/// A submission that waits for the look-up of its key.
struct KeyedSubmission {
  Submission submission;
  LaterCall call;

  Caller caller(const Render& render) const {
    return make_caller(render, call.reply, call.trace, call.key, submission.preference_applied);
  }

  /// For a request that was claimed before a crash and has no answer.
  void repeat_or_join(std::optional<EnrollmentId> enrollment, bool waits) {
    const bool joins = submission.render_joined && enrollment;
    if (!waits || !(submission.repeatable || joins)) {
      call.backend.release_request(*call.key);
      return call.reply.refuse(Problem::request_in_progress);
    }
    auto repeat = caller(submission.repeatable ? submission.render : submission.render_joined);
    repeat.claimed = true;
    if (!submission.repeatable) submission.command = ToEnrollment{*enrollment, JoinSaga{}};
    call.backend.submit(std::move(submission.command), submission.wait, std::move(repeat));
  }

  void continue_after(const EarlierRequest& earlier, bool waits) {
    using Kind = EarlierRequest::Kind;
    const auto& [backend, reply, trace, key] = call;
    switch (earlier.kind) {
      case Kind::none:
        if (!waits) return backend.release_request(*key);
        return backend.submit(std::move(submission.command), submission.wait, caller(submission.render));
      case Kind::joined: return repeat_or_join(earlier.enrollment, waits);
      case Kind::in_progress: return reply.refuse(Problem::request_in_progress);
      case Kind::other_body: return reply.refuse(Problem::idempotency_key_reused);
      case Kind::answered: return reply.answer(respond(earlier.answer).with("Idempotency-Replayed", "true"));
      case Kind::unreadable: return reply.refuse(problem_of(earlier.error));
    }
  }
};

}  // namespace

std::variant<LaterCall, Response> keep_for_later(const Call& call, const std::string& caller,
                                                 const std::optional<AggregateId>& resource) {
  LaterCall later{call.backend, Reply{call}, call.trace, std::nullopt};
  const auto key = call.request.field(RequestField::idempotency_key);
  if (!key) return later;
  if (!is_valid_idempotency_key(*key))
    return refuse(call, Problem::malformed, "Idempotency-Key must be 1 to 255 characters of printable ASCII");
  const auto& request = call.request;
  later.key = request_key(caller, resource, *key, to_text(request.method), request.path, request.body);
  return later;
}

void submit_later(LaterCall call, Submission submission) {
  if (!call.key) {
    auto caller = make_caller(std::move(submission.render), call.reply, call.trace, std::nullopt,
                              submission.preference_applied);
    return call.backend.submit(std::move(submission.command), submission.wait, std::move(caller));
  }
  auto& backend = call.backend;
  const auto key = *call.key;
  auto keyed = std::make_shared<KeyedSubmission>(KeyedSubmission{std::move(submission), std::move(call)});
  backend.find_request(key, [keyed](EarlierRequest earlier) {
    keyed->call.reply.exchange.resume(
        [keyed, earlier = std::move(earlier)](bool waits) { keyed->continue_after(earlier, waits); });
  });
}

Handled submit(Call& call, Submission submission) {
  call.caller = submission.caller;
  auto later = keep_for_later(call, submission.caller, submission.resource);
  if (auto* refusal = std::get_if<Response>(&later)) return std::move(*refusal);
  submit_later(std::move(std::get<LaterCall>(later)), std::move(submission));
  return std::nullopt;
}

Caller unkeyed_caller(const Call& call, Render render) {
  return make_caller(std::move(render), Reply{call}, call.trace);
}

Decoded<std::string> decode_reason(std::string_view body) {
  return decode_object<std::string>(body, [](ObjectReader& members, std::string& value) {
    members.require("reason");
    set(value, members.text("reason", reason_chars_max));
  });
}

Decoded<std::string> decode_optional_reason(std::string_view body) {
  if (body.empty()) return std::string{};
  return decode_object<std::string>(body, [](ObjectReader& members, std::string& value) {
    set(value, members.text("reason", reason_chars_max, true));
  });
}

Answer refusal_answer(const Outcome& outcome, const std::string& instance) {
  return refusal_answer(outcome, instance, problem_of(*outcome.refusal));
}

Answer refusal_answer(const Outcome& outcome, const std::string& instance, Problem problem) {
  ProblemReport report{.problem = problem, .instance = instance};
  const auto* enrollment = std::get_if<EnrollmentSummary>(&outcome.subject);
  const bool rejected = enrollment && enrollment->state == EnrollmentState::rejected;
  if (rejected || (enrollment && problem == Problem::payment_declined)) report.enrollment = enrollment->id;
  if (outcome.hold && problem == Problem::already_enrolled) report.enrollment = outcome.hold->enrollment;
  if (outcome.hold && problem == Problem::too_many_seats)
    report.more_members = "\"seatsPerStudent\":" + std::to_string(outcome.hold->seats_per_student) +
                          ",\"seatsLeft\":" + std::to_string(outcome.hold->seats_left);
  if (outcome.line != 0)
    report.errors.push_back({"/" + std::to_string(outcome.line) + "/id", std::string{describe(problem).title}});
  auto answer = to_answer(report);
  if (enrollment) answer.position = enrollment->position;
  return answer;
}

}  // namespace sugang
