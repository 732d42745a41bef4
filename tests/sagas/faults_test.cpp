#include <gtest/gtest.h>

#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

/// Turns that throw, and steps that keep failing.
struct SagaFaults : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables, 1, limits());
  const InstructorId anna{"anna"}, bert{"bert"};

  static ActorLimits limits() {
    ActorLimits limits;
    limits.revoked_at_once = 2;
    return limits;
  }
  void SetUp() override {
    life->register_course("lecture-1", lecture(50));
    life->register_course("product-1", product(50));
    life->register_course("training-1", training(50));
    life->settle();
  }
  EnrollmentId place(const std::string& course, const std::string& student = "s1") {
    auto id =
        life->place({.course = CourseId{course}, .student = StudentId{student}}, Life::silent(), Milliseconds{0});
    life->settle_with_company();
    return id;
  }
  std::size_t count(EnrollmentId id, std::string_view event) {
    std::size_t found = 0;
    for (const auto& record : life->journal().timeline(id)) found += event_name(record.event) == event ? 1 : 0;
    return found;
  }
  /// Long enough for every retry after a fault.
  void pass() {
    for (int i = 0; i < 3; ++i) {
      durables.timers.advance(life->node().limits.retry_max);
      life->settle_with_company();
      life->sweep();
    }
  }
  /// With no fault left, the step is answered within the time of a retry, and is taken.
  void expect_taken(EnrollmentId id, const StaffStep& step) {
    life->ids().fault_never();
    pass();
    std::optional<Outcome> answer;
    life->take_step(id, step, Life::caller([&](const Outcome& outcome) { answer = outcome; }));
    life->settle();
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->refusal);
  }
  TimeSlot week(int number) const {
    const auto starts = durables.timers.now() + std::chrono::hours{24 * 7 * number};
    return {starts, starts + std::chrono::hours{1}};
  }
};

TEST_F(SagaFaults, OfTheGatewayMakeASagaStuckThatNoCallerKeepsInMemory) {
  const auto id = place("lecture-1");
  life->cancel(id, Life::silent(), Milliseconds{0});
  for (std::uint32_t attempt = 0; attempt < life->node().limits.stuck_attempts; ++attempt) {
    EXPECT_NE(life->summary(id).saga, SagaState::stuck);
    life->settle();
    ASSERT_FALSE(durables.company.waiting().empty()) << attempt;
    durables.company.leave_unknown(ScriptedGateway::Moved::no);
    life->settle();
    life->sweep();
    life->settle();
    durables.timers.advance(std::chrono::seconds{5});
  }
  life->settle();
  EXPECT_EQ(life->summary(id).saga, SagaState::stuck);
  EXPECT_EQ(life->summary(id).attempts, life->node().limits.stuck_attempts);
  EXPECT_EQ(count(id, "saga.step-failed"), 1u);
}

TEST_F(SagaFaults, InAnyTurnOfAPaymentLeaveItToBeSettled) {
  for (const std::string course : {"lecture-1", "product-1"})
    for (std::size_t after = 0; after < 10; ++after) {
      SCOPED_TRACE(course + " " + std::to_string(after));
      life->ids().fault_after(after);
      const auto id = place(course, "s" + std::to_string(after));
      life->ids().fault_never();
      pass();
      const auto state = life->summary(id).state;
      EXPECT_TRUE(state == EnrollmentState::none || state == EnrollmentState::confirmed) << to_text(state);
    }
}

TEST_F(SagaFaults, InAnyTurnOfADeliveryLeaveItsNextStepToBeTaken) {
  for (std::size_t after = 0; after < 8; ++after) {
    SCOPED_TRACE(after);
    const auto id = place("product-1", "s" + std::to_string(after));
    life->ids().fault_after(after);
    life->take_step(id, StartDelivery{});
    life->settle();
    life->take_step(id, CompleteDelivery{});
    life->settle();
    expect_taken(id, StartDelivery{});
    expect_taken(id, CompleteDelivery{});
    pass();
    EXPECT_EQ(life->summary(id).state, EnrollmentState::completed);
  }
  EXPECT_GE(life->reports.size(), 4u);
}

TEST_F(SagaFaults, InAnyTurnOfAMoveLeaveTheClassInOneCalendar) {
  for (std::size_t after = 0; after < 10; ++after) {
    SCOPED_TRACE(after);
    const auto id = place("training-1", "s" + std::to_string(after));
    const auto slot = week(static_cast<int>(after) + 1);
    life->take_step(id, AssignInstructor{anna});
    life->settle();
    life->take_step(id, AgreeOnSlot{slot});
    life->settle();
    ASSERT_EQ(life->summary(id).state, EnrollmentState::confirmed);
    life->ids().fault_after(after);
    std::optional<Outcome> answer;
    life->take_step(id, AssignInstructor{bert}, Life::caller([&](const Outcome& outcome) { answer = outcome; }));
    life->settle();
    pass();
    EXPECT_TRUE(answer);
    expect_taken(id, AssignInstructor{bert});
    pass();
    const auto summary = life->summary(id);
    EXPECT_EQ(summary.coaching->instructor, bert);
    EXPECT_EQ(summary.booked_with, bert);
    EXPECT_EQ(pending_move(summary), std::nullopt);
  }
  EXPECT_GE(life->reports.size(), 3u);
}

