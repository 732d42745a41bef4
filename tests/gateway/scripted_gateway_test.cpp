#include "scripted_gateway.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asking.hpp"

namespace sugang {
namespace {

using Moved = ScriptedGateway::Moved;

class Scripted : public ::testing::Test {
 protected:
  ScriptedGateway gateway_;
  const PaymentId key_ = payment_number(1);
};

TEST_F(Scripted, HoldsACallUntilTheTestAnswersIt) {
  auto call = start_charge(gateway_, key_, won(5));
  EXPECT_FALSE(call.is_answered());
  ASSERT_EQ(gateway_.waiting().size(), 1u);
  gateway_.approve();
  EXPECT_EQ(call.get().outcome, GatewayOutcome::approved);
  EXPECT_TRUE(gateway_.waiting().empty());
  EXPECT_EQ(gateway_.calls().size(), 1u);
  EXPECT_EQ(gateway_.balance(key_), won(5));
}

TEST_F(Scripted, MovesMoneyOnceForAKeyThatIsRetried) {
  for (auto moved : {Moved::no, Moved::yes, Moved::yes}) {
    auto call = start_charge(gateway_, key_, won(5));
    gateway_.leave_unknown(moved);
    EXPECT_EQ(call.get().outcome, GatewayOutcome::unknown);
  }
  auto call = start_charge(gateway_, key_, won(5));
  gateway_.decline("too late to decline");
  EXPECT_EQ(call.get().outcome, GatewayOutcome::approved);
  EXPECT_EQ(gateway_.accounts().at(key_).charges, 1u);
  auto back = start_refund(gateway_, key_, won(5));
  auto again = start_refund(gateway_, key_, won(5));
  EXPECT_EQ(gateway_.approve_all(), 2u);
  EXPECT_EQ(gateway_.balance(key_), won(0));
  EXPECT_TRUE(gateway_.mistakes().empty());
}

TEST_F(Scripted, NamesWhatACallerMustNeverDo) {
  auto refund_of_nothing = start_refund(gateway_, key_, won(5));
  gateway_.approve();
  EXPECT_EQ(refund_of_nothing.get().outcome, GatewayOutcome::declined);
  auto one = start_charge(gateway_, payment_number(2), won(5));
  auto other = start_charge(gateway_, payment_number(2), won(6));
  EXPECT_EQ(gateway_.mistakes().size(), 2u);
}

TEST_F(Scripted, AnswersTheCallThatTheTestNames) {
  auto one = start_charge(gateway_, payment_number(1), won(5));
  auto two = start_charge(gateway_, payment_number(2), won(5));
  gateway_.decline("no", payment_number(2));
  EXPECT_FALSE(one.is_answered());
  EXPECT_EQ(two.get().outcome, GatewayOutcome::declined);
  EXPECT_THROW(gateway_.approve(payment_number(2)), std::logic_error);
}

}  // namespace
}  // namespace sugang
