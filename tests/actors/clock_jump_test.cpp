#include "tests/simulation/aftermath.hpp"

namespace sugang {
namespace {

constexpr Milliseconds year = std::chrono::hours{24 * 365};

/// The wall clock is set, forward and back, over a node's life and its restart.
struct ClockJump : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables);

  void SetUp() override {
    life->register_course("lecture-1", lecture(10));
    life->settle();
  }
  void restart() {
    life.reset();
    life = std::make_unique<Life>(durables, 2);
  }
  EnrollmentState place(const std::string& student) {
    const auto id = life->place({.course = CourseId{"lecture-1"}, .student = StudentId{student}}, Life::silent());
    life->settle_with_company();
    return life->summary(id).state;
  }
  std::size_t notified(const std::string& student) { return boxes_of(life->journal())[StudentId{student}].size(); }
};

TEST_F(ClockJump, LeavesNoEnrollmentBehindThatMakesLaterOnesLate) {
  durables.timers.set_clock(year);
  EXPECT_EQ(place("ahead"), EnrollmentState::confirmed);
  durables.timers.set_clock(-year);
  EXPECT_EQ(place("s1"), EnrollmentState::confirmed);
  restart();
  EXPECT_EQ(place("s2"), EnrollmentState::confirmed);
  EXPECT_EQ(life->describe("lecture-1")->taken, 3u);
}

TEST_F(ClockJump, SilencesNoLaterNotification) {
  life->register_course("lecture-2", lecture(10));
  life->settle();
  durables.timers.set_clock(year);
  place("s1");
  durables.timers.set_clock(-year);
  ASSERT_EQ(notified("s1"), 1u);
  restart();
  life->place({.course = CourseId{"lecture-2"}, .student = StudentId{"s1"}}, Life::silent());
  life->settle_with_company();
  EXPECT_EQ(notified("s1"), 2u);
}

TEST_F(ClockJump, KeepsNoIdleActorInMemory) {
  durables.timers.set_clock(year);
  place("s1");
  life->sweep();
  durables.timers.set_clock(-year);
  ASSERT_GT(life->directory().residents(), 0u);
  durables.timers.advance(life->node().limits.course_idle);
  life->settle();
  life->sweep();
  EXPECT_EQ(life->directory().residents(), 0u);
}

TEST_F(ClockJump, BackStopsNoPaymentThatWaits) {
  life->register_course("concert", performance(5));
  life->settle();
  life->payments_available = false;
  const auto id = life->place({.course = CourseId{"concert"}, .student = StudentId{"s1"}}, Life::silent());
  life->settle();
  ASSERT_EQ(life->payment_backlog().size(), 1u);
  life->payments_available = true;
  durables.timers.set_clock(-year);
  durables.timers.advance(Milliseconds{1'000});
  life->settle_with_company();
  EXPECT_EQ(life->summary(id).state, EnrollmentState::confirmed);
}

TEST_F(ClockJump, StretchesNoCallersWait) {
  std::optional<Outcome> outcome;
  life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s1"}},
              Life::caller([&](const Outcome& reported) { outcome = reported; }), Milliseconds{3'000});
  life->settle();
  durables.timers.set_clock(-Milliseconds{60'000});
  durables.timers.advance(Milliseconds{2'999});
  life->settle();
  EXPECT_FALSE(outcome);
  durables.timers.advance(Milliseconds{1});
  life->settle();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->under_way);
}

TEST_F(ClockJump, ForwardPastADeadlineLetsItPassAndBackKeepsIt) {
  life->register_course("training-1", training(5));
  life->settle();
  const auto id = life->place({.course = CourseId{"training-1"}, .student = StudentId{"s1"}}, Life::silent());
  life->settle_with_company();
  ASSERT_EQ(life->summary(id).awaits, Step::assign_instructor);
  durables.timers.set_clock(-year);
  durables.timers.advance(life->node().limits.staff_deadline);
  life->settle_with_company();
  EXPECT_EQ(life->summary(id).awaits, Step::assign_instructor);
  durables.timers.set_clock(year);
  durables.timers.advance(Milliseconds{1'000});
  life->settle_with_company();
  EXPECT_EQ(life->summary(id).turned, TurnCause::expired);
}

}  // namespace
}  // namespace sugang
