#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

#include "tests/domain/saga_world.hpp"

// Whole sagas without an actor: decide() says what comes next, the pure aggregates take the commands, and the audit
// sees every event. What may go wrong outside is drawn at random: answers, losses, cancels, deadlines, crashes,
// duplicates.

namespace sugang {
namespace {

CourseDefinition course_of(CourseKind kind, std::int64_t price, std::uint32_t capacity) {
  CourseDefinition definition;
  definition.kind = kind;
  definition.title = "Compilers";
  definition.capacity = capacity;
  definition.price = {price, {}};
  const bool many_seats = kind == CourseKind::performance || kind == CourseKind::product;
  definition.seats_per_student = many_seats ? 0 : 1;
  if (kind == CourseKind::performance) definition.payment_unavailable = PaymentUnavailable::defer;
  return definition;
}

bool is_kept(EnrollmentState state) {
  return state == EnrollmentState::confirmed || state == EnrollmentState::completed;
}

CourseKind any_kind() {
  return *rc::gen::element(CourseKind::lecture, CourseKind::performance, CourseKind::product, CourseKind::training);
}

/// Draws what happens next until enough has happened, and checks after each.
void let_things_happen(World& world) {
  const bool many_seats = world.course().definition.seats_per_student == 0;
  const auto steps = *rc::gen::inRange(1, 150);
  for (int i = 0; i < steps; ++i) {
    const auto what = *rc::gen::inRange(0, 18);
    if (what < 2 || world.all().empty()) {
      const auto seats = many_seats ? *rc::gen::inRange<std::uint32_t>(1, 4) : 1;
      world.place({"s" + std::to_string(*rc::gen::inRange(0, 5))}, seats, *rc::gen::inRange(0, 4) != 0,
                  *rc::gen::inRange(0, 8) != 0);
      if (world.all().empty()) continue;
    } else {
      const auto n = *rc::gen::inRange<std::size_t>(0, world.all().size());
      if (what < 7)
        world.run(n);
      else if (what < 10)
        world.answer_call(n, *rc::gen::inRange(0, 4) == 0);
      else if (what == 10)
        world.cancel(n);
      else if (what == 11)
        world.pass_deadline(n);
      else if (what == 12)
        world.crash(n);
      else if (what < 15)
        world.change_seats(n, *rc::gen::inRange<std::uint32_t>(1, 5), *rc::gen::inRange(0, 3) != 0);
      else
        world.repeat_a_command(n, *rc::gen::inRange<std::size_t>(0, 8));
    }
    world.check();
  }
}

World any_world() { return World{course_of(any_kind(), *rc::gen::element<std::int64_t>(0, 12'000, 12'000), 6)}; }

RC_GTEST_PROP(Invariants, HoldAfterEveryEventOfSagasThatRunThroughOneAnother, ()) {
  auto world = any_world();
  let_things_happen(world);
}

RC_GTEST_PROP(Invariant13, EverySagaComesToItsEnd, ()) {
  auto world = any_world();
  let_things_happen(world);
  world.settle();
  world.check();
  std::int64_t paid = 0;
  for (const auto& each : world.all()) {
    const auto& summary = each.saga.summary;
    const bool confirmed = is_kept(summary.state);
    const bool completes = summary.kind == CourseKind::product || summary.kind == CourseKind::training;
    if (confirmed)
      RC_ASSERT(summary.state == (completes ? EnrollmentState::completed : EnrollmentState::confirmed));
    RC_ASSERT(confirmed || summary.state == EnrollmentState::rejected ||
              summary.state == EnrollmentState::expired || summary.state == EnrollmentState::cancelled);
    RC_ASSERT(summary.saga == (confirmed ? SagaState::completed : SagaState::compensated));
    if (confirmed) paid += each.payment.amount.amount;
  }
  // To the unit: money stays for confirmed enrollments alone.
  RC_ASSERT(world.money_held() == paid);
}

RC_GTEST_PROP(CancellingEverything, ReturnsEverySeatAndEveryUnitOfMoney, ()) {
  auto world = any_world();
  let_things_happen(world);
  world.settle();
  for (std::size_t n = 0; n < world.all().size(); ++n) world.cancel(n);
  world.settle();
  // What was delivered, or held, is past cancelling.
  std::uint32_t kept = 0;
  for (const auto& each : world.all())
    kept += each.saga.summary.state == EnrollmentState::completed ? each.saga.summary.seats : 0;
  RC_ASSERT(world.course().available() + kept == world.course().definition.capacity);
  RC_ASSERT(world.course().taken == kept);
  RC_ASSERT(world.money_held() == (world.course().definition.price * kept).amount);
}

RC_GTEST_PROP(CrashAtAnyMoment, ChangesNoEnd, ()) {
  const bool approves = *rc::gen::arbitrary<bool>();
  const auto kind = any_kind();
  const auto crashes = *rc::gen::container<std::set<int>>(rc::gen::inRange(0, 30));
  World world{course_of(kind, 12'000, 1)};
  world.place({"ann"}, 1, approves, true);
  for (int step = 0; step < 30; ++step) {
    if (crashes.contains(step)) world.crash(0);
    world.run(0);
    if (step % 3 == 0) world.answer_call(0, false);
  }
  world.settle();
  RC_ASSERT(is_kept(world.all().front().saga.summary.state) == approves);
}

}  // namespace
}  // namespace sugang
