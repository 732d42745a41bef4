#include "domain/audit.hpp"

#include <gtest/gtest.h>

#include "tests/domain/journal_of.hpp"

namespace sugang {
namespace {

using testing::HasSubstr;

Audit audited(const JournalOf& journal) {
  Audit audit;
  for (const auto& record : journal.records()) EXPECT_EQ(audit.see(record), std::nullopt);
  return audit;
}

TEST(Audit, FindsNothingInWhatMayHappen) {
  for (const auto& script : {TimelineScript::happy(), TimelineScript::declined(), TimelineScript::cancelled(),
                             TimelineScript::expired()})
    EXPECT_EQ(audited(JournalOf{script}).running_sagas(), 0u);
}

TEST(Audit, CountsMoneyHeldAndSagasThatRun) {
  EXPECT_EQ(audited(JournalOf{TimelineScript::happy()}).money_held(), 24'000);
  EXPECT_EQ(audited(JournalOf{TimelineScript::cancelled()}).money_held(), 0);
  EXPECT_EQ(audited(JournalOf{TimelineScript::declined()}).money_held(), 0);
  const auto waiting = audited(JournalOf{TimelineScript{}.created().charge_requested()});
  EXPECT_EQ(waiting.money_held(), 0);
  EXPECT_EQ(waiting.running_sagas(), 1u);
  EXPECT_EQ(waiting.enrollments(), 1u);
  EXPECT_EQ(waiting.courses(), 1u);
}

TEST(Audit, CountsTheRefundUntilItIsMade) {
  auto script = TimelineScript::happy().turned(TurnCause::cancelled, "ill");
  script.on_enrollment(CancelRequested{"ill"}, Step::mark_cancel_requested).seats_back();
  script.on_payment(RefundRequested{TimelineScript::points}, Direction::undo);
  EXPECT_EQ(audited(JournalOf{script}).money_held(), 24'000);
}

TEST(Audit, NamesTheInvariantTheAggregateAndThePosition) {
  auto journal = JournalOf{TimelineScript{}.created()};
  journal.hold_for(enrollment(2), {"ben"}, 2);
  const auto fault = fault_in(journal);
  EXPECT_THAT(fault, HasSubstr("invariant 1"));
  EXPECT_THAT(fault, HasSubstr("course lecture-1"));
  EXPECT_THAT(fault, HasSubstr("position 6"));
}

TEST(Invariant9, APositionLeftOutIsFound) {
  auto records = JournalOf{TimelineScript::happy()}.records();
  records.erase(records.begin() + 3);
  EXPECT_THAT(fault_in(records), HasSubstr("invariant 9"));
}

TEST(Invariant9, AnEventOnNobodysTimelineOrAnothersIsFound) {
  for (auto wrong : {std::optional<EnrollmentId>{}, std::optional{enrollment(2)}}) {
    auto records = JournalOf{TimelineScript::happy()}.records();
    records.back().enrollment = wrong;
    EXPECT_THAT(fault_in(records), HasSubstr("invariant 9"));
  }
}

TEST(Invariant1, SeatsHeldThatNoEnrollmentAskedForAreFound) {
  auto journal = JournalOf{TimelineScript{}.created()};
  EXPECT_THAT(fault_in(journal.on_course(SeatsHeld{enrollment(2), {"ben"}, 1})), HasSubstr("invariant 1"));
}

TEST(Invariant9, ASequenceLeftOutOrRepeatedIsFound) {
  for (int shift : {-1, 1}) {
    auto records = JournalOf{TimelineScript::happy()}.records();
    for (auto& record : records)
      if (record.sequence > 1) record.sequence += static_cast<Sequence>(shift);
    EXPECT_THAT(fault_in(records), HasSubstr("invariant 9")) << shift;
  }
}

TEST(Invariant1, AnOversoldCourseIsFound) {
  auto journal = JournalOf{TimelineScript::happy()};
  EXPECT_EQ(fault_in(journal.hold_for(enrollment(2), {"ben"}, 1)), "");
  EXPECT_THAT(fault_in(journal.hold_for(enrollment(3), {"cho"}, 1)), HasSubstr("invariant 1"));
}

TEST(Invariant1, ACapacityBelowItsClaimsIsFound) {
  auto journal = JournalOf{TimelineScript::happy()};
  EXPECT_EQ(fault_in(journal.on_course(CourseRevised{{}, 2, {}})), "");
  EXPECT_THAT(fault_in(journal.on_course(CourseRevised{{}, 1, {}})), HasSubstr("invariant 1"));
}

TEST(Invariant1, SeatsTakenThatWereNotHeldAreFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.without<SeatsHeld>()), HasSubstr("invariant 1"));
}

TEST(Invariant1, AnEnrollmentConfirmedWithoutItsSeatsIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.without<SeatsTaken>()), HasSubstr("invariant 1"));
}

