#include "domain/coaching.hpp"

namespace sugang {
namespace {

using State = CoachingState;

bool was_held(const Coaching& coaching) {
  return coaching.state == State::held || coaching.state == State::result_recorded;
}

CoachingDecision on(const Coaching& coaching, const RequestCoaching&, TimePoint) {
  if (coaching.state == State::released) return CoachingError::released;
  if (coaching.state != State::none) return {};
  return CoachingDecision::of(CoachingRequested{});
}

CoachingDecision on(const Coaching& coaching, const AssignInstructor& command, TimePoint) {
  if (coaching.state == State::none) return CoachingError::not_found;
  if (coaching.state == State::released) return CoachingError::released;
  if (coaching.instructor == command.instructor) return {};
  if (was_held(coaching)) return CoachingError::class_began;
  return CoachingDecision::of(CoachingAssigned{command.instructor});
}

CoachingDecision on(const Coaching& coaching, const ConfirmSchedule& command, TimePoint) {
  if (coaching.state == State::none) return CoachingError::not_found;
  if (coaching.state == State::released) return CoachingError::released;
  if (coaching.state == State::requested) return CoachingError::not_assigned;
  if (coaching.slot == command.slot) return {};
  if (was_held(coaching)) return CoachingError::class_began;
  return CoachingDecision::of(CoachingScheduled{command.slot});
}

CoachingDecision on(const Coaching& coaching, const RecordResult& command, TimePoint now) {
  switch (coaching.state) {
    case State::none: return CoachingError::not_found;
    case State::requested:
    case State::assigned: return CoachingError::not_scheduled;
    case State::scheduled:
      if (command.held_at > now || command.held_at < coaching.slot->starts_at) return CoachingError::not_held_then;
      return CoachingDecision::of(CoachingHeld{command.held_at}, ResultRecorded{command.result});
    case State::held: return CoachingDecision::of(ResultRecorded{command.result});
    case State::result_recorded:
      if (coaching.result == command.result && coaching.held_at == command.held_at) return {};
      return CoachingError::already_recorded;
    case State::released: return CoachingError::released;
  }
  return {};
}

CoachingDecision on(const Coaching& coaching, const ReleaseCoaching&, TimePoint) {
  if (coaching.state == State::released) return {};
  if (was_held(coaching)) return CoachingError::already_held;
  return CoachingDecision::of(CoachingReleased{});
}

}  // namespace

CoachingDecision decide(const Coaching& coaching, const CoachingCommand& command, TimePoint now) {
  return std::visit([&](const auto& each) { return on(coaching, each, now); }, command);
}

void apply(Coaching& coaching, const CoachingEvent& event) {
  match(event)([&](const CoachingRequested&) { coaching.state = State::requested; },
               [&](const CoachingAssigned& e) {
                 if (coaching.state != State::scheduled) coaching.state = State::assigned;
                 coaching.instructor = e.instructor;
               },
               [&](const CoachingScheduled& e) {
                 coaching.state = State::scheduled;
                 coaching.slot = e.slot;
               },
               [&](const CoachingHeld& e) {
                 coaching.state = State::held;
                 coaching.held_at = e.held_at;
               },
               [&](const ResultRecorded& e) {
                 coaching.state = State::result_recorded;
                 coaching.result = e.result;
               },
               [&](const CoachingReleased&) { coaching.state = State::released; });
}

}  // namespace sugang
