#include <gmock/gmock.h>

#include "storage/journal_page.hpp"
#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

using testing::HasSubstr;

ActorLimits leaving_at_once() {
  ActorLimits limits;
  limits.course_idle = Milliseconds{0};
  limits.calendar_idle = Milliseconds{0};
  limits.stuck_attempts = 2;
  return limits;
}

/// Aggregates whose records can't be read, beside others.
struct ReadDamage : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables, 1, leaving_at_once());

  void SetUp() override {
    // Each on a page of its own.
    for (const auto* id : {"spoiled", "sound"}) {
      life->register_course(id, lecture(9));
      leave();
    }
    life->register_course("training", training(9));
    leave();
  }
  void leave() {
    life->settle_with_company();
    life->sweep();
  }
  void restart() {
    life.reset();
    life = std::make_unique<Life>(durables, 2, leaving_at_once());
  }
  EnrollmentId place(const std::string& course, const std::string& student = "s1") {
    const auto id = life->place({.course = CourseId{course}, .student = StudentId{student}}, Life::silent());
    leave();
    return id;
  }
  /// Every page with a record of the aggregate.
  void spoil(const AggregateId& id) {
    for (const auto& record : life->journal().history(id)) {
      const auto page = durables.store->last_at_or_before(pages_space, page_key(record.position));
      ASSERT_TRUE(page);
      durables.store->spoil(pages_space, page->first);
    }
  }
  /// How a caller is answered; nothing: not at all.
  std::optional<Outcome> answered(const std::function<void(Caller)>& ask) {
    auto outcome = std::make_shared<std::optional<Outcome>>();
    bool seen = false;
    ask(Life::caller([outcome](const Outcome& reported) { *outcome = reported; }, [&](Answer) { seen = true; }));
    life->settle_with_company();
    EXPECT_TRUE(seen) << "a caller was not answered";
    return *outcome;
  }
  std::optional<Refusal> refusal_of(const std::function<void(Caller)>& ask) {
    const auto outcome = answered(ask);
    return outcome ? outcome->refusal : std::nullopt;
  }
  void expect_at_rest() {
    EXPECT_FALSE(life->failure()) << *life->failure();
    life->sweep();
    EXPECT_EQ(life->directory().residents(), 0u) << "who can't be read leaves memory";
  }
};

const auto met = Refusal{ServiceError::journal_damaged};
const auto known = Refusal{ServiceError::quarantined};

TEST_F(ReadDamage, RefusesWhatConcernsTheCourseAndServesTheOthers) {
  place("spoiled");
  spoil(CourseId{"spoiled"});
  const PlaceEnrollment command{.course = CourseId{"spoiled"}, .student = StudentId{"s2"}};
  EXPECT_EQ(refusal_of([&](Caller caller) { life->place(command, std::move(caller)); }), met);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->place(command, std::move(caller)); }), known);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->revise("spoiled", {}, std::move(caller)); }), known);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->cancel_course("spoiled", std::move(caller)); }), known);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->register_course("spoiled", lecture(1), std::move(caller)); }),
            known)
      << "it is unknown whether it is registered";
  std::optional<ServiceError> failed;
  life->read_course(CourseId{"spoiled"},
                    [&](const auto& read, Position) { failed = std::get<ServiceError>(read); });
  life->settle();
  EXPECT_EQ(failed, ServiceError::quarantined);
  EXPECT_FALSE(refusal_of([&](Caller caller) {
    life->place({.course = CourseId{"sound"}, .student = StudentId{"s2"}}, std::move(caller));
  }));
  expect_at_rest();
}

TEST_F(ReadDamage, AnswersEveryCallerOfAnEnrollmentThatCannotBeRead) {
  const auto id = place("spoiled");
  spoil(id);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->cancel(id, std::move(caller)); }), met);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->cancel(id, std::move(caller)); }), known);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->take_step(id, StartDelivery{}, std::move(caller)); }), known);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->operate(id, OperatorAction::retry, std::move(caller)); }), known);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->join(id, std::move(caller)); }), known);
  expect_at_rest();
}

TEST_F(ReadDamage, OfPendingSagasStopsNoStart) {
  const auto spoiled = place("training"), sound = place("training", "s2");
  ASSERT_EQ(life->journal().pending().size(), 2u);
  restart();
  // Behind what the start has verified.
  spoil(saga_of(spoiled));
  life->resume_pending();
  leave();
  EXPECT_EQ(life->journal().quarantine().aggregates(), 1u);
  EXPECT_EQ(refusal_of([&](Caller caller) {
              life->take_step(spoiled, AssignInstructor{InstructorId{"anna"}}, std::move(caller));
            }),
            known);
  EXPECT_EQ(life->summary(sound).state, EnrollmentState::awaiting_instructor);
  expect_at_rest();
}

