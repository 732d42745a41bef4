#include <gtest/gtest.h>

#include "domain/audit.hpp"
#include "tests/domain/journal_of.hpp"

namespace sugang {
namespace {

using testing::HasSubstr;

const EnrollmentId second = enrollment(2), third = enrollment(3);
const StudentId ben{"ben"}, cho{"cho"};

TEST(Audit, FindsNothingInOrdersTrainingsAndALine) {
  for (const auto& script :
       {TimelineScript::ordered(), TimelineScript::delivered(), TimelineScript::order_cancelled(),
        TimelineScript::scheduled(), TimelineScript::trained(), TimelineScript::training_cancelled()})
    EXPECT_EQ(fault_in(JournalOf{script}), "");
}

JournalOf with_two_on_waitlist() {
  auto journal = JournalOf{TimelineScript{}.created()};
  return journal.wait_for(second, ben, 2, 1).wait_for(third, cho, 1, 2);
}

TEST(Audit, FindsNothingInAWaitlistThatAdvancesInOrder) {
  auto journal = with_two_on_waitlist();
  EXPECT_EQ(fault_in(journal), "");
  journal.on_course(SeatsReleased{TimelineScript{}.id, 2});
  journal.on_course_of(second, WaiterPromoted{second, 2}).on_course_of(third, WaiterPromoted{third, 1});
  EXPECT_EQ(fault_in(journal), "");
}

TEST(Invariant12, SeatsHeldPastTheLineAreFound) {
  EXPECT_THAT(fault_in(with_two_on_waitlist().hold_for(enrollment(4), {"dai"}, 1)), HasSubstr("invariant 12"));
}

TEST(Invariant12, APromotionPastTheHeadIsFound) {
  EXPECT_THAT(fault_in(with_two_on_waitlist().on_course_of(third, WaiterPromoted{third, 1})),
              HasSubstr("invariant 12"));
}

TEST(Invariant12, APromotionOfNoWaiterOrTwiceIsFound) {
  auto journal = with_two_on_waitlist().on_course(SeatsReleased{TimelineScript{}.id, 2});
  journal.on_course_of(second, WaiterPromoted{second, 2});
  EXPECT_EQ(fault_in(journal), "");
  EXPECT_THAT(fault_in(journal.on_course_of(second, WaiterPromoted{second, 2})), HasSubstr("invariant 12"));
  auto empty = JournalOf{TimelineScript{}.created()};
  EXPECT_THAT(fault_in(empty.on_course_of(second, WaiterPromoted{second, 1})), HasSubstr("invariant 12"));
}

TEST(Invariant12, ATicketGivenTwiceOrOutOfOrderIsFound) {
  for (std::uint64_t ticket : {0, 1, 2, 4})
    EXPECT_THAT(fault_in(with_two_on_waitlist().wait_for(enrollment(4), {"dai"}, 1, ticket)),
                HasSubstr("invariant 12"));
}

TEST(Invariant12, AWaitForSeatsThatAreThereIsFound) {
  auto journal = JournalOf{TimelineScript{}.created()};
  EXPECT_THAT(fault_in(journal.wait_for(second, ben, 1, 1)), HasSubstr("invariant 12"));
}

TEST(Invariant1, AHeadPromotedThatDoesNotFitIsFound) {
  EXPECT_THAT(fault_in(with_two_on_waitlist().on_course_of(second, WaiterPromoted{second, 2})),
              HasSubstr("invariant 1: "));
  EXPECT_THAT(fault_in(with_two_on_waitlist().on_course_of(second, WaiterPromoted{second, 1})),
              HasSubstr("invariant 1: "));
}

TEST(Invariant2, AHeadPromotedForAnotherPriceIsFound) {
  auto journal = JournalOf{TimelineScript{}.created()};
  journal.append(second, EnrollmentEvent{EnrollmentRequested{
                             .course = TimelineScript{}.course, .student = ben, .seats = 2, .amount = {1, {}}}});
  auto records = journal.on_course_of(second, SeatsWaitlisted{second, ben, 2, 1})
                     .on_course(SeatsReleased{TimelineScript{}.id, 2})
                     .on_course_of(second, WaiterPromoted{second, 2})
                     .records();
  for (auto& record : records)
    if (record.aggregate == AggregateId{second}) record.enrollment = second;
  EXPECT_THAT(fault_in(records), HasSubstr("invariant 2"));
}

TEST(Invariant4, AnEndedEnrollmentThatKeepsItsPlaceInTheLineIsFound) {
  auto records = with_two_on_waitlist().append(third, EnrollmentEvent{EnrollmentRejected{"closed"}}).records();
  records.back().enrollment = third;
  EXPECT_THAT(fault_in(records), HasSubstr("invariant 4"));
  EXPECT_THAT(fault_in(records), HasSubstr("waits"));
}

/// The journal of the script, with another number of points in the events of this type.
template <class Happened>
std::vector<Record> with_points(const TimelineScript& script, std::int64_t points) {
  auto records = JournalOf{script}.records();
  for (auto& record : records)
    if (auto* of_payment = std::get_if<PaymentEvent>(&record.event))
      if (auto* happened = std::get_if<Happened>(of_payment)) happened->mileage = points;
  return records;
}

TEST(Invariant3, PointsEarnedThatTheEnrollmentWasNotPromisedAreFound) {
  for (const std::int64_t points : {0, 239, 241}) {
    EXPECT_THAT(fault_in(with_points<PaymentApproved>(TimelineScript::ordered(), points)), HasSubstr("invariant 3"))
        << points;
    EXPECT_THAT(fault_in(with_points<PaymentRequested>(TimelineScript::ordered(), points)),
                HasSubstr("invariant 3"))
        << points;
  }
}

TEST(Invariant3, PointsReversedThatWereNotEarnedAndPointsLeftAreFound) {
  for (const std::int64_t points : {0, 239, 241})
    EXPECT_THAT(fault_in(with_points<RefundRequested>(TimelineScript::order_cancelled(), points)),
                HasSubstr("invariant 3"))
        << points;
}

TEST(Invariant3, PointsReversedAgainWithARefundThatIsRetriedAreFound) {
  auto script = TimelineScript{}.created().charge_requested().charge_approved().turned(TurnCause::cancelled, "ill");
  script.on_payment(RefundRequested{TimelineScript::points}, Direction::undo);
  script.on_payment(RefundDeclined{"closed"}, Direction::undo);
  auto journal = JournalOf{script};
  EXPECT_EQ(fault_in(JournalOf{journal}.on_payment(RefundRequested{})), "");
  EXPECT_THAT(fault_in(journal.on_payment(RefundRequested{TimelineScript::points})), HasSubstr("invariant 3"));
}

TEST(Invariant3, PointsEarnedByAChargeThatWasGivenUpAreFound) {
  auto script = TimelineScript{}.created().charge_requested().turned(TurnCause::expired, "late").seats_back();
  script.on_payment(PaymentVoidRequested{}, Direction::undo);
  auto journal = JournalOf{script};
  EXPECT_EQ(fault_in(JournalOf{journal}.on_payment(PaymentApproved{}).on_payment(RefundRequested{})), "");
  EXPECT_THAT(fault_in(journal.on_payment(PaymentApproved{TimelineScript::points})
                           .on_payment(RefundRequested{TimelineScript::points})),
              HasSubstr("invariant 3"));
}

TEST(Invariant4, MileageLeftAfterTheEndIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::order_cancelled()}.without<RefundRequested>()),
              HasSubstr("mileage left"));
}