TEST_F(SagaFaults, OfACancelledCourseLeaveNoEnrollmentUnrevoked) {
  for (std::size_t after = 0; after < 24; ++after) {
    SCOPED_TRACE(after);
    const auto course = "hall-" + std::to_string(after);
    life->register_course(course, lecture(50));
    life->settle();
    std::vector<EnrollmentId> ids;
    for (int i = 0; i < 6; ++i) ids.push_back(place(course, "s" + std::to_string(i)));
    life->ids().fault_after(after);
    life->cancel_course(course);
    life->settle_with_company();
    life->ids().fault_never();
    pass();
    if (!life->describe(course)->cancelled) life->cancel_course(course);
    life->settle_with_company();
    for (const auto& id : ids) EXPECT_EQ(life->summary(id).state, EnrollmentState::cancelled);
    EXPECT_EQ(life->describe(course)->taken, 0u);
  }
}

TEST_F(SagaFaults, TheChargesDeadlineIsNotThatOfAPaidTraining) {
  life->payments_available = false;
  const auto id =
      life->place({.course = CourseId{"training-1"}, .student = StudentId{"s1"}, .seats = 1}, Life::silent());
  life->settle();
  ASSERT_EQ(life->summary(id).state, EnrollmentState::none) << "a training is refused without payments";
  life->payments_available = true;
  const auto paid =
      life->place({.course = CourseId{"training-1"}, .student = StudentId{"s2"}, .seats = 1}, Life::silent());
  life->settle();
  durables.company.leave_unknown(ScriptedGateway::Moved::no);
  life->payments_available = false;
  life->settle();
  durables.timers.advance(std::chrono::seconds{5});
  life->settle();
  life->components.set(Component::coaching, false);
  life->payments_available = true;
  durables.timers.advance(std::chrono::seconds{5});
  life->settle_with_company();
  ASSERT_EQ(life->summary(paid).payment, PaymentState::approved);
  durables.timers.advance(life->node().limits.payment_deadline);
  life->settle_with_company();
  EXPECT_EQ(life->summary(paid).turned, std::nullopt);
  life->components.set(Component::coaching, true);
  life->resume_pending();
  life->settle_with_company();
  EXPECT_EQ(life->summary(paid).awaits, Step::assign_instructor);
}

TEST_F(SagaFaults, OfAPausedComponentAreListedWithTheStepThatWaits) {
  life->components.set(Component::delivery, false);
  const auto order = place("product-1");
  EXPECT_EQ(life->summary(order).saga, SagaState::waiting);
  EXPECT_EQ(life->summary(order).awaits, Step::request_delivery);
  const auto lecture = place("lecture-1");
  life->cancel(lecture);
  life->components.set(Component::payments, false);
  life->settle_with_company();
  EXPECT_EQ(life->summary(lecture).saga, SagaState::waiting);
  EXPECT_EQ(life->summary(lecture).awaits, Step::take_payment);
  life->components.set(Component::coaching, false);
  life->components.set(Component::payments, true);
  const auto class_to_come = place("training-1");
  EXPECT_EQ(life->summary(class_to_come).awaits, Step::assign_instructor);
  life->components.set(Component::delivery, true);
  life->components.set(Component::coaching, true);
  life->resume_pending();
  pass();
  EXPECT_EQ(life->summary(order).awaits, Step::start_delivery);
  EXPECT_EQ(life->summary(lecture).saga, SagaState::compensated);
  EXPECT_EQ(life->summary(class_to_come).deadline - durables.timers.now() > std::chrono::hours{24}, true);
  EXPECT_EQ(count(order, "saga.waits"), 2u);
}

TEST(PaymentBacklogProbes, WithASagaThatStillWaits) {
  SimulatedTimers timers{TimePoint{std::chrono::hours{500'000}}};
  SeededIds ids{1};
  std::vector<EnrollmentId> resumed;
  PaymentBacklog backlog{
      timers, {}, {.available = [] { return true; }, .up = [] { return false; }}, [&](EnrollmentId saga) {
        resumed.push_back(saga);
      }};
  std::vector<EnrollmentId> gone;
  for (int i = 0; i < 100; ++i) backlog.add(gone.emplace_back(EnrollmentId{ids.mint(timers.now(), {})}));
  const EnrollmentId waiting{ids.mint(timers.now(), {})};
  backlog.add(waiting);
  for (const auto& saga : gone) backlog.remove(saga);
  backlog.add(gone.front());
  EXPECT_EQ(backlog.size(), 2u);
  timers.advance(Milliseconds{1'000});
  EXPECT_EQ(resumed, std::vector{gone.front()});
  timers.advance(Milliseconds{2'000});
  EXPECT_EQ(resumed, (std::vector{gone.front(), waiting}));
}

}  // namespace
}  // namespace sugang
