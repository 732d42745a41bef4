#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/saga.hpp"
#include "tests/domain/timeline_script.hpp"

// What tests of a saga's decisions give and look at.

namespace sugang {

inline constexpr Causation pay{Step::take_payment, Direction::act};

inline SagaConditions world() {
  return {.now = noon + std::chrono::minutes{1},
          .deferred_payment_deadline = std::chrono::hours{24},
          .staff_deadline = std::chrono::hours{168},
          .default_wait = Milliseconds{5'000}};
}

inline Saga given(const TimelineScript& script) { return load(script.id, script.records()); }
/// As `given`, with the step under the cursor on its way.
inline Saga running(const TimelineScript& script) {
  auto saga = given(script);
  saga.running = true;
  return saga;
}

inline TimelineScript charging(CourseKind kind = CourseKind::lecture) {
  return TimelineScript{}.created(kind).charge_requested();
}

inline std::vector<std::string> events_of(const SagaDecision& decision) {
  std::vector<std::string> names;
  for (const auto& record : decision.records) names.emplace_back(event_name(record.event));
  return names;
}
template <class Effect>
std::vector<Effect> effects_of(const SagaDecision& decision) {
  std::vector<Effect> found;
  for (const auto& effect : decision.effects)
    if (const auto* one = std::get_if<Effect>(&effect)) found.push_back(*one);
  return found;
}
/// The labels of what is sent to participants.
inline std::vector<std::string> sent_by(const SagaDecision& decision) {
  std::vector<std::string> labels;
  for (const auto& [command] : effects_of<SendCommand>(decision))
    labels.emplace_back(step_label(command.step.step, command.step.direction));
  return labels;
}
inline std::vector<std::optional<Refusal>> answers_of(const SagaDecision& decision) {
  std::vector<std::optional<Refusal>> refusals;
  for (const auto& answer : effects_of<AnswerCaller>(decision)) refusals.push_back(answer.outcome.refusal);
  return refusals;
}

inline StepReply reply(Causation step, StepOutcome outcome) {
  return {.step = step, .outcome = outcome, .error = "why"};
}

}  // namespace sugang
