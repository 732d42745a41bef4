#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/codec.hpp"
#include "tests/storage/journal_contract.hpp"

// Appends that stop the node, what verify finds, and what is refused at start.

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TYPED_TEST_SUITE(JournalContract, JournalHosts);

/// By one who has loaded what is to be loaded, or has not.
void append_as_is(Journal& journal, std::vector<Record> records, std::vector<AggregateId> created = {}) {
  journal.append({.records = std::move(records), .created = std::move(created)});
}

TYPED_TEST(JournalContract, AnAppendOutOfSequenceStopsTheNode) {
  this->append_durably({this->story.course("music")});
  this->journal->wake(music);
  auto skipping = this->held();
  ++skipping.sequence;
  bool opened = false;
  this->j().append({.records = {skipping}, .then = [&](Position) { opened = true; }});
  this->journal->commit_all();
  ASSERT_THAT(this->journal->failures, SizeIs(1));
  EXPECT_THAT(this->journal->failures[0], HasSubstr("music"));
  this->append_durably({}, [&](Position) { opened = true; });
  EXPECT_FALSE(opened);
  EXPECT_THAT(this->journal->failures, SizeIs(1));
}

TYPED_TEST(JournalContract, TwoActorsOfOneAggregateStopTheNode) {
  this->append({this->story.course("music")});
  this->journal->wake(music);
  auto twin = this->held();
  append_as_is(this->j(), {twin});
  append_as_is(this->j(), {twin});
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
    slow.append({.records = {std::move(record)}});
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
  this->journal->wake(music);
  append_as_is(this->j(), {this->held()});
  this->j().forget(music);
  this->journal->commit_all();
  EXPECT_THAT(this->sequences(this->journal->wake(music).tail), ElementsAre(1, 2));
  append_as_is(this->j(), {this->held()});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, IsEmpty());
}

TYPED_TEST(JournalContract, ANewAggregateBeginsAtOneWithoutARead) {
  this->j().wake_new(music);
  append_as_is(this->j(), {this->story.course("music"), this->held()});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, IsEmpty());
  const auto late = this->held();
  append_as_is(this->j(), {this->held()});
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
      append_as_is(this->j(), {record});
      this->journal->commit_all();
      ASSERT_THAT(this->journal->failures, SizeIs(1));
      EXPECT_THAT(this->journal->failures[0], HasSubstr("without being loaded"));
      this->reopen();
    }
  }
}

TYPED_TEST(JournalContract, AnAppendBeginsWhatItCreatesAndGoesOnWithNothingElse) {
  append_as_is(this->j(), {this->story.course("music"), this->held()}, {music});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, IsEmpty());
  EXPECT_EQ(this->j().stats().loaded, 0u);
  append_as_is(this->j(), {this->held()}, {music});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, SizeIs(1)) << "it does not begin with its third event";
}

TYPED_TEST(JournalContract, WhatAnAppendCreatesIsCheckedLikeWhatIsLoaded) {
  this->journal->wake(music);
  append_as_is(this->j(), {this->story.course("music")}, {music});
  append_as_is(this->j(), {this->held()});
  this->journal->commit_all();
  EXPECT_THAT(this->journal->failures, IsEmpty());
  EXPECT_EQ(this->j().stats().loaded, 1u);
}

TYPED_TEST(JournalContract, NothingIsKeptOfWhatIsForgotten) {
  this->append({this->story.course("music")});
  this->journal->wake(music);
  this->enroll();
  EXPECT_GT(this->j().stats().loaded, 1u);
  for (const auto& record : this->j().read(0, 100)) this->j().forget(record.aggregate);
  this->journal->commit_all();
  EXPECT_EQ(this->j().stats().loaded, 0u);
}

TYPED_TEST(JournalContract, VerifyFindsASnapshotThatIsNotTheFoldOfItsEvents) {
  this->append_durably(
      Append{.records = {this->story.course("music")}, .snapshot = Snapshot{music, 1, encode_snapshot(Course{})}});
  EXPECT_THROW(this->j().verify(), JournalDamaged);
}

TYPED_TEST(JournalContract, VerifyAcceptsASnapshotThatIsTheFoldOfItsEvents) {
  const auto registered = this->story.course("music");
  Course course;
  sugang::apply(course, std::get<CourseEvent>(registered.event));
  append_as_owner(this->j(),
                  Append{.records = {registered}, .snapshot = Snapshot{music, 1, encode_snapshot(course)}});
  this->append_durably({this->held()});
  this->j().verify();
}

TYPED_TEST(JournalContract, VerifyFindsASagaThatWouldNotBeResumed) {
  this->append({this->story.course("music")});
  auto started = this->story.enrollment("music", this->story.new_enrollment("music"))[0];
  started.pending.clear();
  this->append_durably(started);
  EXPECT_THROW(this->j().verify(), JournalDamaged);
}

TYPED_TEST(JournalContract, VerifyFindsAPendingCourseThatTheJournalDoesNotHold) {
  this->append_durably(
      Append{.records = {this->story.course("music")}, .pending = {{CourseId{"musicology"}, true}}});
  EXPECT_THROW(this->j().verify(), JournalDamaged);
}

/// Takes one derived key away, as no crash could, and expects the start to see it.
TYPED_TEST(JournalContract, AMissingIndexEntryIsRefusedAtStart) {
  this->append({this->story.course("music")});
  const auto id = this->enroll();
  this->journal.reset();
  const auto entry = this->host.store().last_at_or_before(index_space, index_key(group_of(id), ~0ULL));
  ASSERT_TRUE(entry);
  this->host.erase(index_space, entry->first);
  EXPECT_THROW(this->open(), JournalDamaged);
}

TYPED_TEST(JournalContract, AStrayIndexEntryIsRefusedAtStart) {
  this->append({this->story.course("music")});
  this->enroll();
  this->journal.reset();
  this->host.put(index_space, index_key(group_of(CourseId{"other"}), 3), {});
  EXPECT_THROW(this->open(), JournalDamaged);
}

TYPED_TEST(JournalContract, AHeadAheadOfTheJournalIsRefusedAtStart) {
  this->append_durably({this->story.course("music")});
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
  this->append_durably({this->story.course("music")});
  this->journal.reset();
  this->host.head().store({1, 7});
  EXPECT_THROW(this->open(), JournalDamaged);
}

TYPED_TEST(JournalContract, AJournalWithoutItsPagesIsRefusedAtStart) {
  this->append_durably({this->story.course("music")});
  this->journal.reset();
  this->host.store().erase_range(pages_space, {}, {});
  EXPECT_THROW(this->open(), JournalDamaged);
}

}  // namespace
}  // namespace sugang
