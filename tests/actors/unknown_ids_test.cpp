#include <functional>
#include <string>

#include "actors/course_actor.hpp"
#include "sagas/coordinator.hpp"
#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

constexpr int ids = 500;

/// What a request about an id that was never registered leaves in memory, with the limits of a running server.
struct UnknownIds : testing::TestWithParam<std::pair<std::string, std::function<void(Life&, const std::string&)>>> {
  Durables durables;
  Life life{durables};
};

EnrollmentId enrollment_of(const std::string& name) {
  return {make_uid(TimePoint{std::chrono::hours{500'000}}, {}, std::hash<std::string>{}(name), 0)};
}

TEST_P(UnknownIds, LeaveMemoryAtOnce) {
  for (int i = 0; i < ids; ++i) GetParam().second(life, "nothing-" + std::to_string(i));
  life.settle();
  life.sweep();
  EXPECT_EQ(life.directory().residents(), 0u);
  EXPECT_EQ(life.journal().durable_position(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    AnyRequest, UnknownIds,
    testing::ValuesIn(std::vector<UnknownIds::ParamType>{
        {"ReadACourse",
         [](Life& life, const std::string& id) { life.read_course(CourseId{id}, [](const auto&, Position) {}); }},
        {"ReadAPlace",
         [](Life& life, const std::string& id) {
           life.describe_waitlist_position(CourseId{id}, enrollment_of(id), [](const auto&) {});
         }},
        {"Enroll",
         [](Life& life, const std::string& id) {
           life.place({.course = CourseId{id}, .student = StudentId{"s"}}, Life::silent());
         }},
        {"Revise", [](Life& life, const std::string& id) { life.revise(id, {.title = "Other"}); }},
        {"CancelACourse", [](Life& life, const std::string& id) { life.cancel_course(id); }},
        {"CancelAnEnrollment", [](Life& life, const std::string& id) { life.cancel(enrollment_of(id)); }},
        {"StartADelivery",
         [](Life& life, const std::string& id) { life.take_step(enrollment_of(id), StartDelivery{}); }},
        {"AssignAnInstructor",
         [](Life& life, const std::string& id) {
           life.take_step(enrollment_of(id), AssignInstructor{InstructorId{"haenyeo"}});
         }},
        {"RetryASaga",
         [](Life& life, const std::string& id) { life.operate(enrollment_of(id), OperatorAction::retry); }},
    }),
    [](const auto& info) { return info.param.first; });

TEST(KnownCourses, StayForTheNextRequest) {
  Durables durables;
  Life life{durables};
  life.describe("lecture-1");
  life.register_course("lecture-1", lecture(2));
  life.settle();
  ASSERT_TRUE(life.describe("lecture-1"));
  life.sweep();
  EXPECT_EQ(life.directory().residents(), 1u);
  durables.timers.advance(ActorLimits{}.course_idle);
  life.sweep();
  EXPECT_EQ(life.directory().residents(), 0u);
}

}  // namespace
}  // namespace sugang
