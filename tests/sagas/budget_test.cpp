#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/simulation/world.hpp"

// What an enrollment costs, counted: appends, records, bytes of the journal, messages between actors. The figures
// of docs/performance.md; a change that raises one of them is a decision, not an accident.

namespace sugang {
namespace {

struct Cost {
  std::uint64_t appends = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
};

struct Budget : testing::Test {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables);

  void SetUp() override {
    auto free_of_charge = lecture(100, 0);
    life->register_course("lecture-10", lecture(100));
    life->register_course("lecture-00", free_of_charge);
    life->register_course("musical-10", performance(100));
    life->register_course("product-10", product(100));
    life->register_course("training-1", training(100));
    life->settle();
  }

  static Caller traced() {
    auto caller = Life::silent();
    caller.trace.trace_id.fill(7);
    caller.trace.span_id.fill(9);
    return caller;
  }
  EnrollmentId place(const std::string& course) {
    const auto id = life->place({.course = CourseId{course}, .student = StudentId{"student-10"}}, traced());
    life->settle_with_company();
    return id;
  }
  /// Of all pages, without their frames.
  std::uint64_t page_bytes() const {
    constexpr std::size_t frame = 32;
    std::uint64_t bytes = 0;
    durables.store->scan(pages_space, {}, {}, [&](std::string_view, std::string_view page) {
      bytes += page.size() - frame;
      return true;
    });
    return bytes;
  }
  template <class Work>
  Cost cost_of(Work work) {
    const auto before = life->journal().stats();
    const auto messages = life->directory().messages_sent();
    const auto bytes = page_bytes();
    work();
    const auto after = life->journal().stats();
    return {after.appends - before.appends, after.records - before.records, page_bytes() - bytes,
            life->directory().messages_sent() - messages};
  }
  void expect_within(const std::string& what, Cost budget, const Cost& cost) {
    SCOPED_TRACE(what);
    EXPECT_LE(cost.appends, budget.appends);
    EXPECT_LE(cost.records, budget.records);
    EXPECT_LE(cost.bytes, budget.bytes);
    EXPECT_LE(cost.messages, budget.messages);
    RecordProperty(what, std::to_string(cost.appends) + " appends, " + std::to_string(cost.records) + " records, " +
                             std::to_string(cost.bytes) + " bytes, " + std::to_string(cost.messages) + " messages");
    std::printf("%-22s %2llu appends %2llu records %4llu bytes %2llu messages\n", what.c_str(),
                static_cast<unsigned long long>(cost.appends), static_cast<unsigned long long>(cost.records),
                static_cast<unsigned long long>(cost.bytes), static_cast<unsigned long long>(cost.messages));
  }
};

TEST_F(Budget, OfALectureThatConfirms) {
  EnrollmentId id;
  expect_within("priced lecture", {2, 2, 450, 9}, cost_of([&] { id = place("lecture-10"); }));
  ASSERT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  expect_within("cancel", {5, 5, 500, 7}, cost_of([&] {
                  life->cancel(id, traced());
                  life->settle_with_company();
                }));
  ASSERT_EQ(life->summary(id).state, EnrollmentState::cancelled);
}

TEST_F(Budget, OfALectureWithAKey) {
  const RequestKey key{RequestId{make_uid(durables.timers.now(), partition_of_name("lecture-10"), 1, 0)}, {1, 2}};
  EnrollmentId id;
  // The answer's own bytes, which the test's caller leaves empty, come on top.
  expect_within("priced lecture, keyed", {3, 3, 550, 9}, cost_of([&] {
                  id = life->place({.course = CourseId{"lecture-10"}, .student = StudentId{"student-10"}},
                                   life->with_key(key, traced()));
                  life->settle_with_company();
                }));
  ASSERT_EQ(life->summary(id).state, EnrollmentState::confirmed);
}

TEST_F(Budget, OfALectureThatCostsNothing) {
  EnrollmentId id;
  expect_within("free lecture", {1, 1, 300, 6}, cost_of([&] { id = place("lecture-00"); }));
  ASSERT_EQ(life->summary(id).state, EnrollmentState::confirmed);
}

TEST_F(Budget, OfAPerformance) {
  EnrollmentId id;
  expect_within("performance", {2, 2, 450, 9}, cost_of([&] { id = place("musical-10"); }));
  ASSERT_EQ(life->summary(id).state, EnrollmentState::confirmed);
}

TEST_F(Budget, OfAProductUntilItIsDelivered) {
  EnrollmentId id;
  expect_within("product, to confirm", {7, 7, 825, 14}, cost_of([&] { id = place("product-10"); }));
  ASSERT_EQ(life->summary(id).state, EnrollmentState::confirmed);
  expect_within("product, delivery", {4, 4, 375, 6}, cost_of([&] {
                  life->take_step(id, StartDelivery{}, traced());
                  life->settle();
                  life->take_step(id, CompleteDelivery{}, traced());
                  life->settle();
                }));
  ASSERT_EQ(life->summary(id).state, EnrollmentState::completed);
}

TEST_F(Budget, OfATrainingUntilItIsConfirmed) {
  EnrollmentId id;
  expect_within("training, to assign", {4, 4, 575, 10}, cost_of([&] { id = place("training-1"); }));
  expect_within("training, to confirm", {6, 6, 650, 10}, cost_of([&] {
                  life->take_step(id, AssignInstructor{InstructorId{"kim"}}, traced());
                  life->settle();
                  const auto begin = durables.timers.now() + std::chrono::hours{24};
                  life->take_step(id, AgreeOnSlot{{begin, begin + std::chrono::hours{1}}}, traced());
                  life->settle();
                }));
  ASSERT_EQ(life->summary(id).state, EnrollmentState::confirmed);
}

}  // namespace
}  // namespace sugang
