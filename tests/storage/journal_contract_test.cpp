#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/timeline.hpp"
#include "tests/storage/journal_contract.hpp"

// Appends and what is read back.

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TYPED_TEST_SUITE(JournalContract, JournalHosts);

TYPED_TEST(JournalContract, GivesPositionsWithoutAGapInTheOrderOfTheAppends) {
  std::vector<Position> given;
  const auto note = [&](Position position) { given.push_back(position); };
  this->append({this->story.course("music"), this->held()}, note);
  this->append({this->held()}, note);
  this->append({}, note);
  this->journal->commit_all();
  EXPECT_THAT(given, ElementsAre(2, 3, 3));
  this->append({}, note);
  this->append({this->held()}, note);
  this->append({}, note);
  this->journal->commit_all();
  EXPECT_THAT(given, ElementsAre(2, 3, 3, 3, 4, 4));
  const auto records = this->j().read(0, 100);
  ASSERT_THAT(records, SizeIs(4));
  for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i].position, i + 1);
}

TYPED_TEST(JournalContract, TicketsOrderAppendsAndShowWhichAreDurable) {
  this->open({.append_batch_bytes_max = 1});
  EXPECT_EQ(this->j().durable_ticket(), 0u);
  const auto first = this->append({this->story.course("music")});
  const auto second = this->append({this->held()});
  const auto empty = this->append({});
  EXPECT_LT(0u, first);
  EXPECT_LT(first, second);
  EXPECT_LT(second, empty);
  this->j().commit_once();
  EXPECT_EQ(this->j().durable_ticket(), first);
  this->journal->commit_all();
  EXPECT_EQ(this->j().durable_ticket(), empty);
  this->append_durably({}, [&](Position) { EXPECT_EQ(this->j().durable_ticket(), empty + 1); });
}

/// Each event has its own position, aggregate and sequence, wherever a read begins and ends.
TYPED_TEST(JournalContract, EventsOfOneRecordAreReadOneByOne) {
  this->append({this->story.course("music")});
  const auto id = this->enroll(true);
  EXPECT_EQ(this->j().stats().events, 9u);
  EXPECT_EQ(this->j().stats().records, 5u);
  const auto all = this->j().read(0, 100);
  ASSERT_THAT(all, SizeIs(9));
  for (Position after = 0; after < 9; ++after)
    for (std::size_t limit = 1; limit < 4; ++limit) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(after);
      const auto last = first + static_cast<std::ptrdiff_t>(std::min<std::size_t>(limit, 9 - after));
      EXPECT_EQ(this->j().read(after, limit), std::vector(first, last));
    }
  EXPECT_EQ(this->j().history(payment_of(id)).size(), 2u);
}

TYPED_TEST(JournalContract, ReadsBackWhatWasAppended) {
  std::vector<Record> written{this->story.course("music")};
  for (int i = 0; i < 300; ++i) written.push_back(this->held());
  this->append_durably(written);
  for (std::size_t i = 0; i < written.size(); ++i) written[i].position = i + 1;
  EXPECT_EQ(this->j().read(0, 1000), written);
  EXPECT_EQ(this->j().read(150, 7), std::vector(written.begin() + 150, written.begin() + 157));
  EXPECT_THAT(this->j().read(301, 7), IsEmpty());
}

TYPED_TEST(JournalContract, NothingIsReadBeforeItIsDurable) {
  this->append({this->story.course("music")});
  EXPECT_THAT(this->j().read(0, 10), IsEmpty());
  EXPECT_EQ(this->j().durable_position(), 0u);
  this->journal->commit_all();
  EXPECT_THAT(this->j().read(0, 10), SizeIs(1));
  EXPECT_EQ(this->j().durable_position(), 1u);
}

TYPED_TEST(JournalContract, TheGateOpensInOrderAndOnlyOnceAllBeforeIsDurable) {
  std::vector<int> opened;
  this->append({this->story.course("music")}, [&](Position) {
    opened.push_back(1);
    EXPECT_EQ(this->j().durable_position(), 2u);
  });
  this->append({}, [&](Position) { opened.push_back(2); });
  this->append({this->held()}, [&](Position) { opened.push_back(3); });
  EXPECT_THAT(opened, IsEmpty());
  this->j().commit_once();
  EXPECT_THAT(opened, ElementsAre(1, 2, 3));
}

TYPED_TEST(JournalContract, AnEmptyAppendWaitsWithoutAWrite) {
  this->append_durably({this->story.course("music")});
  bool opened = false;
  this->append_durably({}, [&](Position) { opened = true; });
  EXPECT_TRUE(opened);
  EXPECT_EQ(this->j().stats().batches, 1u);
}

TYPED_TEST(JournalContract, ABatchClosesAtItsBytes) {
  this->open({.append_batch_bytes_max = 1000});
  this->append({this->story.course("music")});
  for (int i = 0; i < 40; ++i) this->append({this->held()});
  EXPECT_GT(this->j().pending_bytes(), 1000u);
  this->j().commit_once();
  EXPECT_LT(this->j().durable_position(), 41u);
  this->journal->commit_all();
  EXPECT_EQ(this->j().durable_position(), 41u);
  EXPECT_EQ(this->j().pending_bytes(), 0u);
}