TEST_F(ReadDamage, OfAParticipantLeavesTheSagaListedWithTheReason) {
  const InstructorId anna{"anna"};
  const auto take = [&](EnrollmentId id, StaffStep step) {
    ASSERT_FALSE(refusal_of([&](Caller caller) { life->take_step(id, std::move(step), std::move(caller)); }));
    leave();
  };
  const auto first = place("training"), second = place("training", "s2");
  auto starts = durables.timers.now();
  for (const auto id : {first, second}) {
    starts += std::chrono::hours{24};
    take(id, AssignInstructor{anna});
    take(id, AgreeOnSlot{{starts, starts + std::chrono::hours{1}}});
  }
  // What can't be read of the calendar is another enrollment's.
  const auto booked = life->journal().history(AggregateId::calendar_of(anna)).front().position;
  durables.store->spoil(pages_space, durables.store->last_at_or_before(pages_space, page_key(booked))->first);
  life->cancel(second);
  for (int i = 0; i < 4; ++i) {
    durables.timers.advance(Milliseconds{60'000});
    leave();
  }
  EXPECT_EQ(life->summary(second).saga, SagaState::stuck);
  EXPECT_THAT(life->summary(second).last_error, HasSubstr("can't be read"));
  EXPECT_FALSE(life->failure());
}

TEST_F(ReadDamage, OfACalendarIsAnsweredToTheInstructorAtOnce) {
  const auto first = place("training"), second = place("training", "s2");
  const auto now = durables.timers.now();
  const auto agree = [&](EnrollmentId id, int hour) {
    const TimeSlot slot{now + std::chrono::hours{hour}, now + std::chrono::hours{hour + 1}};
    return refusal_of([&](Caller caller) { life->take_step(id, AgreeOnSlot{slot}, std::move(caller)); });
  };
  for (const auto id : {first, second})
    ASSERT_FALSE(refusal_of(
        [&](Caller caller) { life->take_step(id, AssignInstructor{InstructorId{"anna"}}, std::move(caller)); }));
  ASSERT_FALSE(agree(first, 1));
  leave();
  spoil(AggregateId::calendar_of(InstructorId{"anna"}));
  EXPECT_EQ(agree(second, 3), met);
  EXPECT_EQ(agree(second, 3), known);
  EXPECT_EQ(life->summary(second).state, EnrollmentState::awaiting_schedule);
  EXPECT_FALSE(life->failure());
}

TEST_F(ReadDamage, OfTheCalendarThatAClassLeavesIsListedAndKeepsNoCallerWaiting) {
  const auto take = [&](EnrollmentId id, StaffStep step) {
    const auto refusal =
        refusal_of([&](Caller caller) { life->take_step(id, std::move(step), std::move(caller)); });
    leave();
    return refusal;
  };
  const auto schedule = [&](EnrollmentId id, int day) {
    ASSERT_FALSE(take(id, AssignInstructor{InstructorId{"anna"}}));
    const auto starts = durables.timers.now() + std::chrono::hours{24 * day};
    ASSERT_FALSE(take(id, AgreeOnSlot{{starts, starts + std::chrono::hours{1}}}));
  };
  // What can't be read of anna's calendar is another enrollment's.
  schedule(place("training", "s2"), 1);
  const auto id = place("training");
  schedule(id, 2);
  const auto booked = life->journal().history(AggregateId::calendar_of(InstructorId{"anna"})).front().position;
  durables.store->spoil(pages_space, durables.store->last_at_or_before(pages_space, page_key(booked))->first);
  take(id, AssignInstructor{InstructorId{"bert"}});
  for (int i = 0; i < 4; ++i) {
    durables.timers.advance(Milliseconds{60'000});
    leave();
  }
  EXPECT_EQ(life->summary(id).saga, SagaState::stuck);
  EXPECT_THAT(life->summary(id).last_error, HasSubstr("can't be read"));
  EXPECT_TRUE(take(id, AssignInstructor{InstructorId{"carl"}}));
  EXPECT_TRUE(refusal_of([&](Caller caller) { life->cancel(id, std::move(caller)); }));
  EXPECT_FALSE(life->failure());
}

TEST_F(ReadDamage, OfTheCourseOfAPaidEnrollmentKeepsNoCancelWaiting) {
  const auto id = life->place({.course = CourseId{"spoiled"}, .student = StudentId{"s1"}}, Life::silent());
  life->settle();
  life->sweep();
  const auto registered = life->journal().history(AggregateId{CourseId{"spoiled"}}).front().position;
  durables.store->spoil(pages_space, durables.store->last_at_or_before(pages_space, page_key(registered))->first);
  leave();
  ASSERT_EQ(life->summary(id).payment, PaymentState::approved);
  EXPECT_TRUE(refusal_of([&](Caller caller) { life->cancel(id, std::move(caller)); }));
}

TEST_F(ReadDamage, OfASnapshotThatCannotBeFoldedIsNotReadAgainAndAgain) {
  WriteSet changes;
  const AggregateId course{CourseId{"spoiled"}};
  changes.put(snapshots_space, snapshot_key(course), snapshot_value(1, {course, 1, "no course"}));
  durables.store->write(changes, Sync::yes);
  EXPECT_EQ(refusal_of([&](Caller caller) { life->revise("spoiled", {}, std::move(caller)); }), met);
  expect_at_rest();
}

}  // namespace
}  // namespace sugang
