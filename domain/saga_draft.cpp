#include "domain/saga_draft.hpp"

#include <algorithm>
#include <utility>

namespace sugang {

void SagaDraft::add_waiting(CallerId caller, bool cancels, Wait wait) {
  const auto longest = wait.value_or(world_.default_wait);
  if (longest == Milliseconds{0}) return answer({caller, cancels}, true);
  saga_.waiting.push_back({caller, cancels});
  add_effect(ArmWait{caller, longest});
}

void SagaDraft::answer_waiting(bool under_way) {
  for (const auto& each : std::exchange(saga_.waiting, {})) answer(each, under_way);
}

void SagaDraft::answer(const Saga::Waiting& waiting, bool under_way) {
  Outcome outcome;
  if (!saga_.exists()) {
    outcome.refusal = EnrollmentError::not_found;
  } else {
    outcome.subject = summary_;
    outcome.under_way = under_way;
    if (summary_.state == EnrollmentState::waitlisted) outcome.waitlist_position = saga_.waitlist_position;
    if (waiting.cancels && has_ended_otherwise(summary_.state)) outcome.refusal = EnrollmentError::not_cancellable;
    if (!waiting.cancels && summary_.state == EnrollmentState::rejected) outcome.refusal = rejection_of(summary_);
  }
  add_effect(AnswerCaller{waiting.caller, std::move(outcome)});
}

void SagaDraft::answer_refused(CallerId caller, const Refusal& refusal) {
  Outcome outcome;
  if (saga_.exists()) outcome.subject = summary_;
  outcome.refusal = refusal;
  add_effect(AnswerCaller{caller, std::move(outcome)});
}

void SagaDraft::answer_current_state(CallerId caller) {
  Outcome outcome;
  outcome.subject = summary_;
  outcome.under_way = !summary_.ended();
  add_effect(AnswerCaller{caller, std::move(outcome)});
}

Record SagaDraft::next_record(AggregateId aggregate, Causation causation, Event event) const {
  const auto sequence = saga_.sequence_of(aggregate) + 1;
  return {.aggregate = std::move(aggregate),
          .sequence = sequence,
          .time = world_.now,
          .enrollment = saga_.id,
          .causation = causation,
          .event = std::move(event)};
}

void SagaDraft::append(AggregateId aggregate, Causation causation, Event event) {
  auto record = next_record(std::move(aggregate), causation, std::move(event));
  apply(saga_, record);
  decision_.records.push_back(std::move(record));
}

}  // namespace sugang