TYPED_TEST(JournalContract, ListenersAreCalledForEveryBatch) {
  std::vector<Position> seen;
  this->j().on_durable([&](Position position) { seen.push_back(position); });
  this->append_durably({this->story.course("music"), this->held()});
  this->append_durably({this->held()});
  EXPECT_THAT(seen, ElementsAre(2, 3));
}

TYPED_TEST(JournalContract, AWakeReadsBehindEveryEarlierAppend) {
  this->append_durably({this->story.course("music")});
  this->append({this->held(), this->held()});
  std::vector<Sequence> found;
  this->j().wake(music, [&](const Recovered& recovered) { found = this->sequences(recovered.tail); });
  EXPECT_THAT(found, IsEmpty());
  this->journal->commit_all();
  EXPECT_THAT(found, ElementsAre(1, 2, 3));
}

TYPED_TEST(JournalContract, AnAggregateWakesFromItsOwnEventsAlone) {
  this->append({this->story.course("music"), this->story.course("musicology")});
  const auto id = this->enroll();
  this->enroll();
  EXPECT_THAT(this->sequences(this->journal->wake(id).tail), ElementsAre(1, 2));
  EXPECT_THAT(this->sequences(this->journal->wake(payment_of(id)).tail), ElementsAre(1, 2));
  EXPECT_THAT(this->sequences(this->journal->wake(saga_of(id)).tail), ElementsAre(1, 2));
  EXPECT_THAT(this->sequences(this->journal->wake(music).tail), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(this->journal->wake(CourseId{"musi"}).tail, IsEmpty());
}

TYPED_TEST(JournalContract, AnAggregateWakesFromItsSnapshotAndWhatFollowsIt) {
  this->append({this->story.course("music")});
  this->append_durably({this->held(), this->held()});
  // The snapshot stands in the middle of a batch, so the batch's entry in the index lists events on both sides.
  this->append({this->held()});
  append_as_owner(this->j(), Append{.records = {this->held()}, .snapshot = Snapshot{music, 5, "five"}});
  this->append_durably({this->held()});
  this->append_durably({this->held()});
  const auto recovered = this->journal->wake(music);
  ASSERT_TRUE(recovered.snapshot);
  EXPECT_EQ(recovered.snapshot->sequence, 5u);
  EXPECT_EQ(recovered.snapshot->bytes, "five");
  EXPECT_THAT(this->sequences(recovered.tail), ElementsAre(6, 7));
}

TYPED_TEST(JournalContract, OnlyTheNewestSnapshotIsKept) {
  this->append({this->story.course("music")});
  for (Sequence sequence = 2; sequence <= 3; ++sequence)
    append_as_owner(this->j(), Append{.records = {this->held()},
                                      .snapshot = Snapshot{music, sequence, std::to_string(sequence)}});
  this->journal->commit_all();
  this->reopen();
  const auto recovered = this->journal->wake(music);
  ASSERT_TRUE(recovered.snapshot);
  EXPECT_EQ(recovered.snapshot->bytes, "3");
  EXPECT_THAT(recovered.tail, IsEmpty());
}

TYPED_TEST(JournalContract, ATimelineHasEveryAggregateThatTookPart) {
  this->append({this->story.course("music")});
  for (bool one_batch : {false, true}) {
    const auto id = this->enroll(one_batch);
    this->enroll();
    const auto timeline = this->j().timeline(id);
    ASSERT_THAT(timeline, SizeIs(8));
    EnrollmentSummary summary;
    for (const auto& record : timeline) {
      EXPECT_EQ(record.enrollment, id);
      apply(summary, record);
    }
    EXPECT_EQ(summary.state, EnrollmentState::confirmed);
    EXPECT_EQ(summary.saga, SagaState::completed);
  }
}

TYPED_TEST(JournalContract, AReopenedJournalGoesOnWhereItWas) {
  this->append({this->story.course("music")});
  const auto id = this->enroll();
  const auto before = this->j().read(0, 100);
  this->reopen();
  EXPECT_EQ(this->j().durable_position(), before.size());
  EXPECT_EQ(this->j().read(0, 100), before);
  EXPECT_THAT(this->j().timeline(id), SizeIs(8));
  this->append_durably({this->held()});
  this->reopen();
  EXPECT_EQ(this->j().durable_position(), before.size() + 1);
  this->j().verify();
}

TYPED_TEST(JournalContract, WhatWasNotCommittedIsForgotten) {
  this->append_durably({this->story.course("music")});
  bool opened = false;
  this->append({this->held()}, [&](Position) { opened = true; });
  this->reopen();
  EXPECT_FALSE(opened);
  EXPECT_EQ(this->j().durable_position(), 1u);
  this->append_durably({}, [&](Position position) { EXPECT_EQ(position, 1u); });
}

}  // namespace
}  // namespace sugang
