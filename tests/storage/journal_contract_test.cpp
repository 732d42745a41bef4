#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/codec.hpp"
#include "storage/request_expiry.hpp"
#include "tests/storage/journal_host.hpp"
#include "tests/storage/story.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const AggregateId music{CourseId{"music"}};

/// The claims of storage/journal.hpp, over each store.
template <class Host>
class JournalContract : public ::testing::Test {
 protected:
  JournalContract() { open(); }

  void open(Journal::Limits limits = {}) { journal = std::make_unique<SteppedJournal>(host, limits); }
  void reopen() {
    journal.reset();
    host.restart();
    open();
  }
  Journal& j() { return **journal; }

  Ticket append(std::vector<Record> records, std::function<void(Position)> then = {}) {
    Append append;
    append.records = std::move(records);
    append.then = std::move(then);
    return append_as_owner(j(), std::move(append));
  }
  /// By one who has loaded what is to be loaded, or has not.
  Ticket append_as_is(std::vector<Record> records, std::vector<AggregateId> created = {}) {
    Append append;
    append.records = std::move(records);
    append.created = std::move(created);
    return j().append(std::move(append));
  }
  Record held() {
    const auto id = story.new_enrollment("music");
    return story.record(music, CourseEvent{SeatsHeld{id, {"s"}, 1}}, id);
  }
  /// One enrollment from end to end, a batch for each append.
  EnrollmentId enroll(bool one_batch = false) {
    const auto id = story.new_enrollment("music");
    for (auto& each : story.enrollment("music", id)) {
      append_as_owner(j(), std::move(each));
      if (!one_batch) journal->commit_all();
    }
    journal->commit_all();
    return id;
  }
  Recovered wake(const AggregateId& id) {
    std::optional<Recovered> found;
    j().wake(id, [&](Recovered recovered) { found = std::move(recovered); });
    journal->commit_all();
    EXPECT_TRUE(found);
    return found.value_or(Recovered{});
  }
  void expire_all(TimePoint before) {
    std::optional<std::string> from = "";
    while (from) from = j().expire_requests(before, *from, 1);
  }
  static std::vector<Sequence> sequences(const std::vector<Record>& records) {
    std::vector<Sequence> all;
    for (const auto& record : records) all.push_back(record.sequence);
    return all;
  }

  Host host;
  Story story;
  std::unique_ptr<SteppedJournal> journal;
};

using Hosts = ::testing::Types<MemoryHost, RocksHost>;
TYPED_TEST_SUITE(JournalContract, Hosts);

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
  this->journal.reset();
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
  this->append({}, [&](Position) { EXPECT_EQ(this->j().durable_ticket(), empty + 1); });
  this->journal->commit_all();
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
  this->append(written);
  this->journal->commit_all();
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
  this->append({this->story.course("music")});
  this->journal->commit_all();
  bool opened = false;
  this->append({}, [&](Position) { opened = true; });
  this->journal->commit_all();
  EXPECT_TRUE(opened);
  EXPECT_EQ(this->j().stats().batches, 1u);
}

TYPED_TEST(JournalContract, ABatchClosesAtItsBytes) {
  this->journal.reset();
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
  this->append({this->story.course("music"), this->held()});
  this->journal->commit_all();
  this->append({this->held()});
  this->journal->commit_all();
  EXPECT_THAT(seen, ElementsAre(2, 3));
}

