#include "domain/payment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <variant>

#include "tests/domain/given.hpp"

namespace sugang {
namespace {

using State = PaymentState;

constexpr Money price{12'000, {}};
constexpr std::int64_t points = 120;
const PaymentRequested requested{price, PaymentMethod::test_approve, true, points};
/// Its call waits for the payment side: none has left.
const PaymentRequested held_back{price, PaymentMethod::test_approve, false, points};
const PaymentRequested free_of_charge{{0, {}}, PaymentMethod::test_approve, false};
const PaymentApproved approved{points};
const RefundRequested refund_requested{points};
const TakePayment take{price, PaymentMethod::test_approve, true, points};
const ResolveCharge approve{true, ""}, decline{false, "no funds"};

/// How a payment comes to be in a state.
std::vector<PaymentEvent> way_to(State state) {
  switch (state) {
    case State::none: return {};
    case State::requested: return {requested};
    case State::approved: return {requested, approved};
    case State::declined: return {requested, PaymentDeclined{"no funds"}};
    case State::void_requested: return {requested, PaymentVoidRequested{}};
    case State::voided: return {requested, PaymentVoidRequested{}, PaymentVoided{}};
    case State::refund_requested: return {requested, approved, refund_requested};
    case State::refunded: return {requested, approved, refund_requested, PaymentRefunded{}};
  }
  return {};
}

constexpr std::array states{State::none,           State::requested, State::approved,         State::declined,
                            State::void_requested, State::voided,    State::refund_requested, State::refunded};

const std::array<PaymentCommand, 5> commands{take, approve, decline, RefundPayment{}, ResolveRefund{}};

using Reaction = std::variant<std::vector<PaymentEvent>, PaymentError>;

TEST(Payment, AnswersEveryCommandInEveryStateAsInTheTable) {
  const auto does = [](auto... events) { return Reaction{std::vector<PaymentEvent>{events...}}; };
  const Reaction nothing{std::vector<PaymentEvent>{}};
  const Reaction undone{PaymentError::undone}, declined{PaymentError::declined};
  const PaymentVoided voided;
  const Reaction given_back = does(PaymentApproved{}, RefundRequested{});
  // clang-format off
  const Reaction table[states.size()][commands.size()] = {
      //                     take             approve                 decline                            refund                        refund made
      /* none             */ {does(requested), nothing,                nothing,                           does(voided),                 nothing},
      /* requested        */ {nothing,         does(approved),         does(PaymentDeclined{"no funds"}), does(PaymentVoidRequested{}), nothing},
      /* approved         */ {nothing,         nothing,                nothing,                           does(refund_requested),       nothing},
      /* declined         */ {declined,        nothing,                nothing,                           nothing,                      nothing},
      /* void_requested   */ {undone,          given_back,             does(voided),                      nothing,                      nothing},
      /* voided           */ {undone,          nothing,                nothing,                           nothing,                      nothing},
      /* refund_requested */ {undone,          nothing,                nothing,                           nothing,                      does(PaymentRefunded{})},
      /* refunded         */ {undone,          nothing,                nothing,                           nothing,                      nothing},
  };
  // clang-format on
  for (std::size_t s = 0; s < states.size(); ++s)
    for (std::size_t c = 0; c < commands.size(); ++c) {
      SCOPED_TRACE(testing::Message() << to_text(states[s]) << ", command " << c);
      const auto payment = replay<Payment>(way_to(states[s]));
      ASSERT_EQ(payment.state, states[s]);
      const auto decision = decide(payment, commands[c], noon);
      if (const auto* error = std::get_if<PaymentError>(&table[s][c]))
        EXPECT_THAT(decision, Refuses(*error));
      else
        EXPECT_TRUE(!decision.error && decision.events == std::get<0>(table[s][c]))
            << testing::PrintToString(decision);
    }
}

TEST(Payment, HasACallPendingUntilItsDefinitiveOutcome) {
  for (auto state : states) {
    const auto payment = replay<Payment>(way_to(state));
    EXPECT_EQ(payment.charge_pending(), state == State::requested || state == State::void_requested)
        << to_text(state);
    EXPECT_EQ(payment.refund_pending(), state == State::refund_requested) << to_text(state);
  }
}

TEST(Payment, KnowsDurablyWhetherItsCallMayHaveLeft) {
  const TakePayment not_now{price, PaymentMethod::test_approve, false, points};
  EXPECT_THAT(given<Payment>().when(not_now), Causes(held_back));
  EXPECT_THAT(given<Payment>(held_back).when(not_now), ChangesNothing());
  EXPECT_THAT(given<Payment>(held_back).when(take), Causes(ChargeStarted{}));
  EXPECT_THAT(given<Payment>(held_back, ChargeStarted{}).when(take), ChangesNothing());
  EXPECT_FALSE(replay<Payment>({held_back}).outcome_unknown());
  EXPECT_TRUE(replay<Payment>({requested}).outcome_unknown());
  // A crash between this event and the call leaves no trace of which came: it may have left.
  EXPECT_TRUE(replay<Payment>({held_back, ChargeStarted{}}).outcome_unknown());
}

TEST(RefundPayment, OfAChargeThatNeverLeftIsVoidAtOnceWithoutACall) {
  EXPECT_THAT(given<Payment>(held_back).when(RefundPayment{}), Causes(PaymentVoided{}));
  EXPECT_THAT(given<Payment>(held_back, ChargeStarted{}).when(RefundPayment{}), Causes(PaymentVoidRequested{}));
  EXPECT_THAT(given<Payment>(held_back, PaymentVoided{}).when(take), Refuses(PaymentError::undone));
}

TEST(RefundThatIsRefused, IsNoCallThatIsPendingUntilAnOperatorRetriesIt) {
  const std::vector<PaymentEvent> refused{requested, approved, refund_requested, RefundDeclined{"closed"}};
  EXPECT_THAT(given<Payment>(requested, approved, refund_requested).when(ResolveRefund{false, "closed"}),
              Causes(RefundDeclined{"closed"}));
  EXPECT_FALSE(replay<Payment>(refused).outcome_unknown());
  EXPECT_TRUE(decide(replay<Payment>(refused), RefundPayment{}, noon).events.empty());
  const auto again = decide(replay<Payment>(refused), RefundPayment{.may_call = true, .again = true}, noon);
  EXPECT_EQ(again.events, std::vector<PaymentEvent>{RefundRequested{}});
  auto retried = refused;
  retried.push_back(RefundRequested{});
  EXPECT_TRUE(replay<Payment>(retried).outcome_unknown());
}

TEST(PaymentApproved, EarnsThePointsThatThePaymentWasRequestedWith) {
  EXPECT_THAT(given<Payment>(requested).when(approve), Causes(PaymentApproved{points}));
  EXPECT_THAT(given<Payment>(held_back, ChargeStarted{}).when(approve), Causes(PaymentApproved{points}));
  EXPECT_EQ(replay<Payment>({requested, approved}).mileage_earned, points);
  EXPECT_EQ(replay<Payment>({requested}).mileage_earned, 0);
  EXPECT_EQ(replay<Payment>({requested, PaymentDeclined{"no funds"}}).mileage_earned, 0);
}

TEST(RefundRequested, ReversesAllThatWasEarned) {
  EXPECT_THAT(given<Payment>(requested, approved).when(RefundPayment{}), Causes(RefundRequested{points}));
  EXPECT_EQ(replay<Payment>({requested, approved, refund_requested}).mileage_earned, 0);
}

TEST(RefundRequested, AgainByAnOperatorReversesNothingMore) {
  const std::vector<PaymentEvent> refused{requested, approved, refund_requested, RefundDeclined{"closed"}};
  const auto again = decide(replay<Payment>(refused), RefundPayment{.may_call = true, .again = true}, noon);
  EXPECT_EQ(again.events, std::vector<PaymentEvent>{RefundRequested{0}});
}

TEST(ChargeThatIsUndone, AndProvesApprovedEarnsNothing) {
  const auto past = given<Payment>(requested, PaymentVoidRequested{});
  EXPECT_THAT(past.when(approve), Causes(PaymentApproved{0}, RefundRequested{0}));
}

TEST(SettleRefund, IsForWhatTheGatewayRefusedForGoodAlone) {
  for (auto state : states) {
    const auto payment = replay<Payment>(way_to(state));
    const auto decision = decide(payment, SettleRefund{}, noon);
    const bool pending =
        state == State::requested || state == State::void_requested || state == State::refund_requested;
    if (pending)
      EXPECT_EQ(decision.error, PaymentError::outcome_unknown) << to_text(state);
    else if (state != State::refunded)
      EXPECT_EQ(decision.error, PaymentError::not_resolvable) << to_text(state);
    EXPECT_TRUE(decision.events.empty()) << to_text(state);
  }
  EXPECT_THAT(given<Payment>(held_back).when(SettleRefund{}), Refuses(PaymentError::not_resolvable));
  EXPECT_THAT(given<Payment>(requested, approved, refund_requested, RefundDeclined{"closed"}).when(SettleRefund{}),
              Causes(PaymentRefunded{}));
  EXPECT_FALSE(replay<Payment>({requested, approved, refund_requested, RefundDeclined{"closed"}, PaymentRefunded{}})
                   .refund_declined);
}

TEST(TakePayment, OfNothingApprovesAtOnce) {
  EXPECT_THAT(given<Payment>().when(TakePayment{{0, {}}}), Causes(free_of_charge, PaymentApproved{0}));
}

TEST(RefundPayment, OfNothingIsRefundedAtOnce) {
  EXPECT_THAT(given<Payment>(free_of_charge, PaymentApproved{}).when(RefundPayment{}),
              Causes(RefundRequested{}, PaymentRefunded{}));
}

TEST(RefundPayment, BeforeTheChargeLeavesATombstone) {
  EXPECT_THAT(given<Payment>().when(RefundPayment{}), Causes(PaymentVoided{}));
  EXPECT_THAT(given<Payment>(PaymentVoided{}).when(take), Refuses(PaymentError::undone));
  EXPECT_THAT(given<Payment>(PaymentVoided{}).when(RefundPayment{}), ChangesNothing());
}

TEST(ChargeThatIsUndone, AndProvesApprovedIsJournaledTogetherWithItsRefundRequest) {
  EXPECT_THAT(given<Payment>(requested, PaymentVoidRequested{}).when(approve),
              Causes(PaymentApproved{}, RefundRequested{}));
}

TEST(ChargeThatIsUndone, AndProvesDeclinedMovedNoMoney) {
  EXPECT_THAT(given<Payment>(requested, PaymentVoidRequested{}).when(decline), Causes(PaymentVoided{}));
}

TEST(TakePayment, RepeatedWithAnotherAmountStaysAsItWas) {
  const auto past = given<Payment>(requested);
  EXPECT_THAT(past.when(TakePayment{{1, {}}}), ChangesNothing());
  EXPECT_EQ(past.state().amount, price);
}

TEST(Money, OfTheMostSeatsAtTheHighestPriceFits64Bits) {
  const auto most = Money{price_max, {}} * capacity_max;
  EXPECT_EQ(most.amount / capacity_max, price_max);
  EXPECT_GT(most.amount, 0);
  EXPECT_EQ((Money{12'000, {}} * 3).amount, 36'000);
  EXPECT_EQ((Money{12'000, {}} * 0).amount, 0);
}

/// A payment under any commands, and every event that it ever caused.
struct DrivenPayment {
  Payment payment;
  std::vector<PaymentEvent> events;

  Decision<PaymentEvent, PaymentError> accept(const PaymentCommand& command) {
    auto decision = decide(payment, command, noon);
    for (const auto& event : decision.events) {
      apply(payment, event);
      events.push_back(event);
    }
    return decision;
  }
  template <class Event>
  auto count() const {
    return std::count_if(events.begin(), events.end(),
                         [](const auto& event) { return std::holds_alternative<Event>(event); });
  }
};

/// A charge twice as often as the rest, or most lives would begin with its undo.
PaymentCommand any_command(std::int64_t amount) {
  const TakePayment charge{{amount, {}}, PaymentMethod::test_approve, true, amount / 100};
  const TakePayment not_now{{amount, {}}, PaymentMethod::test_approve, false, amount / 100};
  return *rc::gen::elementOf(std::vector<PaymentCommand>{
      charge, charge, not_now, approve, decline, RefundPayment{}, RefundPayment{.may_call = true, .again = true},
      ResolveRefund{}, ResolveRefund{false, "closed"}, SettleRefund{}});
}

/// Calls `claim` after every command of a random life of one payment.
template <class Claim>
void through_any_life(Claim claim) {
  DrivenPayment driven;
  const auto amount = *rc::gen::element<std::int64_t>(0, 1, 12'000);
  const auto steps = *rc::gen::inRange(1, 30);
  for (int i = 0; i < steps; ++i) {
    const auto command = any_command(amount);
    const auto decision = driven.accept(command);
    claim(driven, command, decision);
  }
}

RC_GTEST_PROP(Invariant2, APaymentIsApprovedAtMostOnceAndOnlyAfterItsCharge, ()) {
  through_any_life([](const DrivenPayment& driven, const auto&, const auto&) {
    RC_ASSERT(driven.template count<PaymentRequested>() <= 1);
    RC_ASSERT(driven.template count<PaymentApproved>() <= driven.template count<PaymentRequested>());
    if (driven.payment.state == State::approved) RC_ASSERT(driven.template count<PaymentApproved>() == 1);
  });
}

RC_GTEST_PROP(Invariant3, APaymentEarnsOnceWhenItIsApprovedReversesOnceAndNetsToNothingOnceRefunded, ()) {
  through_any_life([](const DrivenPayment& driven, const auto&, const auto&) {
    std::vector<std::int64_t> earned, reversed;
    bool given_up = false;
    for (const auto& event : driven.events) {
      given_up = given_up || std::holds_alternative<PaymentVoidRequested>(event);
      const auto* approval = std::get_if<PaymentApproved>(&event);
      const auto* refund = std::get_if<RefundRequested>(&event);
      if (approval && approval->mileage != 0) earned.push_back(approval->mileage);
      if (refund && refund->mileage != 0) reversed.push_back(refund->mileage);
    }
    const auto& payment = driven.payment;
    RC_ASSERT(earned.size() <= 1);
    RC_ASSERT(reversed.empty() || reversed == earned);
    if (given_up) RC_ASSERT(earned.empty());
    // What is approved and not given up has earned just what it was to earn.
    const auto expected = payment.state == State::approved ? payment.amount.amount / 100 : 0;
    RC_ASSERT(payment.mileage_earned == expected);
    RC_ASSERT((earned.empty() ? 0 : earned[0]) - (reversed.empty() ? 0 : reversed[0]) == expected);
  });
}

RC_GTEST_PROP(Refund, IsOnlyOfAnApprovedChargeAndOnce, ()) {
  through_any_life([](const DrivenPayment& driven, const auto&, const auto&) {
    RC_ASSERT(driven.template count<RefundRequested>() <=
              driven.template count<PaymentApproved>() + driven.template count<RefundDeclined>());
    RC_ASSERT(driven.template count<PaymentRefunded>() <=
              std::min<std::ptrdiff_t>(1, driven.template count<RefundRequested>()));
  });
}

RC_GTEST_PROP(Invariant4, OnceUndoneAPaymentIsNeverApprovedWithoutItsRefundRequested, ()) {
  bool undone = false;
  through_any_life([&](const DrivenPayment& driven, const PaymentCommand& command, const auto&) {
    undone = undone || std::holds_alternative<RefundPayment>(command);
    if (undone) RC_ASSERT(driven.payment.state != State::approved && driven.payment.state != State::requested);
  });
}

RC_GTEST_PROP(Invariant4, UndoneAndEveryPendingCallAnsweredLeavesNoMoneyMoved, ()) {
  DrivenPayment last;
  through_any_life([&](const DrivenPayment& driven, const auto&, const auto&) { last = driven; });
  last.accept(RefundPayment{});
  if (last.payment.charge_pending()) last.accept(*rc::gen::element(approve, decline));
  if (last.payment.state == State::refund_requested) last.accept(ResolveRefund{});
  RC_ASSERT(!last.payment.charge_pending() && !last.payment.refund_pending());
  RC_ASSERT(last.count<PaymentApproved>() == last.count<PaymentRefunded>());
}

RC_GTEST_PROP(UndoBeforeTheAct, NeverChargesWhateverComesLater, ()) {
  DrivenPayment driven;
  driven.accept(RefundPayment{});
  const auto steps = *rc::gen::inRange(1, 30);
  for (int i = 0; i < steps; ++i) {
    RC_ASSERT(driven.accept(any_command(12'000)).events.empty());
    RC_ASSERT(!driven.payment.charge_pending() && !driven.payment.refund_pending());
  }
}

RC_GTEST_PROP(AmountOfNothing, NeverHasACallPending, ()) {
  DrivenPayment driven;
  const auto steps = *rc::gen::inRange(1, 30);
  for (int i = 0; i < steps; ++i) {
    driven.accept(any_command(0));
    RC_ASSERT(!driven.payment.charge_pending() && !driven.payment.refund_pending());
  }
}

RC_GTEST_PROP(GatewaysOutcome, CountsOnce, ()) {
  through_any_life([](DrivenPayment& driven, const auto&, const auto&) {
    auto copy = driven;
    const auto first = copy.accept(approve);
    RC_ASSERT(copy.accept(approve).events.empty());
    RC_ASSERT(copy.accept(decline).events.empty());
    RC_ASSERT(first.events.empty() == !driven.payment.charge_pending());
  });
}

RC_GTEST_PROP(AnyPaymentCommand, RepeatedAtOnceChangesNothing, ()) {
  through_any_life([](const DrivenPayment& driven, const PaymentCommand& command, const auto&) {
    auto copy = driven;
    RC_ASSERT(copy.accept(command).events.empty());
  });
}

RC_GTEST_PROP(Replay, OfAPaymentsEventsGivesThePayment, ()) {
  through_any_life([](const DrivenPayment& driven, const auto&, const auto& decision) {
    RC_ASSERT(replay<Payment>(driven.events) == driven.payment);
    RC_ASSERT(!decision.error || decision.events.empty());
  });
}

}  // namespace
}  // namespace sugang
