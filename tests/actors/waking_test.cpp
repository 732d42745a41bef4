#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

ActorLimits leaving_at_once() {
  ActorLimits limits;
  limits.course_idle = Milliseconds{0};
  limits.snapshot_events_min = 3;
  limits.calendar_idle = Milliseconds{0};
  return limits;
}

struct WakingCourse : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables, 1, leaving_at_once());

  void SetUp() override {
    life->register_course("lecture-1", lecture(2));
    life->settle();
    life->sweep();
  }
  /// Places an enrollment and lets the actors do all they can without the journal.
  std::shared_ptr<std::optional<Outcome>> place(const std::string& student) {
    auto outcome = std::make_shared<std::optional<Outcome>>();
    life->place({.course = CourseId{"lecture-1"}, .student = StudentId{student}},
                Life::caller([outcome](const Outcome& reported) { *outcome = reported; }));
    while (life->run_one_turn()) {
    }
    return outcome;
  }
  void break_the_course() {
    life->revise("lecture-1", {.expected_definition = 1'000},
                 Life::caller([](const Outcome&) { throw std::runtime_error{"a fault"}; }));
    while (life->run_one_turn()) {
    }
  }
  /// Wakes the course, so that what follows finds it awake.
  void wake() { ASSERT_TRUE(life->describe("lecture-1")); }
};

TEST_F(WakingCourse, StaysUntilItsLastAppendIsDurable) {
  wake();
  life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s1"}}, Life::silent());
  while (life->run_one_turn()) {
  }
  const auto before = life->directory().residents();
  life->sweep();
  EXPECT_EQ(life->directory().residents(), before);
  life->settle_with_company();
  life->sweep();
  EXPECT_EQ(life->directory().residents(), 0u);
}

TEST_F(WakingCourse, RemembersEverySeatAfterItWasAsleep) {
  for (const auto* student : {"s1", "s2"}) {
    place(student);
    life->settle_with_company();
    life->sweep();
    ASSERT_EQ(life->directory().residents(), 0u);
  }
  EXPECT_EQ(life->describe("lecture-1")->taken, 2u);
  auto third = place("s3");
  life->settle_with_company();
  EXPECT_EQ(third->value().refusal, Refusal{CourseError::sold_out});
}

// Its actor dies with seats held that no disk has seen yet: what wakes must know of them.
TEST_F(WakingCourse, WakesBehindItsPendingAppends) {
  wake();
  place("s1");
  place("s2");
  break_the_course();
  ASSERT_EQ(life->reports.size(), 1u);
  auto third = place("s3");
  life->settle_with_company();
  EXPECT_FALSE(life->failure()) << *life->failure();
  ASSERT_TRUE(*third);
  EXPECT_EQ(third->value().refusal, Refusal{CourseError::sold_out});
  EXPECT_EQ(life->describe("lecture-1")->taken, 2u);
}

// What the journal keeps of each loaded aggregate, to check its sequence, goes with it.
TEST_F(WakingCourse, LeavesNothingLoadedBehind) {
  const auto first = life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s1"}},
                                 life->with_key({RequestId{{1, 2}}, Uid{3, 4}}, Life::silent()));
  place("s2");
  life->settle_with_company();
  EXPECT_GT(life->journal().stats().loaded, 0u);
  place("s3");
  life->place({.course = CourseId{"never-registered"}, .student = StudentId{"s1"}},
              life->with_key({RequestId{{1, 3}}, Uid{3, 4}}, Life::silent()));
  life->cancel(first);
  life->settle_with_company();
  life->register_course("lecture-2", lecture(1));
  life->settle();
  life->sweep();
  ASSERT_EQ(life->directory().residents(), 0u);
  life->commit();
  EXPECT_FALSE(life->failure()) << *life->failure();
  EXPECT_EQ(life->journal().stats().loaded, 0u);
}

TEST_F(WakingCourse, WakesFromItsSnapshotAndTheEventsBehindIt) {
  for (int round = 0; round < 5; ++round) {
    auto id = life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s1"}}, Life::silent());
    life->settle_with_company();
    life->cancel(id);
    life->settle_with_company();
    life->sweep();
  }
  auto recovered = std::make_shared<Recovered>();
  life->journal().wake(CourseId{"lecture-1"},
                       [recovered](Recovered reported) { *recovered = std::move(reported); });
  life->settle();
  ASSERT_TRUE(recovered->snapshot);
  EXPECT_LT(recovered->tail.size(), 3u);
  EXPECT_EQ(life->describe("lecture-1")->taken, 0u);
}

TEST_F(WakingCourse, AnswersOfNoSeatThatIsNotDurable) {
  wake();
  bool seen = false;
  life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s1"}},
              Life::caller([](const Outcome&) {}, [&](Answer) { seen = true; }), Milliseconds{0});
  while (life->run_one_turn()) {
  }
  EXPECT_FALSE(seen);
  life->commit();
  EXPECT_TRUE(seen);
}

// A refusal, too, shows state: "sold out" by seats that a crash would give back.
TEST_F(WakingCourse, RefusesThroughTheGate) {
  wake();
  place("s1");
  place("s2");
  bool seen = false;
  life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s3"}},
              Life::caller([](const Outcome&) {}, [&](Answer) { seen = true; }));
  while (life->run_one_turn()) {
  }
  EXPECT_FALSE(seen);
  life->commit();
  EXPECT_TRUE(seen);
}

TEST_F(WakingCourse, WritesNothingWhenItRefuses) {
  wake();
  place("s1");
  place("s2");
  life->settle_with_company();
  const auto position = life->journal().durable_position();
  place("s3");
  life->settle_with_company();
  EXPECT_EQ(life->journal().durable_position(), position);
}

// The course's load is asked for behind the registration, and reads it; the catalogue's message brings it again.
TEST_F(WakingCourse, FoldsItsRegistrationOnceWhenItLoadsMeanwhile) {
  life->register_course("lecture-2", lecture(2));
  while (life->run_one_turn()) {
  }
  // The look-up is answered, and lies before the catalogue.
  life->commit();
  ASSERT_EQ(life->actors_with_work(), 1u);
  life->read_course(CourseId{"lecture-2"}, [](const auto&, Position) {});
  // Stands before the registration in the course's mailbox: to register it again after this would undo it.
  life->revise("lecture-2", {.expected_definition = 1, .capacity = 3});
  ASSERT_EQ(life->directory().residents(), 1u);
  // The catalogue appends, and sends the registration to the course, which has not begun to load.
  ASSERT_TRUE(life->run_one_turn());
  life->settle();
  const auto course = life->describe("lecture-2");
  ASSERT_TRUE(course);
  EXPECT_EQ(course->definition.capacity, 3u);
  EXPECT_EQ(course->definition_version, 2u);
  EXPECT_EQ(course->sequence, 2u);
}

}  // namespace
}  // namespace sugang