TYPED_TEST(JournalContract, AWakeReadsBehindEveryEarlierAppend) {
  this->append({this->story.course("music")});
  this->journal->commit_all();
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
  EXPECT_THAT(this->sequences(this->wake(id).tail), ElementsAre(1, 2));
  EXPECT_THAT(this->sequences(this->wake(payment_of(id)).tail), ElementsAre(1, 2));
  EXPECT_THAT(this->sequences(this->wake(saga_of(id)).tail), ElementsAre(1, 2));
  EXPECT_THAT(this->sequences(this->wake(music).tail), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(this->wake(CourseId{"musi"}).tail, IsEmpty());
}

TYPED_TEST(JournalContract, AnAggregateWakesFromItsSnapshotAndWhatFollowsIt) {
  this->append({this->story.course("music")});
  this->append({this->held(), this->held()});
  this->journal->commit_all();
  // The snapshot stands in the middle of a batch, so the batch's entry in the index lists events on both sides.
  this->append({this->held()});
  Append covering;
  covering.records = {this->held()};
  covering.snapshot = Snapshot{music, 5, "five"};
  append_as_owner(this->j(), covering);
  this->append({this->held()});
  this->journal->commit_all();
  this->append({this->held()});
  this->journal->commit_all();
  const auto recovered = this->wake(music);
  ASSERT_TRUE(recovered.snapshot);
  EXPECT_EQ(recovered.snapshot->sequence, 5u);
  EXPECT_EQ(recovered.snapshot->bytes, "five");
  EXPECT_THAT(this->sequences(recovered.tail), ElementsAre(6, 7));
}

TYPED_TEST(JournalContract, OnlyTheNewestSnapshotIsKept) {
  this->append({this->story.course("music")});
  for (Sequence sequence = 2; sequence <= 3; ++sequence) {
    Append covering;
    covering.records = {this->held()};
    covering.snapshot = Snapshot{music, sequence, std::to_string(sequence)};
    append_as_owner(this->j(), covering);
  }
  this->journal->commit_all();
  this->reopen();
  const auto recovered = this->wake(music);
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

TYPED_TEST(JournalContract, SagasArePendingUntilTheyEnd) {
  this->append({this->story.course("music")});
  const auto pending = this->story.new_enrollment("music");
  append_as_owner(this->j(), this->story.enrollment("music", pending)[0]);
  this->journal->commit_all();
  this->enroll(true);
  this->enroll(false);
  EXPECT_THAT(this->j().pending(), ElementsAre(AggregateId{saga_of(pending)}));
  this->reopen();
  EXPECT_THAT(this->j().pending(), ElementsAre(AggregateId{saga_of(pending)}));
  Append settled;
  settled.pending = {{saga_of(pending), false}};
  append_as_owner(this->j(), settled);
  this->journal->commit_all();
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
  append_as_owner(this->j(), this->story.enrollment("music", enrollment)[0]);
  this->journal->commit_all();
  this->j().verify();
  this->reopen();
  EXPECT_THAT(this->j().pending(),
              UnorderedElementsAre(AggregateId{saga_of(enrollment)}, AggregateId{CourseId{"a"}},
                                   AggregateId{CourseId{"fifteen-letters"}}, AggregateId{music}));
  EXPECT_EQ(this->j().pending().front(), AggregateId{saga_of(enrollment)});
  Append settled;
  for (const auto& name : names) settled.pending.push_back({CourseId{name}, false});
  append_as_owner(this->j(), settled);
  this->journal->commit_all();
  EXPECT_THAT(this->j().pending(), ElementsAre(AggregateId{saga_of(enrollment)}));
}

TYPED_TEST(JournalContract, VerifyFindsAPendingCourseThatTheJournalDoesNotHold) {
  Append pending;
  pending.records = {this->story.course("music")};
  pending.pending = {{CourseId{"musicology"}, true}};
  append_as_owner(this->j(), pending);
  this->journal->commit_all();
  EXPECT_THROW(this->j().verify(), JournalDamaged);
}

/// What a journal wrote before it knew other debtors than sagas.
TYPED_TEST(JournalContract, ASagaIsPendingUnderItsPartitionAndUid) {
  const EnrollmentId id{Uid{0x0198000000007004ULL, 0x8123456789abcdefULL}};
  EXPECT_EQ(pending_key(saga_of(id)), (std::string{"\x00\x01\x01\x98\x00\x00\x00\x00\x70\x04"
                                                   "\x81\x23\x45\x67\x89\xab\xcd\xef",
                                                   18}));
  WriteSet old;
  old.put(pending_space, pending_key(saga_of(id)), {});
  this->host.store().write(old, Sync::yes);
  this->reopen();
  EXPECT_THAT(this->j().pending(), ElementsAre(AggregateId{saga_of(id)}));
}

TYPED_TEST(JournalContract, ACursorIsDurableWithItsAppendAndNotBefore) {
  EXPECT_EQ(this->j().cursor("reports"), 0u);
  Append moved;
  moved.records = {this->story.course("music")};
  moved.cursors = {{"reports", 7}, {"notices", 3}};
  append_as_owner(this->j(), moved);
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
  for (Position position : {5, 9, 12}) {
    Append moved;
    moved.cursors = {{"reports", position}};
    moved.then = [&](Position) { durable = true; };
    append_as_owner(this->j(), std::move(moved));
  }
  this->journal->commit_all();
  EXPECT_TRUE(durable);
  EXPECT_EQ(this->j().cursor("reports"), 12u);
  EXPECT_EQ(this->j().stats().batches, 1u);
  EXPECT_EQ(this->j().durable_position(), 1u) << "a cursor takes no position";
}

TYPED_TEST(JournalContract, ACursorThatIsNoPositionIsRefused) {
  WriteSet spoiled;
  spoiled.put(marks_space, cursor_key("reports"), "12x");
  this->host.store().write(spoiled, Sync::yes);
  EXPECT_THROW(this->j().cursor("reports"), JournalDamaged);
}

TYPED_TEST(JournalContract, AReopenedJournalGoesOnWhereItWas) {
  this->append({this->story.course("music")});
  const auto id = this->enroll();
  const auto before = this->j().read(0, 100);
  this->reopen();
  EXPECT_EQ(this->j().durable_position(), before.size());
  EXPECT_EQ(this->j().read(0, 100), before);
  EXPECT_THAT(this->j().timeline(id), SizeIs(8));
  this->append({this->held()});
  this->journal->commit_all();
  this->reopen();
  EXPECT_EQ(this->j().durable_position(), before.size() + 1);
  this->j().verify();
}

TYPED_TEST(JournalContract, WhatWasNotCommittedIsForgotten) {
  this->append({this->story.course("music")});
  this->journal->commit_all();
  bool opened = false;
  this->append({this->held()}, [&](Position) { opened = true; });
  this->reopen();
  EXPECT_FALSE(opened);
  EXPECT_EQ(this->j().durable_position(), 1u);
  this->append({}, [&](Position position) { EXPECT_EQ(position, 1u); });
  this->journal->commit_all();
}

TYPED_TEST(JournalContract, AnAppendOutOfSequenceStopsTheNode) {
  this->append({this->story.course("music")});
  this->journal->commit_all();
  this->wake(music);
  auto skipping = this->held();
  ++skipping.sequence;
  bool opened = false;
  Append append;
  append.records = {skipping};
  append.then = [&](Position) { opened = true; };
  this->j().append(std::move(append));
  this->journal->commit_all();
  ASSERT_THAT(this->journal->failures, SizeIs(1));
  EXPECT_THAT(this->journal->failures[0], HasSubstr("music"));
  this->append({}, [&](Position) { opened = true; });
  this->journal->commit_all();
  EXPECT_FALSE(opened);
  EXPECT_THAT(this->journal->failures, SizeIs(1));
}

TYPED_TEST(JournalContract, TwoActorsOfOneAggregateStopTheNode) {
  this->append({this->story.course("music")});
  this->wake(music);
  auto twin = this->held();
  this->append_as_is({twin});
  this->append_as_is({twin});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, SizeIs(1));
}

TYPED_TEST(JournalContract, AnAppendWhileAWakeReadsStopsTheOneThatWokeWithoutIt) {
  this->journal.reset();
  std::vector<std::function<void()>> reads;
  std::vector<std::string> failures;
  Journal slow{this->host.store(),
               this->host.head(),
               {},
               [&](auto read) { reads.push_back(std::move(read)); },
               [&](const std::string& why) { failures.push_back(why); }};
  auto append = [&](Record record) {
    Append one;
    one.records = {std::move(record)};
    slow.append(std::move(one));
    while (slow.commit_once()) {
    }
  };
  slow.wake_new(music);
  append(this->story.course("music"));
  Sequence woken_at = 0;
  slow.wake(music, [&](const Recovered& recovered) { woken_at = recovered.tail.back().sequence; });
  while (slow.commit_once()) {
  }
  const auto behind_the_read = this->held();
  append(behind_the_read);
  for (auto& read : reads) read();
  EXPECT_EQ(woken_at, 1u);
  EXPECT_THAT(failures, IsEmpty());
  append(behind_the_read);
  EXPECT_THAT(failures, SizeIs(1));
}

TYPED_TEST(JournalContract, AForgottenAggregateIsCheckedAgainOnceItWakes) {
  this->append({this->story.course("music")});
  this->wake(music);
  this->append_as_is({this->held()});
  this->j().forget(music);
  this->journal->commit_all();
  EXPECT_THAT(this->sequences(this->wake(music).tail), ElementsAre(1, 2));
  this->append_as_is({this->held()});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, IsEmpty());
}

