#include <gtest/gtest.h>

#include "tests/domain/given.hpp"

// The three aggregates of a change of seats. Whole changes are in whole_sagas_test.cpp.

namespace sugang {
namespace {

const StudentId ann{"ann"}, ben{"ben"};
const Money two_seats{100'000, {}}, five_seats{250'000, {}};

/// A course of ten seats, of which the first enrollment has two.
template <class... Events>
auto booked(Events... more) {
  return given<Course>(CourseRegistered{performance(10)}, SeatsHeld{enrollment(1), ann, 2},
                       SeatsTaken{enrollment(1)}, more...);
}
const SeatsChangeHeld five_held{enrollment(1), 5, 3, 2'500};

TEST(SeatsChange, HoldsWhatTheClaimGetsMore) {
  EXPECT_THAT(booked().when(HoldSeatsChange{enrollment(1), 5, five_seats}), Causes(five_held));
  const auto course = booked(five_held).state();
  EXPECT_EQ(std::pair(course.held, course.taken), std::pair(3u, 2u));
  EXPECT_THAT(booked(five_held).when(HoldSeatsChange{enrollment(1), 5, five_seats}), ChangesNothing());
}

TEST(SeatsChange, HoldsNothingForFewerSeats) {
  EXPECT_THAT(booked().when(HoldSeatsChange{enrollment(1), 1, two_seats}),
              Causes(SeatsChangeHeld{enrollment(1), 1, 0, 1'000}));
}

TEST(SeatsChange, IsTakenOnce) {
  EXPECT_THAT(booked(five_held).when(TakeSeats{enrollment(1)}), Causes(SeatsChangeTaken{enrollment(1), 3, 0}));
  const auto larger = booked(five_held, SeatsChangeTaken{enrollment(1), 3, 0});
  EXPECT_EQ(std::pair(larger.state().held, larger.state().taken), std::pair(0u, 5u));
  EXPECT_THAT(larger.when(TakeSeats{enrollment(1)}), ChangesNothing());
  const auto smaller =
      booked(SeatsChangeHeld{enrollment(1), 1, 0, 1'000}, SeatsChangeTaken{enrollment(1), 0, 1}).state();
  EXPECT_EQ(std::pair(smaller.held, smaller.taken), std::pair(0u, 1u));
  EXPECT_EQ(smaller.share_of.at(ann).seats, 1u);
}

TEST(SeatsChange, IsReleasedAndLeavesTheClaim) {
  EXPECT_THAT(booked(five_held).when(ReleaseSeatsChange{enrollment(1)}),
              Causes(SeatsChangeReleased{enrollment(1), 3}));
  const auto released = booked(five_held, SeatsChangeReleased{enrollment(1), 3});
  EXPECT_EQ(released.state(), booked().state());
  EXPECT_THAT(released.when(ReleaseSeatsChange{enrollment(1)}), ChangesNothing());
}

TEST(SeatsChange, IsRefusedForTooFewSeats) {
  const HoldSeatsChange all{enrollment(1), 10, {500'000, {}}};
  EXPECT_THAT(booked(SeatsHeld{enrollment(2), ben, 1}).when(all), Refuses(CourseError::sold_out));
  EXPECT_THAT(booked(SeatsWaitlisted{enrollment(2), ben, 9, 1}).when(HoldSeatsChange{enrollment(1), 3, five_seats}),
              Refuses(CourseError::sold_out))
      << "nothing overtakes the waitlist";
}

TEST(SeatsChange, IsRefusedWhereAnEnrollmentWouldBe) {
  const HoldSeatsChange more{enrollment(1), 5, five_seats};
  EXPECT_THAT(booked(CourseRevised{.state = CourseState::closed}).when(more), Refuses(CourseError::not_open));
  EXPECT_THAT(
      booked(CourseRevised{.state = CourseState::closed}).when(HoldSeatsChange{enrollment(1), 1, two_seats}),
      Causes(SeatsChangeHeld{enrollment(1), 1, 0, 1'000}));
  auto unpaid = more;
  unpaid.payments = PaymentSide::unavailable;
  EXPECT_THAT(booked().when(unpaid), Refuses(CourseError::payment_unavailable));
  EXPECT_THAT(booked(SeatsHeld{enrollment(2), ben, 1}).when(HoldSeatsChange{enrollment(2), 2, two_seats}),
              Refuses(CourseError::undone))
      << "its seats are not taken yet";
}

TEST(SeatsChange, EndsWithTheClaim) {
  EXPECT_THAT(booked(five_held).when(ReleaseSeats{enrollment(1)}),
              Causes(SeatsChangeReleased{enrollment(1), 3}, SeatsReleased{enrollment(1), 2}));
}

template <class... Events>
auto paid(Events... more) {
  return given<Payment>(PaymentRequested{two_seats, PaymentMethod::test_approve, true, 1'000},
                        PaymentApproved{1'000}, more...);
}
const ReplacementRequested larger{five_seats, 2'500};
const RefundRequested former_refund{.mileage = 1'000, .former = true};

TEST(ReplacePayment, ChargesTheNewAmountBesideTheFormer) {
  EXPECT_THAT(paid().when(ReplacePayment{five_seats, 2'500}), Causes(larger));
  EXPECT_THAT(paid(larger).when(ReplacePayment{five_seats, 2'500}), ChangesNothing());
  EXPECT_THAT(paid().when(ReplacePayment{two_seats, 1'000}), ChangesNothing());
  const auto payment = paid(larger).state();
  EXPECT_EQ(payment.amount, two_seats);
  EXPECT_EQ(payment.called(), (Payment::Charge{five_seats, 2'500, 1}));
  EXPECT_TRUE(payment.outcome_unknown());
}

TEST(ReplacePayment, ApprovedRefundsTheFormerWithIt) {
  EXPECT_THAT(paid(larger).when(ResolveCharge{true, {}}), Causes(PaymentReplaced{2'500}, former_refund));
  const auto payment = paid(larger, PaymentReplaced{2'500}, former_refund);
  EXPECT_EQ(payment.state().amount, five_seats);
  EXPECT_EQ(payment.state().mileage_earned, 2'500);
  EXPECT_EQ(payment.state().called(), (Payment::Charge{two_seats, 1'000, 0}));
  EXPECT_THAT(payment.when(ResolveRefund{true}), Causes(PaymentRefunded{true}));
  EXPECT_THAT(payment.when(RefundPayment{}), Refuses(PaymentError::outcome_unknown));
}

TEST(ReplacePayment, DeclinedLeavesTheFormerInForce) {
  EXPECT_THAT(paid(larger).when(ResolveCharge{false, "no funds"}), Causes(ReplacementDeclined{"no funds"}));
  auto payment = paid(larger, ReplacementDeclined{"no funds"}).state();
  EXPECT_EQ(payment.last_number, 1u) << "the next charge has another key";
  payment.last_number = 0;
  EXPECT_EQ(payment, paid().state());
}

TEST(ReplacePayment, RefundsTheChargeInForceOnceTheFormerIsRefunded) {
  const auto payment = paid(larger, PaymentReplaced{2'500}, former_refund, PaymentRefunded{true});
  EXPECT_THAT(payment.when(RefundPayment{}), Causes(RefundRequested{.mileage = 2'500}));
  EXPECT_EQ(payment.state().called().number, 1u);
}

TEST(ReplacePayment, RepeatsARefundOfTheFormerThatWasDeclined) {
  const auto payment = paid(larger, PaymentReplaced{2'500}, former_refund, RefundDeclined{"account closed"});
  EXPECT_THAT(payment.when(RefundFormer{}), ChangesNothing());
  EXPECT_THAT(payment.when(RefundFormer{true}), Causes(RefundRequested{.former = true}));
  EXPECT_THAT(payment.when(SettleRefund{}), Causes(PaymentRefunded{true}));
  EXPECT_THAT(payment.when(ResolveRefund{true}), Causes(PaymentRefunded{true}));
}

TEST(ReplacePayment, WantsAnApprovedPayment) {
  EXPECT_THAT(given<Payment>().when(ReplacePayment{five_seats, 2'500}), Refuses(PaymentError::undone));
}

TEST(KeysOfCharges, AreThePaymentsIdFirstAndApartFromThenOn) {
  const PaymentId id{Uid{0x0198'0000'0000'7004ULL, 0x8000'0000'0000'0001ULL}};
  EXPECT_EQ(key_of(id, 0), id);
  EXPECT_NE(key_of(id, 1), key_of(id, 2));
  EXPECT_EQ(key_of(id, 7).uid.partition(), id.uid.partition());
}

TEST(ChangedEnrollment, StaysConfirmed) {
  const SeatsChangeRequested requested{5, five_seats};
  const auto confirmed = given<Enrollment>(EnrollmentRequested{}, EnrollmentConfirmed{});
  EXPECT_THAT(confirmed.when(RequestSeatsChange{requested}), Causes(requested));
  const auto changing = given<Enrollment>(EnrollmentRequested{}, EnrollmentConfirmed{}, requested);
  EXPECT_EQ(changing.state().state, EnrollmentState::confirmed);
  EXPECT_THAT(changing.when(RequestSeatsChange{requested}), Refuses(EnrollmentError::changing));
  EXPECT_THAT(changing.when(ConfirmSeatsChange{}), Causes(SeatsChanged{}));
  EXPECT_THAT(changing.when(RefuseSeatsChange{"no funds"}), Causes(SeatsChangeRefused{"no funds"}));
  EXPECT_THAT(confirmed.when(ConfirmSeatsChange{}), ChangesNothing());
  EXPECT_THAT(given<Enrollment>(EnrollmentRequested{}).when(RequestSeatsChange{requested}),
              Refuses(EnrollmentError::not_changeable));
}

}  // namespace
}  // namespace sugang