TEST(Invariant4, StockLeftAfterTheEndIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::order_cancelled()}.without<StockReleased>()), HasSubstr("stock"));
}

TEST(Invariant4, StockPreparedAfterItsReleaseIsFound) {
  auto script = TimelineScript{}.created(CourseKind::product);
  script.on_stock(StockReleased{}, Direction::undo).on_stock(StockPrepared{});
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 4"));
}

TEST(Invariant4, ADeliveryLeftAfterTheEndIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::order_cancelled()}.without<DeliveryCancelled>()),
              HasSubstr("delivery requested"));
}

TEST(Invariant6, ADeliveryOfWhatIsNotConfirmedIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::ordered()}.without<EnrollmentConfirmed>()),
              HasSubstr("invariant 6"));
  auto script =
      TimelineScript{}.created(CourseKind::product).on_delivery(DeliveryRequested{}, Step::request_delivery);
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 6"));
}

TEST(Invariant6, AStartedDeliveryThatIsCancelledIsFound) {
  auto script = TimelineScript::ordered().on_delivery(DeliveryStarted{}, Step::start_delivery);
  EXPECT_EQ(fault_in(JournalOf{script}), "");
  script.on_delivery(DeliveryCancelled{}, Step::request_delivery, Direction::undo);
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 6"));
  auto done = TimelineScript::delivered().on_delivery(DeliveryCancelled{}, Step::request_delivery, Direction::undo);
  EXPECT_THAT(fault_in(JournalOf{done}), HasSubstr("invariant 6"));
}

