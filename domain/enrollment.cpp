#include "domain/enrollment.hpp"

namespace sugang {
namespace {

bool has_ended(EnrollmentState state) {
  return state == EnrollmentState::rejected || state == EnrollmentState::expired ||
         state == EnrollmentState::cancelled || state == EnrollmentState::completed;
}

/// `event` once from `from`; nothing more once `reached`; refused otherwise.
template <class Event>
EnrollmentDecision move(EnrollmentState state, EnrollmentState from, EnrollmentState reached, Event event) {
  if (state == reached) return {};
  if (state != from) return EnrollmentError::ended;
  return EnrollmentDecision::of(std::move(event));
}

EnrollmentDecision decide_request_cancel(EnrollmentState state, const RequestCancel& command) {
  if (state == EnrollmentState::cancel_requested || state == EnrollmentState::cancelled) return {};
  if (has_ended(state)) return EnrollmentError::not_cancellable;
  return EnrollmentDecision::of(CancelRequested{command.reason});
}

}  // namespace

EnrollmentDecision decide(const Enrollment& enrollment, const EnrollmentCommand& command, TimePoint) {
  using State = EnrollmentState;
  const auto state = enrollment.state;
  if (state == State::none && !std::holds_alternative<RequestEnrollment>(command))
    return EnrollmentError::not_found;
  return match(command)(
      [&](const RequestEnrollment& c) {
        return state == State::none ? EnrollmentDecision::of(c.request) : EnrollmentDecision{};
      },
      [&](const ConfirmEnrollment&) {
        return move(state, State::requested, State::confirmed, EnrollmentConfirmed{});
      },
      [&](const RejectEnrollment& c) {
        return move(state, State::requested, State::rejected, EnrollmentRejected{c.reason});
      },
      [&](const ExpireEnrollment&) { return move(state, State::requested, State::expired, EnrollmentExpired{}); },
      [&](const RequestCancel& c) { return decide_request_cancel(state, c); },
      [&](const CancelEnrollment&) {
        return move(state, State::cancel_requested, State::cancelled, EnrollmentCancelled{});
      },
      [&](const CompleteEnrollment&) {
        return move(state, State::confirmed, State::completed, EnrollmentCompleted{});
      },
      [&](const RequestSeatsChange& c) -> EnrollmentDecision {
        if (enrollment.changing) return EnrollmentError::changing;
        if (state != State::confirmed) return EnrollmentError::not_changeable;
        return EnrollmentDecision::of(c.request);
      },
      [&](const ConfirmSeatsChange&) {
        return enrollment.changing ? EnrollmentDecision::of(SeatsChanged{}) : EnrollmentDecision{};
      },
      [&](const RefuseSeatsChange& c) {
        return enrollment.changing ? EnrollmentDecision::of(SeatsChangeRefused{c.reason}) : EnrollmentDecision{};
      });
}

void apply(Enrollment& enrollment, const EnrollmentEvent& event) {
  using State = EnrollmentState;
  auto& state = enrollment.state;
  match(event)([&](const EnrollmentRequested&) { state = State::requested; },
               [&](const EnrollmentConfirmed&) { state = State::confirmed; },
               [&](const EnrollmentRejected&) { state = State::rejected; },
               [&](const EnrollmentExpired&) { state = State::expired; },
               [&](const CancelRequested&) { state = State::cancel_requested; },
               [&](const EnrollmentCancelled&) { state = State::cancelled; },
               [&](const EnrollmentCompleted&) { state = State::completed; },
               [&](const SeatsChangeRequested&) { enrollment.changing = true; },
               [&](const SeatsChanged&) { enrollment.changing = false; },
               [&](const SeatsChangeRefused&) { enrollment.changing = false; });
}

}  // namespace sugang
