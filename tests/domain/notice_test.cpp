#include "domain/notice.hpp"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace sugang {
namespace {

const EnrollmentId ann{Uid{1, 1}}, ben{Uid{1, 2}};

const std::map<std::string_view, NoticeKind> notifying{
    {"course.waiter-promoted", NoticeKind::waitlist_promoted},
    {"enrollment.confirmed", NoticeKind::enrollment_confirmed},
    {"enrollment.completed", NoticeKind::enrollment_completed},
    {"enrollment.rejected", NoticeKind::enrollment_rejected},
    {"enrollment.expired", NoticeKind::enrollment_expired},
    {"enrollment.cancelled", NoticeKind::enrollment_cancelled},
    {"stock.prepared", NoticeKind::stock_prepared},
    {"delivery.requested", NoticeKind::delivery_requested},
    {"delivery.started", NoticeKind::delivery_started},
    {"delivery.completed", NoticeKind::delivery_completed},
    {"coaching.assigned", NoticeKind::instructor_assigned},
    {"coaching.scheduled", NoticeKind::schedule_confirmed},
    {"coaching.result-recorded", NoticeKind::result_recorded},
    {"enrollment.seats-changed", NoticeKind::seats_changed},
    {"enrollment.seats-change-refused", NoticeKind::seats_change_refused},
};

/// Calls `visit` with one event of every type that there is.
template <class Variant, class Visit, std::size_t... I>
void each_of(const Visit& visit, std::index_sequence<I...>) {
  (visit(Variant{std::variant_alternative_t<I, Variant>{}}), ...);
}
template <class Visit, std::size_t... I>
void each_event(const Visit& visit, std::index_sequence<I...>) {
  (each_of<std::variant_alternative_t<I, Event>>(
       [&](const auto& event) { visit(Event{event}); },
       std::make_index_sequence<std::variant_size_v<std::variant_alternative_t<I, Event>>>{}),
   ...);
}

Record record_of(Event event, std::optional<EnrollmentId> enrollment) {
  Record record;
  record.position = 7;
  record.id = EventId{Uid{2, 1}};
  record.time = TimePoint{Milliseconds{5}};
  record.enrollment = enrollment;
  record.event = std::move(event);
  return record;
}

TEST(NoticeOf, EveryEventTypeIsTheOneInTheTableOrNone) {
  std::size_t types = 0, notices = 0;
  each_event(
      [&](const Event& event) {
        ++types;
        const auto expected = notifying.find(event_name(event));
        const auto subject = notice_of(record_of(event, ann));
        EXPECT_EQ(subject.has_value(), expected != notifying.end()) << event_name(event);
        if (!subject || expected == notifying.end()) return;
        ++notices;
        EXPECT_EQ(subject->kind, expected->second) << event_name(event);
      },
      std::make_index_sequence<std::variant_size_v<Event>>{});
  EXPECT_EQ(notices, notifying.size());
  EXPECT_EQ(notices, EnumNames<NoticeKind>::values.size()) << "a kind that no event notifies of";
  EXPECT_GT(types, 40u);
}

TEST(NoticeOf, APromotionNotifiesItsOwnStudentOnWhateverTimelineItIs) {
  const CourseEvent promoted = WaiterPromoted{ben, 1};
  for (const auto& timeline : {std::optional{ann}, std::optional<EnrollmentId>{}}) {
    const auto subject = notice_of(record_of(promoted, timeline));
    ASSERT_TRUE(subject);
    EXPECT_EQ(subject->enrollment, ben);
  }
}

TEST(NoticeOf, AnEventOfNoEnrollmentIsNoNotification) {
  EXPECT_FALSE(notice_of(record_of(EnrollmentEvent{EnrollmentConfirmed{}}, std::nullopt)));
}

TEST(MakeNotice, HoldsWhatTheJournalHas) {
  const auto record = record_of(EnrollmentEvent{EnrollmentConfirmed{}}, ann);
  EXPECT_EQ(make_notice(record, *notice_of(record), {"ann"}, {"music"}),
            (Notice{7, record.id, NoticeKind::enrollment_confirmed, ann, {"ann"}, {"music"}, record.time}));
}

}  // namespace
}  // namespace sugang