TEST(Invariant6, ADeliveryStartedWithoutARequestOrAfterACancelIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::delivered()}.without<DeliveryRequested>()),
              HasSubstr("invariant 6"));
  auto script = TimelineScript::ordered().on_delivery(DeliveryCancelled{}, Step::request_delivery, Direction::undo);
  EXPECT_THAT(fault_in(JournalOf{script.on_delivery(DeliveryStarted{}, Step::start_delivery)}),
              HasSubstr("invariant 6"));
}

TEST(Invariant6, AnOrderCompletedBeforeItIsDeliveredIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::delivered()}.without<DeliveryCompleted>()),
              HasSubstr("invariant 6"));
}

TEST(Invariant5, ATrainingConfirmedWithoutAScheduleIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::scheduled()}.without<CoachingScheduled>()),
              HasSubstr("invariant 5"));
}

TEST(Invariant5, AScheduleGivenUpWhileConfirmedIsFound) {
  auto script = TimelineScript::scheduled();
  script.on_coaching(CoachingReleased{}, Step::assign_instructor, Direction::undo);
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 5"));
}

TEST(Invariant5, AReleaseAfterTheClassWasHeldIsFound) {
  auto script = TimelineScript::trained();
  script.on_coaching(CoachingReleased{}, Step::assign_instructor, Direction::undo);
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 5"));
}

TEST(Invariant5, ACoachingThatGoesOnAfterItsReleaseIsFound) {
  auto script = TimelineScript{}.created(CourseKind::training);
  script.on_coaching(CoachingReleased{}, Step::assign_instructor, Direction::undo);
  EXPECT_EQ(fault_in(JournalOf{script}), "");
  script.on_coaching(CoachingAssigned{{"kim"}}, Step::assign_instructor);
  EXPECT_THAT(fault_in(JournalOf{script}), HasSubstr("invariant 5"));
}

TEST(Invariant5, TwoClassesOfAnInstructorAtOneTimeAreFound) {
  auto journal = JournalOf{TimelineScript::scheduled()}.hold_for(second, ben, 1);
  auto other_time = TimelineScript::slot;
  other_time.starts_at += std::chrono::minutes{59};
  other_time.ends_at += std::chrono::minutes{59};
  auto records =
      journal.append(AggregateId::calendar_of({"kim"}), CalendarEvent{SlotBooked{second, other_time}}).records();
  records.back().enrollment = second;
  EXPECT_THAT(fault_in(records), HasSubstr("two classes at one time"));
}

TEST(Invariant5, ASlotLeftAfterTheEndIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::training_cancelled()}.without<SlotReleased>()),
              HasSubstr("invariant 5"));
  auto late = TimelineScript::training_cancelled();
  EXPECT_THAT(fault_in(JournalOf{late.on_calendar(SlotBooked{late.id, TimelineScript::slot})}),
              HasSubstr("invariant 5"));
}

TEST(Invariant4, ACoachingLeftAfterTheEndIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::training_cancelled()}.without<CoachingReleased>()),
              HasSubstr("coaching scheduled"));
}

TEST(Invariant7, AResultOfAClassThatWasNotHeldIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::trained()}.without<CoachingHeld>()), HasSubstr("invariant 7"));
}

TEST(Invariant7, AClassHeldBeforeItsStartIsFound) {
  auto records = JournalOf{TimelineScript::trained()}.records();
  for (auto& record : records)
    if (auto* of_coaching = std::get_if<CoachingEvent>(&record.event))
      if (auto* held = std::get_if<CoachingHeld>(of_coaching)) held->held_at -= std::chrono::hours{48};
  EXPECT_THAT(fault_in(records), HasSubstr("invariant 7"));
}

TEST(Invariant7, ATrainingCompletedWithoutAResultIsFound) {
  EXPECT_THAT(fault_in(JournalOf{TimelineScript::trained()}.without<ResultRecorded>()), HasSubstr("invariant 7"));
}

TEST(Invariant9, ASequenceLeftOutByAnyParticipantIsFound) {
  for (const auto& script : {TimelineScript::order_cancelled(), TimelineScript::training_cancelled()}) {
    const auto whole = JournalOf{script}.records();
    for (std::size_t i = 0; i < whole.size(); ++i) {
      auto records = whole;
      ++records[i].sequence;
      EXPECT_THAT(fault_in(records), HasSubstr("invariant 9")) << event_name(whole[i].event);
    }
  }
}

}  // namespace
}  // namespace sugang
