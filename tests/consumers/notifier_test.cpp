#include "consumers/notifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/consumers/consumed.hpp"

namespace sugang {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::map<std::string_view, NoticeKind> told{
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

TEST(NoticeOf, EveryEventTypeIsTheOneInTheTableOrNone) {
  std::size_t types = 0, notices = 0;
  each_event(
      [&](const Event& event) {
        ++types;
        const auto expected = told.find(event_name(event));
        const auto kind = notice_of(event);
        EXPECT_EQ(kind.has_value(), expected != told.end()) << event_name(event);
        if (!kind || expected == told.end()) return;
        ++notices;
        EXPECT_EQ(*kind, expected->second) << event_name(event);
      },
      std::make_index_sequence<std::variant_size_v<Event>>{});
  EXPECT_EQ(notices, told.size());
  EXPECT_EQ(notices, EnumNames<NoticeKind>::values.size()) << "a kind that nothing is told by";
  EXPECT_GT(types, 40u);
}

class Notifiers : public ::testing::Test {
 protected:
  Notifiers() {
    node.append({node.story.course("music")});
    node.consumers->add(notifier);
  }
  void finish() {
    for (auto& appended : std::exchange(waiting, {})) appended(nullptr);
  }

  Consumed node;
  EnrollmentContexts contexts{node.j()};
  bool outward = false;
  std::vector<Notice> boxes;
  std::vector<Notifier::Appended> waiting;
  Notifier notifier{contexts,
                    [this](Notice notice, Notifier::Appended appended) {
                      boxes.push_back(std::move(notice));
                      waiting.push_back(std::move(appended));
                    },
                    [this] { return outward; }};
};

TEST_F(Notifiers, TellTheStudentWhoseEnrollmentItIs) {
  const auto first = node.enroll("music");
  outward = true;
  node.settle();
  ASSERT_THAT(boxes, SizeIs(1));
  const auto records = node.j().timeline(first);
  const auto& confirmed = records[records.size() - 2];
  const auto& notice = boxes[0];
  EXPECT_EQ(notice.student, std::get<EnrollmentRequested>(std::get<EnrollmentEvent>(records[0].event)).student);
  EXPECT_EQ(notice.enrollment, first);
  EXPECT_EQ(
      notice.queued,
      (NotificationQueued{
          confirmed.id, NoticeKind::enrollment_confirmed, {"music"}, confirmed.time, true, {confirmed.position}}));
}

TEST_F(Notifiers, TheCursorFollowsWhenEveryBoxHasAppended) {
  node.enroll("music");
  node.enroll("music");
  node.settle();
  ASSERT_THAT(waiting, SizeIs(2));
  EXPECT_GT(node.consumers->lag("notifier"), 0u);
  waiting.back()(nullptr);
  waiting.pop_back();
  node.settle();
  EXPECT_GT(node.consumers->lag("notifier"), 0u);
  finish();
  node.settle();
  EXPECT_EQ(node.consumers->lag("notifier"), 0u);
}

TEST_F(Notifiers, APromotionIsToldToWhoWaitedAndNotToWhoGaveUp) {
  const auto leaving = node.enroll("music");
  const auto waiter = node.enroll("music");
  node.settle();
  finish();
  boxes.clear();
  node.append({node.story.record(CourseId{"music"}, CourseEvent{WaiterPromoted{waiter, 1}}, leaving)});
  node.journal->commit_all();
  node.settle();
  ASSERT_THAT(boxes, SizeIs(1));
  EXPECT_EQ(boxes[0].enrollment, waiter);
  EXPECT_EQ(boxes[0].student, contexts.find(waiter)->student);
  EXPECT_EQ(boxes[0].queued.kind, NoticeKind::waitlist_promoted);
}

TEST_F(Notifiers, SetAsideWhatConcernsAnEnrollmentThatCannotBeReadAndGoOn) {
  const auto spoiled = node.enroll("music"), sound = node.enroll("music");
  node.settle();
  finish();
  node.settle();
  boxes.clear();
  node.timers.advance(node.limits.cursor_interval);
  node.settle();
  node.crash();
  node.spoil_timeline(spoiled);
  EnrollmentContexts own{node.j()};
  Notifier again{own,
                 [this](Notice notice, Notifier::Appended appended) {
                   boxes.push_back(std::move(notice));
                   appended(nullptr);
                 },
                 [] { return false; }};
  node.consumers->add(again);
  node.append({node.story.record(spoiled, EnrollmentEvent{EnrollmentCancelled{}}, spoiled)});
  const auto lost = node.append({node.story.record(spoiled, EnrollmentEvent{EnrollmentCompleted{}}, spoiled)});
  node.append({node.story.record(sound, EnrollmentEvent{EnrollmentCompleted{}}, sound)});
  node.journal->commit_all();
  node.settle();
  ASSERT_THAT(boxes, SizeIs(1));
  EXPECT_EQ(boxes[0].enrollment, sound);
  ASSERT_THAT(node.set_aside, SizeIs(2));
  EXPECT_EQ(node.set_aside[0].first, lost - 1);
  EXPECT_EQ(node.set_aside[1].first, lost);
  EXPECT_EQ(node.consumers->lag("notifier"), 0u);
}

TEST_F(Notifiers, SetAsideWhatABoxThatCannotBeReadMissesAndGoOn) {
  const auto first = node.enroll("music"), second = node.enroll("music"), third = node.enroll("music");
  Unreadable fault{.why = "spoiled"};
  for (int round = 0; round < 10; ++round) {
    node.settle();
    for (std::size_t i = waiting.size(); i-- > 0;)
      waiting[i](boxes[boxes.size() - waiting.size() + i].enrollment == second ? &fault : nullptr);
    waiting.clear();
  }
  ASSERT_THAT(node.set_aside, SizeIs(1));
  EXPECT_EQ(node.set_aside[0].first, node.j().timeline(second).back().position - 1);
  EXPECT_EQ(node.set_aside[0].error, to_text(AggregateId::box_of(boxes[1].student)) + " can't be read: spoiled");
  EXPECT_EQ(node.consumers->lag("notifier"), 0u);
  const auto told_alone = [&](EnrollmentId id) {
    return std::count_if(boxes.begin(), boxes.end(), [&](const Notice& each) { return each.enrollment == id; });
  };
  for (const auto id : {first, second, third}) EXPECT_EQ(told_alone(id), 2) << "with the others and alone";
}

TEST_F(Notifiers, ToldAgainAfterACrashTheNoticeIsTheSame) {
  node.enroll("music");
  node.settle();
  const auto before = boxes;
  node.crash();
  boxes.clear();
  EnrollmentContexts own{node.j()};
  Notifier again{own, [this](Notice notice, const Notifier::Appended&) { boxes.push_back(std::move(notice)); },
                 [] { return false; }};
  node.consumers->add(again);
  node.settle();
  ASSERT_THAT(boxes, SizeIs(1));
  EXPECT_EQ(boxes[0].queued, before[0].queued);
  EXPECT_EQ(boxes[0].student, before[0].student);
}

}  // namespace
}  // namespace sugang
