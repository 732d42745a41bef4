#include "domain/coaching.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/domain/reaction_table.hpp"

namespace sugang {
namespace {

using State = CoachingState;
using Table = ReactionTable<Coaching>;

const InstructorId kim{"kim"}, lee{"lee"};
constexpr TimeSlot morning{noon - std::chrono::hours{3}, noon - std::chrono::hours{2}};
constexpr TimeSlot evening{noon + std::chrono::hours{6}, noon + std::chrono::hours{7}};

constexpr CoachingRequested requested;
const CoachingAssigned assigned{kim};
constexpr CoachingScheduled scheduled{morning};
constexpr CoachingHeld held{morning.ends_at};
const ResultRecorded recorded{"runs 5 km"};
constexpr CoachingReleased released;

Table table() {
  const auto nothing = Table::does();
  using Error = CoachingError;
  const Table::Reaction lost{Error::not_found}, unassigned{Error::not_assigned}, unscheduled{Error::not_scheduled},
      was_held{Error::already_held}, gone{Error::released};
  // clang-format off
  return {.commands = {RequestCoaching{}, AssignInstructor{kim}, ConfirmSchedule{morning},
                       RecordResult{"runs 5 km", morning.ends_at}, ReleaseCoaching{}},
          .rows = {
              {State::none, {}, {Table::does(requested), lost, lost, lost, Table::does(released)}},
              {State::requested, {requested}, {nothing, Table::does(assigned), unassigned, unscheduled, Table::does(released)}},
              {State::assigned, {requested, assigned}, {nothing, nothing, Table::does(scheduled), unscheduled, Table::does(released)}},
              {State::scheduled, {requested, assigned, scheduled}, {nothing, nothing, nothing, Table::does(held, recorded), Table::does(released)}},
              {State::held, {requested, assigned, scheduled, held}, {nothing, nothing, nothing, Table::does(recorded), was_held}},
              {State::result_recorded, {requested, assigned, scheduled, held, recorded}, {nothing, nothing, nothing, nothing, was_held}},
              {State::released, {requested, assigned, scheduled, released}, {gone, gone, gone, gone, nothing}},
          }};
  // clang-format on
}

TEST(Coaching, AnswersEveryCommandInEveryStateAsInTheTable) { table().expect_all(); }

TEST(Coaching, AnswersARepeatedCommandWithoutAnEvent) { table().expect_repeats_change_nothing(); }

TEST(AssignInstructor, AgainWithAnotherOneKeepsTheScheduleUntilTheClassIsHeld) {
  EXPECT_THAT(given<Coaching>(requested, assigned).when(AssignInstructor{lee}), Causes(CoachingAssigned{lee}));
  const auto past = given<Coaching>(requested, assigned, scheduled, CoachingAssigned{lee});
  EXPECT_EQ(past.state().instructor, lee);
  EXPECT_EQ(past.state().slot, morning);
  EXPECT_EQ(past.state().state, State::scheduled);
  EXPECT_THAT(given<Coaching>(requested, assigned, scheduled, held).when(AssignInstructor{lee}),
              Refuses(CoachingError::class_began));
}

TEST(ConfirmSchedule, AgainWithAnotherSlotKeepsTheInstructorUntilTheClassIsHeld) {
  const auto past = given<Coaching>(requested, assigned, scheduled);
  EXPECT_THAT(past.when(ConfirmSchedule{evening}), Causes(CoachingScheduled{evening}));
  EXPECT_EQ(given<Coaching>(requested, assigned, scheduled, CoachingScheduled{evening}).state().instructor, kim);
  EXPECT_THAT(given<Coaching>(requested, assigned, scheduled, held).when(ConfirmSchedule{evening}),
              Refuses(CoachingError::class_began));
}

TEST(RecordResult, IsOfOneClassAndStays) {
  const auto past = given<Coaching>(requested, assigned, scheduled, held, recorded);
  EXPECT_THAT(past.when(RecordResult{"walks", morning.ends_at}), Refuses(CoachingError::already_recorded));
  EXPECT_THAT(past.when(RecordResult{"runs 5 km", evening.ends_at}), Refuses(CoachingError::already_recorded));
  EXPECT_EQ(past.state().result, "runs 5 km");
  EXPECT_EQ(past.state().held_at, morning.ends_at);
}

TEST(RecordResult, IsOfAClassThatWasHeldInThePastAndNotBeforeItsStart) {
  const auto past = given<Coaching>(requested, assigned, scheduled);
  const Milliseconds one{1};
  auto at = [&](TimePoint held_at) { return past.when(RecordResult{"runs 5 km", held_at}); };
  EXPECT_THAT(at(noon + one), Refuses(CoachingError::not_held_then)) << "still to come";
  EXPECT_THAT(at(noon), Causes(CoachingHeld{noon}, recorded)) << "now, after the end as planned";
  EXPECT_THAT(at(morning.starts_at), Causes(CoachingHeld{morning.starts_at}, recorded));
  EXPECT_THAT(at(morning.starts_at - one), Refuses(CoachingError::not_held_then)) << "before it began";
  const auto to_come = given<Coaching>(requested, assigned, CoachingScheduled{evening});
  EXPECT_THAT(to_come.when(RecordResult{"runs 5 km", evening.starts_at}), Refuses(CoachingError::not_held_then));
  EXPECT_THAT(to_come.when(RecordResult{"runs 5 km", noon}), Refuses(CoachingError::not_held_then));
}

TEST(ReleaseCoaching, BeforeTheRequestLeavesATombstone) {
  EXPECT_THAT(given<Coaching>(released).when(RequestCoaching{}), Refuses(CoachingError::released));
  EXPECT_THAT(given<Coaching>(released).when(AssignInstructor{kim}), Refuses(CoachingError::released));
}

RC_GTEST_PROP(Invariant7, AResultIsOfAClassThatWasHeld, ()) {
  const auto commands = table().commands;
  Coaching coaching;
  for (auto c : *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, commands.size())))
    for (const auto& event : decide(coaching, commands[c], noon).events) {
      if (std::holds_alternative<ResultRecorded>(event)) RC_ASSERT(coaching.held_at && coaching.slot);
      // What was held is never released (invariant 5), so assignment and schedule go together or stay together.
      if (std::holds_alternative<CoachingReleased>(event)) RC_ASSERT(!coaching.held_at);
      if (std::holds_alternative<CoachingScheduled>(event)) RC_ASSERT(coaching.instructor.has_value());
      apply(coaching, event);
    }
}

}  // namespace
}  // namespace sugang
