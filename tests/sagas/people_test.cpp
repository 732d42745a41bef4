#include <gtest/gtest.h>

#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

/// Managers, instructors and couriers, who come at any moment.
struct People : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables);

  void SetUp() override {
    life->register_course("product-1", product(5));
    life->register_course("training-1", training(5));
    life->settle();
  }
  EnrollmentId place(const std::string& course) {
    auto id = life->place({.course = CourseId{course}, .student = StudentId{"s1"}}, Life::silent());
    life->settle_with_company();
    return id;
  }
  std::optional<Refusal> take(EnrollmentId id, PersonStep step) {
    std::optional<Refusal> refusal;
    life->take_step(id, std::move(step), Life::asker([&](const Outcome& outcome) { refusal = outcome.refusal; }));
    life->settle();
    return refusal;
  }
  TimeSlot slot_in(std::chrono::hours from_now) const {
    const auto starts = durables.timers.now() + from_now;
    return {starts, starts + std::chrono::hours{1}};
  }
};

TEST_F(People, StartADeliveryWhileTheMileageIsPausedAndNoCancelOvertakesThem) {
  life->components.set(Component::mileage, false);
  auto id = place("product-1");
  ASSERT_FALSE(take(id, StartDelivery{}));
  // Both before the account answers: the cancel waits for the mileage, and then finds the courier on the way.
  life->components.set(Component::mileage, true);
  life->resume_owed();
  std::optional<Refusal> refusal;
  life->cancel(id, Life::asker([&](const Outcome& outcome) { refusal = outcome.refusal; }));
  life->settle();
  EXPECT_EQ(refusal, Refusal{EnrollmentError::not_cancellable});
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  EXPECT_EQ(life->summary(id).mileage_earned, 300);
  EXPECT_FALSE(take(id, CompleteDelivery{}));
  EXPECT_EQ(life->summary(id).state, EnrollmentState::completed);
}

TEST_F(People, WhoCompleteADeliveryWhileTheMileageIsPausedLoseTheStudentNothing) {
  life->components.set(Component::mileage, false);
  auto id = place("product-1");
  EXPECT_FALSE(take(id, StartDelivery{}));
  EXPECT_FALSE(take(id, CompleteDelivery{}));
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  life->components.set(Component::mileage, true);
  life->resume_owed();
  life->settle();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::completed);
  EXPECT_EQ(life->summary(id).mileage_earned, 300);
}

TEST_F(People, CannotAgreeOnAnotherSlotThanTheCalendarHas) {
  auto id = place("training-1");
  ASSERT_FALSE(take(id, AssignInstructor{InstructorId{"anna"}}));
  const auto booked = slot_in(std::chrono::hours{1});
  // The calendar has it, and the coaching is paused before it hears.
  life->take_step(id, AgreeOnSlot{booked});
  while (!life->summary(id).booked) {
    ASSERT_TRUE(life->run_one_turn());
    life->commit();
    if (life->journal().durable_position() > 0 && life->summary(id).booked) break;
  }
  life->components.set(Component::coaching, false);
  life->settle();
  life->components.set(Component::coaching, true);
  EXPECT_EQ(take(id, AgreeOnSlot{slot_in(std::chrono::hours{5})}), Refusal{CoachingError::already_scheduled});
  EXPECT_FALSE(take(id, AgreeOnSlot{booked}));
  EXPECT_EQ(life->summary(id).coaching->slot, booked);
}

TEST_F(People, AreAnsweredWhenTheirStepFaultsAndMayTakeItAgain) {
  auto id = place("training-1");
  life->ids().fault_after(0);
  EXPECT_EQ(take(id, AssignInstructor{InstructorId{"anna"}}), Refusal{ServiceError::overloaded});
  EXPECT_EQ(life->reports.size(), 1u);
  EXPECT_FALSE(take(id, AssignInstructor{InstructorId{"anna"}}));
  EXPECT_EQ(life->summary(id).state, EnrollmentState::awaiting_schedule);
}

TEST_F(People, AreListedAsStuckWhenTheyLetTheLastDeadlinePass) {
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
  // She comes all the same.
  EXPECT_FALSE(take(id, CompleteDelivery{}));
  EXPECT_EQ(life->summary(id).state, EnrollmentState::completed);
}

}  // namespace
}  // namespace sugang
