#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "domain/audit.hpp"
#include "tests/simulation/threaded_node.hpp"

namespace sugang {
namespace {

constexpr std::size_t keys = 600;
constexpr std::size_t senders = 3;
constexpr std::uint32_t capacity = 100;

/// What each key was answered: once, or the same again.
class KeyedAnswers {
 public:
  void note(std::size_t key, const Answer& answer) {
    const std::lock_guard lock{mutex_};
    const auto [it, is_new] = bodies_.emplace(key, answer.body);
    if (!is_new && it->second != answer.body) fault_ = it->second + " and then " + answer.body;
  }
  std::string fault() const {
    const std::lock_guard lock{mutex_};
    return fault_;
  }
  std::size_t answered() const {
    const std::lock_guard lock{mutex_};
    return bodies_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::size_t, std::string> bodies_;
  std::string fault_;
};

std::vector<ImportRow> performances() {
  std::vector<ImportRow> rows;
  for (std::size_t i = 0; i < 3; ++i) {
    CourseDefinition definition;
    definition.kind = CourseKind::performance;
    definition.title = "Read threads";
    definition.capacity = capacity;
    definition.price = {1'000, {}};
    definition.seats_per_student = 0;
    rows.push_back({CourseId{"musical-" + std::to_string(i)}, definition, i + 2});
  }
  return rows;
}

Answer render(const Outcome& outcome) {
  Answer answer{.status = static_cast<std::uint16_t>(outcome.refusal ? 409 : 202)};
  if (const auto* summary = std::get_if<EnrollmentSummary>(&outcome.subject))
    answer.body = to_text(summary->id) + " " + std::to_string(summary->version);
  return answer;
}

// Every course leaves memory as often as it can, so that loads, look-ups of keys and appends meet in every order.
TEST(ReadThreads, LoadsAndRepeatedRequestsMeetAndEachKeyHasOneEffect) {
  ActorLimits limits;
  limits.course_idle = limits.calendar_idle = Milliseconds{0};
  ThreadedNode node{2, limits, 3};
  node.register_courses(performances());
  KeyedAnswers answers;
  Countdown ended{keys * senders};
  std::atomic<bool> joined{false};
  auto send = [&](std::size_t key) {
    const RequestKey request{RequestId{{key, key * 7919}}, Uid{1, key}};
    node.keyed().find(request, [&, key, request](EarlierRequest earlier) {
      if (earlier.kind == EarlierRequest::Kind::joined) joined = true;
      if (earlier.kind == EarlierRequest::Kind::answered) answers.note(key, earlier.answer);
      if (earlier.kind != EarlierRequest::Kind::none) return ended.arrive();
      Caller caller;
      caller.key = request;
      caller.render = render;
      caller.deliver = [&, key](Answer answer) {
        answers.note(key, answer);
        ended.arrive();
      };
      node.place({.course = CourseId{"musical-" + std::to_string(key % 3)},
                  .student = StudentId{"s" + std::to_string(key)}},
                 node.keyed().releasing(std::move(caller)));
    });
  };
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    while (!done) node.directory().sweep(node.timers().uptime());
  });
  for (std::size_t s = 0; s < senders; ++s)
    threads.emplace_back([&, s] {
      for (std::size_t i = 0; i < keys; ++i) send((i + s * 5) % keys);
    });
  EXPECT_TRUE(ended.wait_for(std::chrono::seconds{60}));
  done = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(node.failure(), "");
  EXPECT_EQ(answers.fault(), "");
  EXPECT_EQ(answers.answered(), keys);
  EXPECT_FALSE(joined) << "the claim of a request that runs was found";

  Audit audit;
  std::set<std::string> students;
  for (const auto& record : node.journal().read(0, 1'000'000)) {
    auto broken = audit.see(record);
    ASSERT_FALSE(broken) << *broken;
    const auto* event = std::get_if<EnrollmentEvent>(&record.event);
    const auto* requested = event ? std::get_if<EnrollmentRequested>(event) : nullptr;
    if (requested) {
      EXPECT_TRUE(students.insert(requested->student.text).second) << requested->student.text;
    }
  }
  EXPECT_EQ(students.size(), 3 * capacity);
}

}  // namespace
}  // namespace sugang
