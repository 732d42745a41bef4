#include "domain/enrollment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <optional>

#include "tests/domain/given.hpp"

namespace sugang {
namespace {

using State = EnrollmentState;

EnrollmentRequested request() {
  return {
      .course = {"lecture-1"}, .student = {"ann"}, .seats = 1, .kind = CourseKind::lecture, .amount = {12'000, {}}};
}

/// How an enrollment comes to be in a state.
std::vector<EnrollmentEvent> way_to(State state) {
  switch (state) {
    case State::none: return {};
    case State::requested: return {request()};
    case State::confirmed: return {request(), EnrollmentConfirmed{}};
    case State::rejected: return {request(), EnrollmentRejected{"declined"}};
    case State::expired: return {request(), EnrollmentExpired{}};
    case State::cancel_requested: return {request(), EnrollmentConfirmed{}, CancelRequested{"ill"}};
    case State::cancelled: return {request(), EnrollmentConfirmed{}, CancelRequested{"ill"}, EnrollmentCancelled{}};
    case State::completed: return {request(), EnrollmentConfirmed{}, EnrollmentCompleted{}};
    case State::waitlisted:
    case State::seats_held:
    case State::payment_pending:
    case State::awaiting_instructor:
    case State::awaiting_schedule: break;
  }
  ADD_FAILURE() << "only readers see " << to_text(state);
  return {};
}

constexpr std::array states{State::none,    State::requested,        State::confirmed, State::rejected,
                            State::expired, State::cancel_requested, State::cancelled, State::completed};

const std::array<EnrollmentCommand, 7> commands{
    RequestEnrollment{request()}, ConfirmEnrollment{}, RejectEnrollment{"declined"}, ExpireEnrollment{},
    RequestCancel{"ill"},         CancelEnrollment{},  CompleteEnrollment{}};

/// What a command comes to: a new state, an error, or, with neither, nothing more.
struct Reaction {
  std::optional<State> becomes;
  std::optional<EnrollmentError> error;
};
constexpr Reaction same{};
constexpr Reaction becomes(State state) { return {state, {}}; }
constexpr Reaction refused(EnrollmentError error) { return {{}, error}; }

TEST(Enrollment, AnswersEveryCommandInEveryStateAsInTheTable) {
  constexpr auto lost = refused(EnrollmentError::not_found);
  constexpr auto ended = refused(EnrollmentError::ended);
  constexpr auto final = refused(EnrollmentError::not_cancellable);
  // clang-format off
  const Reaction table[states.size()][commands.size()] = {
      //                     request                    confirm                    reject                    expire                   request cancel                    cancel                     complete
      /* none             */ {becomes(State::requested), lost,                     lost,                     lost,                    lost,                             lost,                      lost},
      /* requested        */ {same,                      becomes(State::confirmed), becomes(State::rejected), becomes(State::expired), becomes(State::cancel_requested), ended, ended},
      /* confirmed        */ {same,                      same,                     ended,                    ended,                   becomes(State::cancel_requested), ended, becomes(State::completed)},
      /* rejected         */ {same,                      ended,                    same,                     ended,                   final,                            ended, ended},
      /* expired          */ {same,                      ended,                    ended,                    same,                    final,                            ended, ended},
      /* cancel_requested */ {same,                      ended,                    ended,                    ended,                   same,                             becomes(State::cancelled), ended},
      /* cancelled        */ {same,                      ended,                    ended,                    ended,                   same,                             same, ended},
      /* completed        */ {same,                      ended,                    ended,                    ended,                   final,                            ended,                     same},
  };
  // clang-format on
  for (std::size_t s = 0; s < states.size(); ++s)
    for (std::size_t c = 0; c < commands.size(); ++c) {
      SCOPED_TRACE(testing::Message() << to_text(states[s]) << ", command " << c);
      auto enrollment = replay<Enrollment>(way_to(states[s]));
      ASSERT_EQ(enrollment.state, states[s]);
      const auto decision = decide(enrollment, commands[c], noon);
      EXPECT_EQ(decision.error, table[s][c].error);
      EXPECT_EQ(decision.events.size(), table[s][c].becomes ? 1u : 0u);
      for (const auto& event : decision.events) apply(enrollment, event);
      EXPECT_EQ(enrollment.state, table[s][c].becomes.value_or(states[s]));
    }
}

TEST(RequestEnrollment, KeepsWhatWasAskedAndItsPrice) {
  EXPECT_THAT(given<Enrollment>().when(RequestEnrollment{request()}), Causes(request()));
}

TEST(RejectEnrollment, HasTheReason) {
  EXPECT_THAT(given<Enrollment>(request()).when(RejectEnrollment{"card expired"}),
              Causes(EnrollmentRejected{"card expired"}));
}

TEST(RequestCancel, KeepsTheReasonOfTheFirst) {
  EXPECT_THAT(given<Enrollment>(request()).when(RequestCancel{"ill"}), Causes(CancelRequested{"ill"}));
  EXPECT_THAT(given<Enrollment>(request(), CancelRequested{"ill"}).when(RequestCancel{"bored"}), ChangesNothing());
}

TEST(ConfirmEnrollment, ThatComesAfterTheCancelIsTooLate) {
  EXPECT_THAT(given<Enrollment>(request(), CancelRequested{""}).when(ConfirmEnrollment{}),
              Refuses(EnrollmentError::ended));
}

TEST(RequestCancel, OfWhatIsDeliveredOrHeldIsTooLate) {
  const auto past = given<Enrollment>(request(), EnrollmentConfirmed{}, EnrollmentCompleted{});
  EXPECT_THAT(past.when(RequestCancel{"bored"}), Refuses(EnrollmentError::not_cancellable));
}

rc::Gen<std::vector<std::size_t>> any_commands() {
  return rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, commands.size()));
}

RC_GTEST_PROP(Enrollment, EndsAtMostOnceAndThenStaysAsItIs, ()) {
  Enrollment enrollment;
  std::optional<State> end;
  for (auto c : *any_commands()) {
    for (const auto& event : decide(enrollment, commands[c], noon).events) apply(enrollment, event);
    RC_ASSERT(!end || enrollment.state == *end);
    if (enrollment.state == State::rejected || enrollment.state == State::expired ||
        enrollment.state == State::cancelled || enrollment.state == State::completed)
      end = enrollment.state;
  }
}

RC_GTEST_PROP(Enrollment, IsNeverInAStateThatOnlyItsTimelineKnows, ()) {
  Enrollment enrollment;
  for (auto c : *any_commands()) {
    for (const auto& event : decide(enrollment, commands[c], noon).events) apply(enrollment, event);
    for (auto seen_by_readers : {State::waitlisted, State::seats_held, State::payment_pending,
                                 State::awaiting_instructor, State::awaiting_schedule})
      RC_ASSERT(enrollment.state != seen_by_readers);
  }
}

RC_GTEST_PROP(Enrollment, ReplayedFromItsEventsIsTheSame, ()) {
  Enrollment enrollment;
  std::vector<EnrollmentEvent> events;
  for (auto c : *any_commands())
    for (const auto& event : decide(enrollment, commands[c], noon).events) {
      apply(enrollment, event);
      events.push_back(event);
    }
  RC_ASSERT(replay<Enrollment>(events) == enrollment);
}

}  // namespace
}  // namespace sugang