TYPED_TEST(JournalContract, ANewAggregateBeginsAtOneWithoutARead) {
  this->j().wake_new(music);
  this->append_as_is({this->story.course("music"), this->held()});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, IsEmpty());
  const auto late = this->held();
  this->append_as_is({this->held()});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, SizeIs(1));
}

TYPED_TEST(JournalContract, AnAppendToWhatNoOneHasLoadedStopsTheNode) {
  const auto id = this->story.new_enrollment("music");
  const RequestId request{this->story.next_uid()};
  const std::vector<Record> first{this->story.course("music"),
                                  this->story.record(id, EnrollmentEvent{EnrollmentRequested{}}, id),
                                  this->story.record(payment_of(id), PaymentEvent{PaymentRequested{}}, id),
                                  this->story.record(saga_of(id), SagaEvent{SagaStarted{}}, id),
                                  this->story.record(request, RequestEvent{RequestClaimed{}})};
  for (const auto& begun : first) {
    SCOPED_TRACE(to_text(begun.aggregate));
    for (const bool goes_on : {false, true}) {
      auto record = begun;
      if (goes_on) {
        // What was loaded and forgotten is as if it had never been.
        this->append({begun});
        this->j().forget(begun.aggregate);
        ++record.sequence;
      }
      this->append_as_is({record});
      this->journal->commit_all();
      ASSERT_THAT(this->journal->failures, SizeIs(1));
      EXPECT_THAT(this->journal->failures[0], HasSubstr("without being loaded"));
      this->reopen();
    }
  }
}

