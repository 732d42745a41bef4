#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/simulation/aftermath.hpp"

// A settlement is one append whose events have three owners. Whatever comes between two steps of it (a cancel, a
// deadline, an operator, a crash), wherever the gateway's answer comes: nothing is lost, sold or paid twice.

namespace sugang {
namespace {

enum class Meanwhile : std::uint8_t {
  nothing,
  cancel,
  cancel_course,
  deadline,
  resolve,
  retry,
  compensate,
  late_approval,
  course_fault,
  crash,
};
template <class Value>
std::string text(Value value) {
  return std::to_string(static_cast<int>(value));
}

class Settlement : public testing::TestWithParam<Meanwhile> {
 protected:
  static constexpr int steps_max = 18;

  /// One enrollment; the gateway answers at step `answer`, and `what` comes at step `gap`.
  void play(Meanwhile what, int answer, int gap, std::size_t order) {
    Durables durables;
    auto life = std::make_unique<Life>(durables);
    life->register_course("lecture-1", lecture(2));
    life->settle();
    const auto id = life->place({.course = CourseId{"lecture-1"}, .student = StudentId{"s1"}}, Life::silent());
    for (int step = 0; step < steps_max; ++step) {
      if (step == gap) happen(what, durables, life, id);
      if (step >= answer && !durables.company.waiting().empty()) durables.company.approve();
      life->run_one_turn(order) || life->commit();
    }
    for (int round = 0; round < 200 && !(life->journal().pending().empty() && durables.company.waiting().empty());
         ++round) {
      life->settle_with_company();
      if (!life->journal().pending().empty() && durables.timers.has_alarm()) durables.timers.sound_next();
    }
    life->settle_with_company();
    ASSERT_FALSE(life->failure()) << *life->failure();
    ASSERT_TRUE(life->journal().pending().empty());
    expect_sound(*life, durables, id);
  }

  static void happen(Meanwhile what, Durables& durables, std::unique_ptr<Life>& life, EnrollmentId id) {
    switch (what) {
      case Meanwhile::nothing: return;
      case Meanwhile::cancel: return life->cancel(id);
      case Meanwhile::cancel_course: return life->cancel_course("lecture-1");
      case Meanwhile::deadline: durables.timers.advance(std::chrono::minutes{16}); return;
      case Meanwhile::resolve: return life->operate(id, OperatorAction::resolve);
      case Meanwhile::retry: return life->operate(id, OperatorAction::retry);
      case Meanwhile::compensate: return life->operate(id, OperatorAction::compensate);
      case Meanwhile::late_approval: durables.company.leave_unanswered(); return;
      case Meanwhile::course_fault: return life->fail_next_mint();
      case Meanwhile::crash:
        life.reset();
        durables.store = durables.store->crash();
        durables.head = durables.head->crash();
        life = std::make_unique<Life>(durables, 2);
        life->resume_pending();
        return;
    }
  }

  static void expect_sound(Life& life, Durables& durables, EnrollmentId id) {
    Audit audit;
    for (Position after = 0;;) {
      const auto records = life.journal().read(after, 100);
      if (records.empty()) break;
      for (const auto& record : records) ASSERT_EQ(audit.see(record).value_or(""), "");
      after = records.back().position;
    }
    ASSERT_EQ(audit.running_sagas(), 0u);
    ASSERT_EQ(check_mileage(life, id).value_or(""), "");
    ASSERT_EQ(check_course(life, "lecture-1", {id}).value_or(""), "");
    ASSERT_EQ(check_ledger(life, durables.company, audit, {id}).value_or(""), "");
  }
};

TEST_P(Settlement, HoldsWhateverComesIntoAnyGapOfIt) {
  for (int answer = 0; answer < steps_max; answer += 2)
    for (int gap = 0; gap < steps_max; ++gap)
      for (std::size_t order : {0, 1}) {
        SCOPED_TRACE("answered at " + text(answer) + ", gap " + text(gap) + ", order " + text(order));
        play(GetParam(), answer, gap, order);
        if (HasFatalFailure()) return;
      }
}

INSTANTIATE_TEST_SUITE_P(Meanwhile, Settlement,
                         testing::Values(Meanwhile::nothing, Meanwhile::cancel, Meanwhile::cancel_course,
                                         Meanwhile::deadline, Meanwhile::resolve, Meanwhile::retry,
                                         Meanwhile::compensate, Meanwhile::late_approval, Meanwhile::course_fault,
                                         Meanwhile::crash),
                         [](const auto& info) -> std::string {
                           switch (info.param) {
                             case Meanwhile::nothing: return "Nothing";
                             case Meanwhile::cancel: return "Cancel";
                             case Meanwhile::cancel_course: return "CancelCourse";
                             case Meanwhile::deadline: return "Deadline";
                             case Meanwhile::resolve: return "Resolve";
                             case Meanwhile::retry: return "Retry";
                             case Meanwhile::compensate: return "Compensate";
                             case Meanwhile::late_approval: return "LateApproval";
                             case Meanwhile::course_fault: return "Fault";
                             case Meanwhile::crash: return "Crash";
                           }
                           return "";
                         });

}  // namespace
}  // namespace sugang
