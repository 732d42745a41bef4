#include <gtest/gtest.h>

#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

/// Managers, instructors and couriers, who come at any moment.
struct StaffSteps : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables);

  void SetUp() override {
    life->register_course("product-1", product(5));
    life->register_course("training-1", training(5));
    life->settle();
  }
  EnrollmentId place(const std::string& course, const std::string& student = "s1") {
    auto id = life->place({.course = CourseId{course}, .student = StudentId{student}}, Life::silent());
    life->settle_with_company();
    return id;
  }
  std::optional<Refusal> take(EnrollmentId id, StaffStep step) {
    std::optional<Refusal> refusal;
    life->take_step(id, std::move(step), Life::caller([&](const Outcome& outcome) { refusal = outcome.refusal; }));
    life->settle();
    return refusal;
  }
  TimeSlot slot_in(std::chrono::hours from_now) const {
    const auto starts = durables.timers.now() + from_now;
    return {starts, starts + std::chrono::hours{1}};
  }
};

TEST_F(StaffSteps, ThatAgreesOnAnotherSlotFinishesFirstWhatAPauseCutOff) {
  auto id = place("training-1");
  ASSERT_FALSE(take(id, AssignInstructor{InstructorId{"anna"}}));
  const auto booked = slot_in(std::chrono::hours{1});
  // The calendar has it, and the coaching is paused before its reply.
  life->take_step(id, AgreeOnSlot{booked});
  while (!life->summary(id).booked) {
    ASSERT_TRUE(life->run_one_turn());
    life->commit();
    if (life->journal().durable_position() > 0 && life->summary(id).booked) break;
  }
  life->components.set(Component::coaching, false);
  life->settle();
  life->components.set(Component::coaching, true);
  const auto later = slot_in(std::chrono::hours{5});
  EXPECT_FALSE(take(id, AgreeOnSlot{later}));
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  EXPECT_EQ(life->summary(id).coaching->slot, later);
  EXPECT_FALSE(take(id, AgreeOnSlot{booked}));
  EXPECT_EQ(life->summary(id).coaching->slot, booked);
}

TEST_F(StaffSteps, IsAnsweredWhenAStepFaultsAndMayTakeItAgain) {
  auto id = place("training-1");
  life->ids().fault_after(0);
  EXPECT_EQ(take(id, AssignInstructor{InstructorId{"anna"}}), Refusal{ServiceError::read_failed});
  EXPECT_EQ(life->reports.size(), 1u);
  EXPECT_FALSE(take(id, AssignInstructor{InstructorId{"anna"}}));
  EXPECT_EQ(life->summary(id).state, EnrollmentState::awaiting_schedule);
}

/// A confirmed training that anna gives, in a week.
struct ScheduledClass : StaffSteps {
  const InstructorId anna{"anna"}, bert{"bert"};
  const TimeSlot agreed = slot_in(std::chrono::hours{24 * 7});
  EnrollmentId id;

  void SetUp() override {
    StaffSteps::SetUp();
    id = place("training-1");
    ASSERT_FALSE(take(id, AssignInstructor{anna}));
    ASSERT_FALSE(take(id, AgreeOnSlot{agreed}));
    ASSERT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  }
  InstructorCalendar calendar(const InstructorId& instructor) {
    InstructorCalendar folded;
    for (const auto& record : life->journal().history(AggregateId::calendar_of(instructor)))
      apply(folded, std::get<CalendarEvent>(record.event));
    return folded;
  }
  /// Exactly this calendar has the class, at this time, and the coaching says so too.
  void expect_class(const InstructorId& instructor, const TimeSlot& slot) {
    const auto summary = life->summary(id);
    EXPECT_EQ(summary.state, EnrollmentState::confirmed);
    EXPECT_EQ(summary.coaching->instructor, instructor);
    EXPECT_EQ(summary.coaching->slot, slot);
    EXPECT_EQ(pending_move(summary), std::nullopt);
    for (const auto& each : {anna, bert}) {
      const auto slots = calendar(each).slots;
      EXPECT_EQ(slots.size(), each == instructor ? 1u : 0u) << each.text;
      if (each == instructor && slots.contains(id)) EXPECT_EQ(slots.at(id), slot);
    }
  }
};