TYPED_TEST(JournalContract, AnAppendBeginsWhatItCreatesAndGoesOnWithNothingElse) {
  this->append_as_is({this->story.course("music"), this->held()}, {music});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, IsEmpty());
  EXPECT_EQ(this->j().stats().loaded, 0u);
  this->append_as_is({this->held()}, {music});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, SizeIs(1)) << "it does not begin with its third event";
}

TYPED_TEST(JournalContract, WhatAnAppendCreatesIsCheckedLikeWhatIsLoaded) {
  this->wake(music);
  this->append_as_is({this->story.course("music")}, {music});
  this->append_as_is({this->held()});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, IsEmpty());
  EXPECT_EQ(this->j().stats().loaded, 1u);
}

TYPED_TEST(JournalContract, NothingIsKeptOfWhatIsForgotten) {
  this->append({this->story.course("music")});
  this->wake(music);
  this->enroll();
  EXPECT_GT(this->j().stats().loaded, 1u);
  for (const auto& record : this->j().read(0, 100)) this->j().forget(record.aggregate);
  this->journal->commit_all();
  EXPECT_EQ(this->j().stats().loaded, 0u);
}

TYPED_TEST(JournalContract, ARequestIsKnownUntilItExpires) {
  const RequestId request{this->story.next_uid()};
  const RequestId younger{this->story.next_uid()};
  auto claimed = this->story.record(request, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}});
  auto answered = this->story.record(request, RequestEvent{RequestAnswered{201, "application/json", "/x", "{}"}});
  this->append({claimed});
  this->journal->commit_all();
  this->append({answered});
  auto late = this->story.record(younger, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}});
  this->append({late});
  this->journal->commit_all();
  EXPECT_THAT(this->j().history(request), SizeIs(2));

  this->expire_all(answered.time);
  EXPECT_THAT(this->j().history(request), SizeIs(2)) << "the answer is not older than that";
  this->expire_all(answered.time + Milliseconds{1});
  EXPECT_THAT(this->j().history(request), IsEmpty());
  EXPECT_THAT(this->j().history(younger), SizeIs(1));
  EXPECT_THAT(this->j().read(0, 10), SizeIs(3)) << "the journal itself forgets nothing";
  this->j().verify();

  claimed.time += std::chrono::hours{1};
  this->append({claimed});
  this->journal->commit_all();
  EXPECT_THAT(this->j().history(request), SizeIs(1));
  this->j().verify();
  this->reopen();
  EXPECT_THAT(this->j().history(request), SizeIs(1));
}

