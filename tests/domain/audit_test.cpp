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
  const auto waiting = audited(JournalOf{TimelineScript{}.born().charge_requested()});
  EXPECT_EQ(waiting.money_held(), 0);
  EXPECT_EQ(waiting.running_sagas(), 1u);
  EXPECT_EQ(waiting.enrollments(), 1u);
  EXPECT_EQ(waiting.courses(), 1u);
}

TEST(Audit, CountsTheRefundUntilItIsMade) {
  auto script = TimelineScript::happy().turned(TurnCause::cancelled, "ill");
  script.on_enrollment(CancelRequested{"ill"}, Step::mark_cancel_requested).seats_back();
  script.on_payment(RefundRequested{}, Direction::undo);
  EXPECT_EQ(audited(JournalOf{script}).money_held(), 24'000);
}

TEST(Audit, NamesTheInvariantTheAggregateAndThePosition) {
  auto journal = JournalOf{TimelineScript{}.born()};
  journal.on_course(SeatsHeld{enrollment(2), {"ben"}, 2});
  const auto fault = fault_in(journal);
  EXPECT_THAT(fault, HasSubstr("invariant 1"));
  EXPECT_THAT(fault, HasSubstr("course lecture-1"));
  EXPECT_THAT(fault, HasSubstr("position 5"));
}

TEST(Invariant9, APositionLeftOutIsFound) {
  auto records = JournalOf{TimelineScript::happy()}.records();
  records.erase(records.begin() + 3);
  EXPECT_THAT(fault_in(records), HasSubstr("invariant 9"));
}

TEST(Invariant9, ASequenceLeftOutOrToldTwiceIsFound) {
  for (int shift : {-1, 1}) {
    auto records = JournalOf{TimelineScript::happy()}.records();
    for (auto& record : records)
      if (record.sequence > 1) record.sequence += static_cast<Sequence>(shift);
    EXPECT_THAT(fault_in(records), HasSubstr("invariant 9")) << shift;
  }
}

TEST(Invariant1, AnOversoldCourseIsFound) {
  auto journal = JournalOf{TimelineScript::happy()};
  EXPECT_EQ(fault_in(journal.on_course(SeatsHeld{enrollment(2), {"ben"}, 1})), "");
  EXPECT_THAT(fault_in(journal.on_course(SeatsHeld{enrollment(3), {"cho"}, 1})), HasSubstr("invariant 1"));
}

TEST(Invariant1, ACapacityBelowItsClaimsIsFound) {
  auto journal = JournalOf{TimelineScript::happy()};
  EXPECT_EQ(fault_in(journal.on_course(CourseRevised{{}, 2, {}})), "");
  EXPECT_THAT(fault_in(journal.on_course(CourseRevised{{}, 1, {}})), HasSubstr("invariant 1"));
}

TEST(Invariant1, SeatsTakenThatNobodyHeldAreFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.without<SeatsHeld>()), HasSubstr("invariant 1"));
}

TEST(Invariant1, AnEnrollmentConfirmedWithoutItsSeatsIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.without<SeatsTaken>()), HasSubstr("invariant 1"));
}

TEST(Invariant2, AnEnrollmentConfirmedWithoutItsMoneyIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.without<PaymentApproved>()), HasSubstr("invariant 2"));
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::happy()}.without<PaymentRequested>()), HasSubstr("invariant 2"));
}

TEST(Invariant2, AnEnrollmentConfirmedForAnotherAmountIsFound) {
  auto script = TimelineScript{}.born();
  script.on_payment(PaymentRequested{{23'999, {}}}).charge_approved().confirmed();
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 2"));
}

TEST(Invariant2, AChargeApprovedTwiceIsFound) {
  auto script = TimelineScript{}.born().charge_requested().charge_approved().charge_approved();
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 2"));
}

TEST(Invariant2, AChargeApprovedAfterItsEndIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::cancelled()}.on_payment(PaymentApproved{})),
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