TEST_F(ScheduledClass, MovesToAnotherTimeAndToAnotherInstructorAndBack) {
  const auto later = slot_in(std::chrono::hours{24 * 9});
  EXPECT_FALSE(take(id, AgreeOnSlot{later}));
  expect_class(anna, later);
  EXPECT_GE(life->summary(id).deadline, later.ends_at + life->node().limits.staff_deadline);
  EXPECT_FALSE(take(id, AssignInstructor{bert}));
  expect_class(bert, later);
  EXPECT_FALSE(take(id, AssignInstructor{anna}));
  expect_class(anna, later);
  life->cancel(id);
  life->settle_with_company();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
  EXPECT_TRUE(calendar(anna).slots.empty());
}

TEST_F(ScheduledClass, StaysWhereItIsWhenTheOtherInstructorHasNoTime) {
  const auto other = place("training-1", "s2");
  EXPECT_EQ(take(other, AssignInstructor{bert}), std::nullopt);
  EXPECT_EQ(take(other, AgreeOnSlot{agreed}), std::nullopt);
  EXPECT_EQ(take(id, AssignInstructor{bert}), Refusal{CalendarError::slot_taken});
  EXPECT_EQ(life->summary(id).coaching->instructor, anna);
  EXPECT_EQ(calendar(anna).slots.at(id), agreed);
}

TEST_F(ScheduledClass, IsNotMovedOnceItHasBegun) {
  durables.timers.advance(agreed.starts_at - durables.timers.now());
  life->settle();
  EXPECT_EQ(take(id, AssignInstructor{bert}), Refusal{CalendarError::class_began});
  EXPECT_EQ(take(id, AgreeOnSlot{slot_in(std::chrono::hours{5})}), Refusal{CalendarError::class_began});
  EXPECT_FALSE(take(id, AssignInstructor{anna})) << "the same again";
  expect_class(anna, agreed);
}

// The node crashes after each record of the move in turn: what has begun is finished, or never happened.
TEST_F(ScheduledClass, IsInOneCalendarWhereverACrashCutsTheMoveOff) {
  auto here = anna;
  auto slot = agreed;
  for (int turns = 1; turns <= 12; ++turns) {
    const auto there = here == anna ? bert : anna;
    life->take_step(id, AssignInstructor{there});
    for (int i = 0; i < turns && life->run_one_turn(); ++i) {
    }
    while (life->commit()) {
    }
    life.reset();
    life = std::make_unique<Life>(durables, 2 + static_cast<std::uint64_t>(turns));
    life->resume_pending();
    life->settle();
    here = *life->summary(id).coaching->instructor;
    expect_class(here, slot);
  }
}

TEST_F(ScheduledClass, IsCancelledWholeWhileItMoves) {
  for (int turns = 0; turns < 8; ++turns) {
    const auto moving = place("training-1", "s2");
    const auto week = slot_in(std::chrono::hours{24 * (10 + turns)});
    ASSERT_FALSE(take(moving, AssignInstructor{anna}));
    ASSERT_FALSE(take(moving, AgreeOnSlot{week}));
    life->take_step(moving, AssignInstructor{bert});
    for (int i = 0; i < turns && life->run_one_turn(); ++i) {
    }
    life->cancel(moving);
    life->settle_with_company();
    EXPECT_EQ(life->summary(moving).state, EnrollmentState::cancelled) << turns;
    EXPECT_FALSE(calendar(anna).slots.contains(moving)) << turns;
    EXPECT_FALSE(calendar(bert).slots.contains(moving)) << turns;
  }
}

TEST_F(StaffSteps, LeavesTheSagaStuckWhenTheLastDeadlinePasses) {
  auto id = place("product-1");
  ASSERT_FALSE(take(id, StartDelivery{}));
  const auto awaits = life->summary(id);
  ASSERT_EQ(awaits.awaits, Step::complete_delivery);
  while (durables.timers.now() < awaits.deadline) {
    ASSERT_TRUE(durables.timers.has_alarm());
    durables.timers.sound_next();
    life->settle();
  }
  EXPECT_EQ(life->summary(id).saga, SagaState::stuck);
  // The staff takes it all the same.
  EXPECT_FALSE(take(id, CompleteDelivery{}));
  EXPECT_EQ(life->summary(id).state, EnrollmentState::completed);
}

}  // namespace
}  // namespace sugang