TYPED_TEST(JournalContract, AnExpiryByAClockThatWasAheadForgetsNoLaterRequest) {
  const RequestId old{this->story.next_uid()};
  const RequestId recent{this->story.next_uid()};
  const auto claimed = this->story.record(old, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}});
  this->append({claimed});
  this->journal->commit_all();
  this->expire_all(claimed.time + std::chrono::hours{10'000});
  ASSERT_THAT(this->j().history(old), IsEmpty());
  this->append({this->story.record(recent, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}})});
  this->journal->commit_all();
  this->expire_all(claimed.time);
  EXPECT_THAT(this->j().history(recent), SizeIs(1));
  this->j().verify();
}

TYPED_TEST(JournalContract, VerifyFindsASnapshotThatIsNotTheFoldOfItsEvents) {
  Append covering;
  covering.records = {this->story.course("music")};
  covering.snapshot = Snapshot{music, 1, encode_snapshot(Course{})};
  append_as_owner(this->j(), covering);
  this->journal->commit_all();
  EXPECT_THROW(this->j().verify(), JournalDamaged);
}

TYPED_TEST(JournalContract, VerifyAcceptsASnapshotThatIsTheFoldOfItsEvents) {
  Append covering;
  covering.records = {this->story.course("music")};
  Course course;
  sugang::apply(course, std::get<CourseEvent>(covering.records[0].event));
  covering.snapshot = Snapshot{music, 1, encode_snapshot(course)};
  append_as_owner(this->j(), covering);
  this->append({this->held()});
  this->journal->commit_all();
  this->j().verify();
}

TYPED_TEST(JournalContract, VerifyFindsASagaThatWouldNotBeResumed) {
  this->append({this->story.course("music")});
  auto started = this->story.enrollment("music", this->story.new_enrollment("music"))[0];
  started.pending.clear();
  append_as_owner(this->j(), started);
  this->journal->commit_all();
  EXPECT_THROW(this->j().verify(), JournalDamaged);
}

/// Takes one derived key away, as no crash could, and expects the start to see it.
TYPED_TEST(JournalContract, AMissingIndexEntryIsRefusedAtStart) {
  this->append({this->story.course("music")});
  const auto id = this->enroll();
  this->journal.reset();
  const auto entry = this->host.store().last_at_or_before(index_space, index_key(timeline_group(id), ~0ULL));
  ASSERT_TRUE(entry);
  WriteSet loss;
  loss.erase(index_space, entry->first);
  this->host.store().write(loss, Sync::yes);
  EXPECT_THROW(this->open(), JournalDamaged);
}

TYPED_TEST(JournalContract, AStrayIndexEntryIsRefusedAtStart) {
  this->append({this->story.course("music")});
  this->enroll();
  this->journal.reset();
  WriteSet stray;
  stray.put(index_space, index_key(group_of(CourseId{"other"}), 3), {});
  this->host.store().write(stray, Sync::yes);
  EXPECT_THROW(this->open(), JournalDamaged);
}

TYPED_TEST(JournalContract, AHeadAheadOfTheJournalIsRefusedAtStart) {
  this->append({this->story.course("music")});
  this->journal->commit_all();
  this->journal.reset();
  this->host.head().store({2, 7});
  try {
    this->open();
    FAIL() << "opened";
  } catch (const JournalDamaged& damage) {
    EXPECT_THAT(damage.what(), HasSubstr("acknowledged up to position 2, recovered only up to 1"));
    EXPECT_THAT(damage.what(), HasSubstr("(file "));
  }
}

TYPED_TEST(JournalContract, AnotherChainThanTheAcknowledgedIsRefusedAtStart) {
  this->append({this->story.course("music")});
  this->journal->commit_all();
  this->journal.reset();
  this->host.head().store({1, 7});
  EXPECT_THROW(this->open(), JournalDamaged);
}

TYPED_TEST(JournalContract, AJournalWithoutItsPagesIsRefusedAtStart) {
  this->append({this->story.course("music")});
  this->journal->commit_all();
  this->journal.reset();
  this->host.store().erase_range(pages_space, {}, {});
  EXPECT_THROW(this->open(), JournalDamaged);
}

}  // namespace
}  // namespace sugang
