#include "actors/answers.hpp"

namespace sugang {
namespace {

bool is_kept(std::uint16_t status) {
  return (status >= 200 && status < 300) || status == 402 || status == 404 || status == 409 || status == 422;
}

Record request_record(const RequestKey& key, Sequence sequence, RequestEvent event, const TraceContext& trace,
                      TimePoint now) {
  return {.aggregate = key.id, .sequence = sequence, .time = now, .trace = trace, .event = std::move(event)};
}

}  // namespace

Record claim_record(const RequestKey& key, std::optional<EnrollmentId> enrollment, const TraceContext& trace,
                    TimePoint now) {
  return request_record(key, 1, RequestClaimed{key.body, enrollment}, trace, now);
}

Record answer_record(const RequestKey& key, const Answer& answer, const TraceContext& trace, TimePoint now) {
  return request_record(
      key, 2, RequestAnswered{answer.status, answer.content_type, answer.location, answer.body, answer.etag}, trace,
      now);
}

void add_answer(Node& node, Append& append, Caller caller, const Outcome& outcome) {
  auto rendered = caller.render(outcome);
  if (caller.key && is_kept(rendered.status)) {
    const auto now = node.timers.now();
    if (!caller.claimed) append.records.push_back(claim_record(*caller.key, std::nullopt, caller.trace, now));
    append.records.push_back(answer_record(*caller.key, rendered, caller.trace, now));
  }
  append.then = [deliver = std::move(caller.deliver), rendered = std::move(rendered)](Position position) mutable {
    rendered.position = position;
    deliver(std::move(rendered));
  };
}

ServiceError error_of(const Unreadable& fault) {
  if (fault.passing) return ServiceError::read_failed;
  return fault.known ? ServiceError::quarantined : ServiceError::journal_damaged;
}

void refuse_unreadable(Node& node, Caller caller, const Unreadable& fault) {
  Outcome outcome;
  outcome.refusal = error_of(fault);
  answer(node, std::move(caller), outcome);
}

void answer(Node& node, Caller caller, const Outcome& outcome) {
  Append append;
  add_answer(node, append, std::move(caller), outcome);
  give_ids(node.ids, append.records);
  node.journal.append(std::move(append));
}

}  // namespace sugang
