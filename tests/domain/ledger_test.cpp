#include "domain/ledger.hpp"

#include <gtest/gtest.h>

#include "tests/domain/given.hpp"

namespace sugang {
namespace {

constexpr Money price{12'000, {}};
constexpr auto approved = ChargeState::approved, declined = ChargeState::declined, refunded = ChargeState::refunded;

const PaymentRequested requested{price, PaymentMethod::test_approve};
const PaymentRequested held_back{price, PaymentMethod::test_approve, false};

bool agree(const std::vector<PaymentEvent>& events, std::optional<ChargeState> charge, bool settled = false) {
  const auto entry = charge ? std::optional{LedgerCharge{price, *charge}} : std::nullopt;
  return !contradiction(replay<Payment>(events), settled, entry).has_value();
}

TEST(Ledger, OfAPaymentWithADefinitiveOutcomeAgrees) {
  const std::vector<PaymentEvent> paid{requested, PaymentApproved{}};
  EXPECT_TRUE(agree(paid, approved));
  for (auto other : {std::optional<ChargeState>{}, std::optional{declined}, std::optional{refunded}})
    EXPECT_FALSE(agree(paid, other));
  const std::vector<PaymentEvent> refused{requested, PaymentDeclined{"no funds"}};
  EXPECT_TRUE(agree(refused, declined));
  EXPECT_FALSE(agree(refused, approved));
  const std::vector<PaymentEvent> voided{requested, PaymentVoidRequested{}, PaymentVoided{}};
  EXPECT_TRUE(agree(voided, std::nullopt));
  EXPECT_TRUE(agree(voided, declined));
  EXPECT_FALSE(agree(voided, approved));
  EXPECT_FALSE(agree({}, approved));
}

TEST(Ledger, MayBeAheadOfAPaymentWhoseCallIsPending) {
  for (auto charge : {std::optional<ChargeState>{}, std::optional{approved}, std::optional{declined}}) {
    EXPECT_TRUE(agree({requested}, charge));
    EXPECT_TRUE(agree({requested, PaymentVoidRequested{}}, charge));
  }
  const std::vector<PaymentEvent> refunding{requested, PaymentApproved{}, RefundRequested{}};
  EXPECT_TRUE(agree(refunding, approved));
  EXPECT_TRUE(agree(refunding, refunded));
  EXPECT_FALSE(agree(refunding, std::nullopt));
}

TEST(Ledger, HasNothingOfAChargeThatNeverLeft) {
  EXPECT_TRUE(agree({held_back}, std::nullopt));
  EXPECT_FALSE(agree({held_back}, approved));
  EXPECT_FALSE(agree({held_back, PaymentVoided{}}, approved));
  EXPECT_TRUE(agree({held_back, ChargeStarted{}}, approved));
}

TEST(Ledger, NeedNotShowARefundThatAnOperatorSettledOutside) {
  const std::vector<PaymentEvent> given_back{requested, PaymentApproved{}, RefundRequested{},
                                             RefundDeclined{"closed"}, PaymentRefunded{}};
  EXPECT_TRUE(agree(given_back, refunded));
  EXPECT_FALSE(agree(given_back, approved));
  EXPECT_TRUE(agree(given_back, approved, /*settled=*/true));
  EXPECT_TRUE(agree(given_back, std::nullopt, true));
}

TEST(Ledger, HasTheAmountOfThePayment) {
  const auto paid = replay<Payment>({requested, PaymentApproved{}});
  EXPECT_TRUE(contradiction(paid, false, LedgerCharge{{11'999, {}}, approved}));
}

}  // namespace
}  // namespace sugang
