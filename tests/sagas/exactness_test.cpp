#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "tests/simulation/aftermath.hpp"

// Mileage and notifications are exact whatever is retried, paused, resumed, cancelled and crashed, in any order.

namespace sugang {
namespace {

enum class Move : std::uint8_t { place, cancel, retry, payments, turn, commit, crash };
constexpr Move moves[] = {Move::place, Move::cancel, Move::retry, Move::payments,
                          Move::turn,  Move::commit, Move::crash};

class Exactness {
 public:
  Exactness() { begin_life(); }

  void play(Move move, std::size_t which) {
    switch (move) {
      case Move::place:
        enrollments_.push_back(life_->place({.course = CourseId{"musical-1"}, .student = StudentId{"kim"}},
                                            Life::silent(), Milliseconds{0}));
        break;
      case Move::cancel:
        if (!enrollments_.empty()) life_->cancel(enrollments_[which % enrollments_.size()]);
        break;
      case Move::retry:
        if (!enrollments_.empty()) life_->operate(enrollments_[which % enrollments_.size()], OperatorAction::retry);
        break;
      case Move::payments: set(Component::payments, !life_->components.runs(Component::payments)); break;
      case Move::turn:
        for (std::size_t i = 0; i < 1 + which % 8; ++i) life_->run_one_turn(which);
        durables_.company.approve_all();
        break;
      case Move::commit: life_->commit(); break;
      case Move::crash: crash(); break;
    }
  }

  void come_to_rest() {
    set(Component::payments, true);
    life_->settle_with_company();
    while (!life_->journal().pending().empty() && durables_.timers.has_alarm()) {
      durables_.timers.sound_next();
      life_->settle_with_company();
    }
  }

  void check() {
    RC_ASSERT(life_->journal().pending().empty());
    for (auto id : enrollments_) {
      const auto summary = life_->summary(id);
      RC_ASSERT(summary.mileage_earned == (summary.state == EnrollmentState::confirmed ? summary.mileage : 0));
      int earns = 0, reverses = 0;
      std::int64_t left = 0;
      for (const auto& record : life_->journal().history(payment_of(id))) {
        const auto& event = std::get<PaymentEvent>(record.event);
        const auto* approved = std::get_if<PaymentApproved>(&event);
        const auto* refund = std::get_if<RefundRequested>(&event);
        earns += approved && approved->mileage != 0;
        reverses += refund && refund->mileage != 0;
        left += (approved ? approved->mileage : 0) - (refund ? refund->mileage : 0);
      }
      RC_ASSERT(earns <= 1 && reverses <= earns);
      RC_ASSERT(left == summary.mileage_earned);
    }
    RC_ASSERT(!check_notifications(*life_));
  }

 private:
  void begin_life() {
    life_ = std::make_unique<Life>(durables_, ++lives_);
    if (lives_ == 1) life_->register_course("musical-1", performance(1'000));
    if (lives_ == 1) life_->settle();
    life_->resume_pending();
  }

  void crash() {
    while (!durables_.company.waiting().empty()) durables_.company.leave_unknown(ScriptedGateway::Moved::yes);
    life_.reset();
    durables_.store = durables_.store->crash({});
    durables_.head = durables_.head->crash();
    begin_life();
  }

  void set(Component component, bool runs) {
    life_->components.set(component, runs);
    if (runs) life_->resume_pending();
  }

  Durables durables_;
  std::unique_ptr<Life> life_;
  std::uint64_t lives_ = 0;
  std::vector<EnrollmentId> enrollments_;
};

RC_GTEST_PROP(Invariants3And8, RetryingAndPausingInAnyOrderLeavesMileageAndNotificationsExact, ()) {
  const auto script = *rc::gen::container<std::vector<std::pair<Move, std::size_t>>>(rc::gen::pair(
      rc::gen::elementOf(std::vector(std::begin(moves), std::end(moves))), rc::gen::inRange<std::size_t>(0, 64)));
  Exactness world;
  for (const auto& [move, which] : script) world.play(move, which);
  world.come_to_rest();
  world.check();
}

}  // namespace
}  // namespace sugang
