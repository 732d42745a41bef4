#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/journal_contract.hpp"

// What a journal keeps beside its records: what is pending, where consumers are, and which requests are known.

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TYPED_TEST_SUITE(JournalContract, JournalHosts);

void expire_all(Journal& journal, TimePoint before) {
  std::optional<std::string> from = "";
  while (from) from = journal.expire_requests(before, *from, 1);
}

TYPED_TEST(JournalContract, SagasArePendingUntilTheyEnd) {
  this->append({this->story.course("music")});
  const auto pending = this->story.new_enrollment("music");
  this->append_durably(this->story.enrollment("music", pending)[0]);
  this->enroll(true);
  this->enroll(false);
  EXPECT_THAT(this->j().pending(), ElementsAre(AggregateId{saga_of(pending)}));
  this->reopen();
  EXPECT_THAT(this->j().pending(), ElementsAre(AggregateId{saga_of(pending)}));
  this->append_durably(Append{.pending = {{saga_of(pending), false}}});
  EXPECT_THAT(this->j().pending(), IsEmpty());
}

TYPED_TEST(JournalContract, ACourseIsPendingBesideTheSagas) {
  // Fifteen characters: with a byte for their count they are as long as the uid in a saga's key.
  const std::vector<std::string> names{"a", "fifteen-letters", "music"};
  Append pending;
  for (const auto& name : names) {
    pending.records.push_back(this->story.course(name));
    pending.pending.push_back({CourseId{name}, true});
  }
  append_as_owner(this->j(), pending);
  const auto enrollment = this->story.new_enrollment("music");
  this->append_durably(this->story.enrollment("music", enrollment)[0]);
  this->j().verify();
  this->reopen();
  EXPECT_THAT(this->j().pending(),
              UnorderedElementsAre(AggregateId{saga_of(enrollment)}, AggregateId{CourseId{"a"}},
                                   AggregateId{CourseId{"fifteen-letters"}}, AggregateId{music}));
  EXPECT_EQ(this->j().pending().front(), AggregateId{saga_of(enrollment)});
  Append settled;
  for (const auto& name : names) settled.pending.push_back({CourseId{name}, false});
  this->append_durably(settled);
  EXPECT_THAT(this->j().pending(), ElementsAre(AggregateId{saga_of(enrollment)}));
}

/// What a journal wrote when only sagas could be pending.
TYPED_TEST(JournalContract, ASagaIsPendingUnderItsPartitionAndUid) {
  const EnrollmentId id{Uid{0x0198000000007004ULL, 0x8123456789abcdefULL}};
  EXPECT_EQ(pending_key(saga_of(id)), (std::string{"\x00\x01\x01\x98\x00\x00\x00\x00\x70\x04"
                                                   "\x81\x23\x45\x67\x89\xab\xcd\xef",
                                                   18}));
  this->host.put(pending_space, pending_key(saga_of(id)), {});
  this->reopen();
  EXPECT_THAT(this->j().pending(), ElementsAre(AggregateId{saga_of(id)}));
}

TYPED_TEST(JournalContract, ACursorIsDurableWithItsAppendAndNotBefore) {
  EXPECT_EQ(this->j().cursor("reports"), 0u);
  append_as_owner(this->j(),
                  Append{.records = {this->story.course("music")}, .cursors = {{"reports", 7}, {"notices", 3}}});
  EXPECT_EQ(this->j().cursor("reports"), 0u);
  this->journal->commit_all();
  EXPECT_EQ(this->j().cursor("reports"), 7u);
  EXPECT_EQ(this->j().cursor("notices"), 3u);
  this->reopen();
  EXPECT_EQ(this->j().cursor("reports"), 7u);
  EXPECT_EQ(this->j().cursor("report"), 0u);
}

TYPED_TEST(JournalContract, TheLastCursorOfABatchCounts) {
  this->append({this->story.course("music")});
  bool durable = false;
  for (Position position : {5, 9, 12})
    append_as_owner(this->j(),
                    Append{.cursors = {{"reports", position}}, .then = [&](Position) { durable = true; }});
  this->journal->commit_all();
  EXPECT_TRUE(durable);
  EXPECT_EQ(this->j().cursor("reports"), 12u);
  EXPECT_EQ(this->j().stats().batches, 1u);
  EXPECT_EQ(this->j().durable_position(), 1u) << "a cursor takes no position";
}

TYPED_TEST(JournalContract, ACursorThatIsNoPositionIsRefused) {
  this->host.put(marks_space, cursor_key("reports"), "12x");
  EXPECT_THROW(this->j().cursor("reports"), JournalDamaged);
}

TYPED_TEST(JournalContract, ARequestIsKnownUntilItExpires) {
  const RequestId request{this->story.next_uid()};
  const RequestId younger{this->story.next_uid()};
  auto claimed = this->story.record(request, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}});
  auto answered = this->story.record(request, RequestEvent{RequestAnswered{201, "application/json", "/x", "{}"}});
  this->append_durably({claimed});
  this->append({answered});
  auto late = this->story.record(younger, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}});
  this->append_durably({late});
  EXPECT_THAT(this->j().history(request), SizeIs(2));

  expire_all(this->j(), answered.time);
  EXPECT_THAT(this->j().history(request), SizeIs(2)) << "the answer is not older than that";
  expire_all(this->j(), answered.time + Milliseconds{1});
  EXPECT_THAT(this->j().history(request), IsEmpty());
  EXPECT_THAT(this->j().history(younger), SizeIs(1));
  EXPECT_THAT(this->j().read(0, 10), SizeIs(3)) << "the journal itself forgets nothing";
  this->j().verify();

  claimed.time += std::chrono::hours{1};
  this->append_durably({claimed});
  EXPECT_THAT(this->j().history(request), SizeIs(1));
  this->j().verify();
  this->reopen();
  EXPECT_THAT(this->j().history(request), SizeIs(1));
}

TYPED_TEST(JournalContract, AnExpiryByAClockThatWasAheadForgetsNoLaterRequest) {
  const RequestId old{this->story.next_uid()};
  const RequestId recent{this->story.next_uid()};
  const auto claimed = this->story.record(old, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}});
  this->append_durably({claimed});
  expire_all(this->j(), claimed.time + std::chrono::hours{10'000});
  ASSERT_THAT(this->j().history(old), IsEmpty());
  this->append_durably({this->story.record(recent, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}})});
  expire_all(this->j(), claimed.time);
  EXPECT_THAT(this->j().history(recent), SizeIs(1));
  this->j().verify();
}

}  // namespace
}  // namespace sugang
