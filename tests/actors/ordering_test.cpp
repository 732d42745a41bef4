#include <atomic>

#include "domain/audit.hpp"
#include "tests/simulation/threaded_node.hpp"

namespace sugang {
namespace {

constexpr std::size_t courses = 50;
constexpr std::size_t chains = 20'000;
constexpr std::size_t scheduler_threads = 4;

std::vector<ImportRow> big_courses() {
  std::vector<ImportRow> rows;
  for (std::size_t i = 0; i < courses; ++i) {
    CourseDefinition definition;
    definition.title = "Ordering";
    definition.capacity = chains;
    definition.price = {1'000, {}};
    rows.push_back({CourseId{"course-" + std::to_string(i)}, definition, i + 2});
  }
  return rows;
}

/// Every caller waits for the end, however slow the machine.
ActorLimits patient() {
  ActorLimits limits;
  limits.default_wait = std::chrono::hours{1};
  return limits;
}

std::vector<std::string_view> names_of(const std::vector<Record>& timeline) {
  std::vector<std::string_view> names;
  for (const auto& record : timeline) names.push_back(event_name(record.event));
  return names;
}

// Each enrollment is a chain of messages between four actors on any of the threads, each of which appends before it
// notifies the next. An effect that stood before its cause in the journal would be a crash away from a lost seat.
TEST(JournalOrder, NeverInvertsACausalChainOverSeveralSchedulerThreads) {
  ThreadedNode node{scheduler_threads, patient()};
  node.register_courses(big_courses());
  Countdown answered{chains};
  std::atomic<std::size_t> not_confirmed{0};
  std::vector<EnrollmentId> ids;
  for (std::size_t i = 0; i < chains; ++i) {
    Caller caller;
    caller.render = [&](const Outcome& outcome) {
      if (outcome.refusal || outcome.under_way) ++not_confirmed;
      return Answer{};
    };
    caller.deliver = [&](Answer) { answered.arrive(); };
    ids.push_back(node.place({.course = CourseId{"course-" + std::to_string(i % courses)},
                              .student = StudentId{"s" + std::to_string(i)}},
                             std::move(caller)));
  }
  ASSERT_TRUE(answered.wait_for(std::chrono::seconds{120}));
  ASSERT_EQ(node.failure(), "");
  ASSERT_EQ(not_confirmed, 0u);
  const std::vector<std::string_view> in_order{"enrollment.requested", "saga.started",     "course.seats-held",
                                               "payment.requested",    "payment.approved", "course.seats-taken",
                                               "enrollment.confirmed", "saga.completed"};
  for (auto id : ids) ASSERT_EQ(names_of(node.journal().timeline(id)), in_order) << to_text(id);
}

TEST(JournalOrder, HoldsEveryInvariantOfManyEnrollmentsAtOnce) {
  ThreadedNode node{scheduler_threads, patient()};
  auto rows = big_courses();
  for (auto& row : rows) row.definition.capacity = 20;
  node.register_courses(rows);
  constexpr std::size_t racers = 5'000;
  Countdown answered{racers};
  std::atomic<std::size_t> confirmed{0};
  for (std::size_t i = 0; i < racers; ++i) {
    Caller caller;
    caller.render = [&](const Outcome& outcome) {
      if (!outcome.refusal) ++confirmed;
      return Answer{};
    };
    caller.deliver = [&](Answer) { answered.arrive(); };
    node.place({.course = CourseId{"course-" + std::to_string(i % courses)},
                .student = StudentId{"s" + std::to_string(i)}},
               std::move(caller));
  }
  ASSERT_TRUE(answered.wait_for(std::chrono::seconds{60}));
  EXPECT_EQ(confirmed, courses * 20);
  Audit audit;
  for (const auto& record : node.journal().read(0, 1'000'000)) {
    auto broken = audit.see(record);
    ASSERT_FALSE(broken) << *broken;
  }
}

// The threads that send do not wait for the one that lets the course leave memory, and no message falls between.
TEST(Directory, LosesNoMessageBetweenTwoLivesOfACourse) {
  ActorLimits limits;
  limits.course_idle = Milliseconds{0};
  ThreadedNode node{2, limits};
  auto rows = big_courses();
  rows.resize(3);
  node.register_courses(rows);
  constexpr std::size_t senders = 4, questions = 2'000;
  Countdown answered{senders * questions};
  std::atomic<bool> done{false};
  std::thread sweeper{[&] {
    while (!done) node.directory().sweep(node.timers().uptime());
  }};
  std::vector<std::thread> threads;
  for (std::size_t s = 0; s < senders; ++s)
    threads.emplace_back([&, s] {
      for (std::size_t i = 0; i < questions; ++i)
        node.directory().send(CourseId{"course-" + std::to_string((s + i) % 3)},
                              DescribeCourse{node.callers().course_reads.add([&](const auto& read, Position) {
                                if (std::get<0>(read)) answered.arrive();
                              })});
    });
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(answered.wait_for(std::chrono::seconds{60}));
  done = true;
  sweeper.join();
}

}  // namespace
}  // namespace sugang
