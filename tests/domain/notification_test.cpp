#include "domain/notification.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "tests/domain/given.hpp"

namespace sugang {
namespace {

/// The n-th event, `age` before noon.
EventId event(std::uint64_t n, Milliseconds age = {}) { return {make_uid(noon - age, Partition{3}, n << 2, 0)}; }
NotificationQueued notice(EventId about, bool outward = false) {
  return {about, NoticeKind::enrollment_confirmed, {"lecture-1"}, noon, outward};
}

TEST(Notify, TellsOfAnEventOnce) {
  EXPECT_THAT(given<NotificationBox>().when(Notify{notice(event(1))}), Causes(notice(event(1))));
  EXPECT_THAT(given<NotificationBox>(notice(event(1))).when(Notify{notice(event(1))}), ChangesNothing());
  EXPECT_THAT(given<NotificationBox>(notice(event(1))).when(Notify{notice(event(2))}), Causes(notice(event(2))));
}

TEST(Notify, IsToldOnceAlsoAfterItWasSentOrFailed) {
  const auto about = event(1);
  EXPECT_THAT(
      given<NotificationBox>(notice(about, true), NotificationSent{about}).when(Notify{notice(about, true)}),
      ChangesNothing());
  EXPECT_THAT(given<NotificationBox>(notice(about, true), NotificationFailed{about, "gone"})
                  .when(Notify{notice(about, true)}),
              ChangesNothing());
}

TEST(NotificationOutward, IsOutstandingUntilItsWord) {
  const auto about = event(1);
  const auto past = given<NotificationBox>(notice(about, true));
  EXPECT_EQ(past.state().outstanding, std::set{about});
  EXPECT_THAT(past.when(MarkSent{about}), Causes(NotificationSent{about}));
  EXPECT_THAT(past.when(MarkFailed{about, "410"}), Causes(NotificationFailed{about, "410"}));
  const auto sent = given<NotificationBox>(notice(about, true), NotificationSent{about});
  EXPECT_THAT(sent.when(MarkSent{about}), ChangesNothing());
  EXPECT_THAT(sent.when(MarkFailed{about, "late"}), ChangesNothing());
  EXPECT_TRUE(sent.state().outstanding.empty());
}

TEST(NotificationThatLiesInTheBox, WaitsForNoWord) {
  const auto past = given<NotificationBox>(notice(event(1)));
  EXPECT_TRUE(past.state().outstanding.empty());
  EXPECT_THAT(past.when(MarkSent{event(1)}), ChangesNothing());
  EXPECT_THAT(past.when(MarkFailed{event(1), "gone"}), ChangesNothing());
}

TEST(ToldEvents, AreForgottenInTheOrderOfTheJournalAndThenRefusedByTheirPosition) {
  NotificationBox box;
  // Whatever the ids say of their time.
  auto at = [](std::uint64_t position) {
    auto about = notice(event(position, std::chrono::hours{static_cast<int>(position % 100)}));
    about.position = {position};
    return about;
  };
  for (std::uint64_t position = 1; position <= told_max + 2; ++position) apply(box, at(position));
  EXPECT_EQ(box.told.size(), told_max);
  for (const std::uint64_t known :
       {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{told_max + 2}})
    EXPECT_THAT(decide(box, Notify{at(known)}, noon), ChangesNothing()) << known;
  EXPECT_THAT(decide(box, Notify{at(told_max + 3)}, noon), Causes(at(told_max + 3)));
}

TEST(NoticeFromAClockThatRanAhead, SilencesNoOtherOne) {
  const auto ahead = event(1, -std::chrono::hours{24 * 365});
  const auto past = given<NotificationBox>(notice(ahead));
  EXPECT_THAT(past.when(Notify{notice(event(2))}), Causes(notice(event(2))));
  EXPECT_THAT(past.when(Notify{notice(ahead)}), ChangesNothing());
}

TEST(NotificationOutward, StaysOutstandingHoweverOldItGets) {
  const auto old = event(1, std::chrono::hours{72});
  const auto past = given<NotificationBox>(notice(old, true), notice(event(2)));
  EXPECT_THAT(past.when(MarkSent{old}), Causes(NotificationSent{old}));
}

// The teller tells in the order of events, and after a crash again from where it may have been.
RC_GTEST_PROP(Invariant8, OneNotificationPerEventHoweverOftenTheTellerBeginsAgain, ()) {
  NotificationBox box;
  std::vector<NotificationEvent> events;
  std::map<EventId, int> told;
  const auto count = *rc::gen::inRange<std::uint64_t>(1, 60);
  const auto step = std::chrono::minutes{*rc::gen::element(1, 90, 2'000)};
  auto crashes_left = *rc::gen::inRange(0, 10);
  for (std::uint64_t next = 0; next < count;) {
    const auto about = event(next, step * static_cast<int>(count - next));
    const bool outward = *rc::gen::arbitrary<bool>();
    auto command = Notify{notice(about, outward)};
    command.notice.position = {next + 1};
    for (const auto& happened : decide(box, command, noon).events) {
      apply(box, happened);
      events.push_back(happened);
      ++told[about];
    }
    if (*rc::gen::arbitrary<bool>())
      for (const auto& happened : decide(box, MarkSent{about}, noon).events) {
        apply(box, happened);
        events.push_back(happened);
      }
    const bool crashes = crashes_left > 0 && *rc::gen::inRange(0, 6) == 0;
    crashes_left -= crashes ? 1 : 0;
    next = crashes ? *rc::gen::inRange<std::uint64_t>(0, next + 1) : next + 1;
    if (crashes) box = replay<NotificationBox>(events);
  }
  RC_ASSERT(told.size() == count);
  for (const auto& [about, times] : told) RC_ASSERT(times == 1);
}

}  // namespace
}  // namespace sugang