TEST(Invariant1, SeatsHeldTwiceByOneEnrollmentAreFound) {
  auto journal = JournalOf{TimelineScript{}.created()};
  EXPECT_THAT(fault_in(journal.on_course(SeatsHeld{TimelineScript{}.id, {"ann"}, 1})), HasSubstr("invariant 1"));
}

TEST(Invariant1, SeatsTakenTwiceAreFound) {
  auto journal = JournalOf{TimelineScript{}.created()};
  // Another's held seat is what the second taking would be counted from.
  journal.hold_for(enrollment(2), {"ben"}, 1).on_course_of(enrollment(2), SeatsTaken{enrollment(2)});
  EXPECT_EQ(fault_in(journal), "");
  EXPECT_THAT(fault_in(journal.on_course_of(enrollment(2), SeatsTaken{enrollment(2)})), HasSubstr("invariant 1"));
}

TEST(Invariant2, AnEnrollmentConfirmedWithoutItsMoneyIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.without<PaymentApproved>()), HasSubstr("invariant 2"));
  auto script = TimelineScript{}.created().on_payment(PaymentApproved{}).confirmed();
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 2"));
}

TEST(Invariant2, AnEnrollmentConfirmedForAnotherAmountIsFound) {
  auto script = TimelineScript{}.created();
  script.on_payment(PaymentRequested{{23'999, {}}, {}, true, TimelineScript::points}).charge_approved().confirmed();
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 2"));
}

TEST(Invariant2, AChargeApprovedTwiceIsFound) {
  auto script = TimelineScript{}.created().charge_requested().charge_approved().charge_approved();
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 2"));
}

TEST(Invariant2, AChargeApprovedAfterItsEndIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::cancelled()}.on_payment(PaymentApproved{})),
              HasSubstr("invariant 2"));
}

TEST(Invariant2, AnAmountThatIsNotSeatsTimesPriceIsFound) {
  auto script = TimelineScript{};
  EnrollmentRequested cheap{.course = script.course, .student = {"ann"}, .seats = 2, .amount = {12'000, {}}};
  script.on_enrollment(cheap, Step::request)
      .on_saga(SagaStarted{})
      .on_course(SeatsHeld{script.id, {"ann"}, 2}, Step::hold_seats);
  script.on_payment(PaymentRequested{{12'000, {}}}).charge_approved().confirmed();
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 2"));
}

TEST(Invariant2, MoneyGivenBackWhileConfirmedIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.on_payment(RefundRequested{TimelineScript::points})),
              HasSubstr("invariant 2"));
}

TEST(Invariant4, AnEndedEnrollmentThatKeepsItsSeatsIsFound) {
  for (const auto& script : {TimelineScript::declined(), TimelineScript::expired(), TimelineScript::cancelled()})
    EXPECT_THAT(fault_in(JournalOf{script}.without<SeatsReleased>()), HasSubstr("invariant 4"));
}

TEST(Invariant4, AnEndedEnrollmentThatKeepsItsMoneyIsFound) {
  auto journal = JournalOf{TimelineScript::cancelled()};
  EXPECT_THAT(fault_in(journal.without<RefundRequested>().without<PaymentRefunded>()), HasSubstr("invariant 4"));
}

TEST(Invariant4, AnEndedEnrollmentThatHoldsSeatsAgainIsFound) {
  auto journal = JournalOf{TimelineScript::cancelled()};
  EXPECT_THAT(fault_in(journal.on_course(SeatsHeld{TimelineScript{}.id, {"ann"}, 2})), HasSubstr("invariant 4"));
}

TEST(Invariant4, AChargeApprovedAfterTheRejectionIsFound) {
  auto script = TimelineScript{}.created().charge_requested().turned(TurnCause::expired, "late").seats_back();
  script.on_payment(PaymentVoidRequested{}, Direction::undo).on_enrollment(EnrollmentExpired{}, Step::mark_expired);
  auto journal = JournalOf{script}.on_payment(PaymentApproved{});
  EXPECT_EQ(fault_in(JournalOf{journal}.on_payment(RefundRequested{})), "");
  EXPECT_THAT(fault_in(JournalOf{journal}.on_payment(PaymentRefunded{})), HasSubstr("invariant 4"));
}

TEST(Invariant13, ASagaThatEndsBeforeItsEnrollmentIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.without<EnrollmentConfirmed>()),
              HasSubstr("invariant 13"));
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::cancelled()}.without<EnrollmentCancelled>()),
              HasSubstr("invariant 13"));
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::declined()}.without<EnrollmentRejected>()),
              HasSubstr("invariant 13"));
}

}  // namespace
}  // namespace sugang
