#include "consumers/consumers.hpp"
#include "tests/consumers/consumer_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "consumers/enrollment_context.hpp"
#include "tests/consumers/consumed.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Position> from_to(Position first, Position last) {
  std::vector<Position> all;
  for (auto position = first; position <= last; ++position) all.push_back(position);
  return all;
}

TEST(Consumers, GiveEveryDurableRecordOnceAndInOrder) {
  Consumed node{{.chunk_records_max = 7}};
  ScriptedConsumer reader{"reader"};
  node.consumers->add(reader);
  node.courses(30);
  node.settle();
  node.append({node.story.course("undurable")});
  node.consumers->run_once();
  EXPECT_EQ(reader.given, from_to(1, 30));
  EXPECT_EQ(reader.calls, 5);
  EXPECT_EQ(state_of(*node.consumers, "reader").lag, 0u);
}

TEST(Consumers, SkipRequestsAndWhatConcernsNoConsumer) {
  Consumed node;
  ScriptedConsumer every{"every"}, odd{"odd"};
  odd.concerned = [](const Record& record) { return record.position % 2 == 1; };
  node.consumers->add(every);
  node.consumers->add(odd);
  node.courses(3);
  const RequestId request{node.story.next_uid()};
  node.append({node.story.record(request, RequestEvent{RequestClaimed{{1, 2}, std::nullopt}})});
  node.courses(1);
  node.settle();
  EXPECT_THAT(every.given, ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(odd.given, ElementsAre(1, 3, 5));
}

TEST(Consumers, OneThatKeepsItsCursorGoesOnThereAndTheJournalKeepsNone) {
  struct Keeper final : Consumer {
    std::string_view name() const override { return "keeper"; }
    std::optional<Position> kept_cursor() const override { return cursor; }
    void keep_cursor(Position position) override { cursor = position; }
    bool concerns(const Record&) const override { return true; }
    void consume(std::span<const Record> records, Done done) override {
      for (const auto& record : records) given.push_back(record.position);
      done();
    }
    Position cursor = 0;
    std::vector<Position> given;
  } keeper;
  Consumed node;
  ScriptedConsumer other{"other"};
  node.courses(5);
  keeper.cursor = 2;
  node.consumers->add(keeper);
  node.consumers->add(other);
  node.settle();
  EXPECT_THAT(keeper.given, ElementsAre(3, 4, 5));
  node.timers.advance(node.limits.cursor_interval);
  node.settle();
  EXPECT_EQ(keeper.cursor, 5u);
  EXPECT_EQ(node.j().cursor("keeper"), 0u);
  EXPECT_EQ(node.j().cursor("other"), 5u);
  node.crash();
  keeper.cursor = 9;
  node.consumers->add(keeper);
  EXPECT_EQ(state_of(*node.consumers, "keeper").lag, 0u) << "a journal that was restored ends before it";
  node.courses(1);
  node.settle();
  EXPECT_THAT(keeper.given, ElementsAre(3, 4, 5, 6));
}

TEST(Consumers, OneThatIsNotDoneGetsNoMoreAndDelaysNoOther) {
  Consumed node{{.chunk_records_max = 5}};
  ScriptedConsumer slow{"slow"}, quick{"quick"};
  slow.at_once = false;
  node.consumers->add(slow);
  node.consumers->add(quick);
  node.courses(20);
  node.settle();
  EXPECT_EQ(slow.given, from_to(1, 5));
  EXPECT_EQ(state_of(*node.consumers, "slow").lag, 20u);
  EXPECT_EQ(quick.given, from_to(1, 20));
  for (int i = 0; i < 4; ++i) {
    slow.finish();
    node.settle();
  }
  EXPECT_EQ(slow.given, from_to(1, 20));
  EXPECT_EQ(state_of(*node.consumers, "slow").lag, 0u);
}

TEST(Consumers, APausedOneCatchesUpWhenItRunsAgain) {
  Consumed node;
  ScriptedConsumer reader{"reader"};
  node.consumers->add(reader);
  node.courses(3);
  node.settle();
  EXPECT_TRUE(node.consumers->pause("reader", true));
  node.courses(4);
  node.settle();
  EXPECT_EQ(reader.given, from_to(1, 3));
  EXPECT_EQ(state_of(*node.consumers, "reader").lag, 4u);
  node.consumers->pause("reader", false);
  node.settle();
  EXPECT_EQ(reader.given, from_to(1, 7));
  EXPECT_FALSE(node.consumers->pause("unknown", true));
}

TEST(Consumers, ARestartGoesOnAtTheCursor) {
  Consumed node{{.cursor_interval = Milliseconds{200}}};
  ScriptedConsumer before{"reader"};
  node.consumers->add(before);
  node.courses(5);
  node.settle();
  node.timers.advance(Milliseconds{200});
  node.settle();
  node.courses(2);
  node.settle();
  node.crash();
  ScriptedConsumer after{"reader"}, fresh{"fresh"};
  node.consumers->add(after);
  node.consumers->add(fresh);
  node.settle();
  EXPECT_EQ(after.given, from_to(6, 7)) << "done before the crash, with a cursor that was not due";
  EXPECT_EQ(fresh.given, from_to(1, 7));
}

TEST(Consumers, WhatWasGivenButNotDoneIsGivenAgainAfterACrash) {
  Consumed node{{.cursor_records = 1}};
  ScriptedConsumer reader{"reader"};
  node.consumers->add(reader);
  node.courses(2);
  node.settle();
  reader.at_once = false;
  node.courses(2);
  node.settle();
  EXPECT_EQ(reader.given, from_to(1, 4));
  node.crash();
  ScriptedConsumer again{"reader"};
  node.consumers->add(again);
  node.settle();
  EXPECT_EQ(again.given, from_to(3, 4));
}

TEST(Consumers, ACursorIsWrittenAtAPace) {
  Consumed node{{.cursor_records = 100, .cursor_interval = Milliseconds{200}}};
  ScriptedConsumer reader{"reader"}, other{"other"};
  node.consumers->add(reader);
  node.consumers->add(other);
  for (int i = 0; i < 10; ++i) {
    node.courses(1);
    node.settle();
    node.timers.advance(Milliseconds{10});
  }
  EXPECT_EQ(node.j().stats().batches, 10u) << "the courses alone";
  EXPECT_EQ(node.j().cursor("reader"), 0u);
  ASSERT_TRUE(node.timers.has_alarm()) << "nothing would save the cursor";
  node.timers.advance(Milliseconds{100});
  node.settle();
  EXPECT_EQ(node.j().cursor("reader"), 10u);
  EXPECT_EQ(node.j().cursor("other"), 10u);
  EXPECT_EQ(node.j().stats().batches, 11u) << "both cursors are one write";
  node.courses(100);
  node.settle();
  EXPECT_EQ(node.j().cursor("reader"), 110u) << "so many records are reason enough";
}

TEST(Consumers, NothingDoneIsNothingToWriteUntilFarBehind) {
  Consumed node{{.cursor_interval = Milliseconds{200}, .cursor_passed_over = 50}};
  ScriptedConsumer reader{"reader"};
  reader.concerned = [](const Record&) { return false; };
  node.consumers->add(reader);
  node.courses(49);
  node.settle();
  node.timers.advance(std::chrono::hours{1});
  node.settle();
  EXPECT_EQ(node.j().cursor("reader"), 0u);
  EXPECT_EQ(state_of(*node.consumers, "reader").lag, 0u);
  node.courses(1);
  node.settle();
  node.timers.advance(Milliseconds{200});
  node.settle();
  EXPECT_EQ(node.j().cursor("reader"), 50u);
}

TEST(Consumers, OneThatThrowsIsReportedAndRetriedWhileOthersContinue) {
  Consumed node{{.retry_min = Milliseconds{1'000}}};
  ScriptedConsumer broken{"broken"}, whole{"whole"};
  broken.fault = "the disk is full";
  node.consumers->add(broken);
  node.consumers->add(whole);
  node.courses(3);
  node.settle();
  EXPECT_EQ(whole.given, from_to(1, 3));
  ASSERT_THAT(node.reports, SizeIs(1));
  EXPECT_THAT(node.reports[0], HasSubstr("broken: behind position 0: the disk is full"));
  node.settle();
  EXPECT_EQ(broken.calls, 1);
  node.timers.advance(Milliseconds{1'000});
  node.settle();
  EXPECT_EQ(broken.calls, 2);
  node.timers.advance(Milliseconds{1'000});
  node.settle();
  EXPECT_EQ(broken.calls, 3) << "alone, the first record begins with the shortest wait";
  broken.fault.clear();
  node.timers.advance(Milliseconds{1'999});
  node.settle();
  EXPECT_EQ(broken.calls, 3) << "the second wait is twice as long";
  node.timers.advance(Milliseconds{1});
  node.settle();
  EXPECT_EQ(broken.given, from_to(1, 3));
}

TEST(Consumers, OneThatNeverEndsIsGivenTheSameAgain) {
  Consumed node{{.patience = Milliseconds{30'000}, .retry_min = Milliseconds{1'000}}};
  ScriptedConsumer lost{"lost"};
  lost.at_once = false;
  node.consumers->add(lost);
  node.courses(2);
  node.settle();
  const auto first = std::exchange(lost.waiting, {});
  node.timers.advance(Milliseconds{30'000});
  node.settle();
  node.timers.advance(Milliseconds{1'000});
  node.settle();
  EXPECT_THAT(lost.given, ElementsAre(1, 2, 1)) << "what failed together is given again one by one";
  for (const auto& late : first) late();
  node.settle();
  EXPECT_EQ(state_of(*node.consumers, "lost").lag, 2u) << "a withdrawn chunk is not done by a late call";
  lost.at_once = true;
  lost.finish();
  node.settle();
  EXPECT_EQ(state_of(*node.consumers, "lost").lag, 0u);
}

/// The order of the journal keeps the promise: a cursor that survived has everything before it.
TEST(Consumers, NoCrashLeavesACursorWithoutTheEffectsBehindIt) {
  for (std::uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    Story story;
    SimulatedTimers timers{story_begin};
    auto store = std::make_unique<MemoryStore>(journal_space_count);
    auto head = std::make_unique<MemoryHeadFile>(2, seed);
    for (int round = 0; round < 6; ++round) {
      bool failed = false;
      Journal journal{*store,
                      *head,
                      {},
                      [](const std::function<void()>& read) { read(); },
                      [&](const std::string&) { failed = true; }};
      std::vector<Position> copied;
      for (const auto& record : journal.read(0, 1'000'000))
        if (record.causation.step == Step::confirm) copied.push_back(record.sequence);
      const auto cursor = journal.cursor("copier");
      for (const auto& record : journal.read(0, cursor)) {
        if (record.causation.step != Step::none) continue;
        ASSERT_THAT(copied, ::testing::Contains(record.position)) << "behind the cursor at " << cursor;
      }

      // For each course it appends a record with its position.
      struct Copier final : Consumer {
        explicit Copier(Journal& j) : journal(j) {}
        std::string_view name() const override { return "copier"; }
        bool concerns(const Record& record) const override { return record.causation.step == Step::none; }
        void consume(std::span<const Record> records, Done done) override {
          for (auto record : records) {
            record.causation.step = Step::confirm;
            record.sequence = record.position;
            append_as_owner(journal, {record});
          }
          done();
        }
        Journal& journal;
      } copier{journal};
      Consumers consumers{journal,
                          timers,
                          {.chunk_records_max = 3, .cursor_records = 5, .cursor_interval = Milliseconds{3}},
                          [](std::string_view) {},
                          [](const std::string&) {}};
      consumers.add(copier);
      for (int i = 0; i < 60 && !failed; ++i) {
        append_as_owner(journal, {story.course("c" + std::to_string(round) + "-" + std::to_string(i))});
        if (random() % 3 == 0) journal.commit_once();
        if (random() % 3 == 0) consumers.run_once();
        timers.advance(Milliseconds{random() % 3});
      }
      timers.forget_alarms();
      store = store->crash({.seed = random(), .failing_per_mille = 30, .tear = true});
      head = head->crash();
    }
  }
}

TEST(Consumers, OnAThreadOfTheirOwnTheyFollowTheJournalAndLeaveTheirCursorsBehind) {
  MemoryHost host;
  Story story;
  SimulatedTimers timers{story_begin};
  Journal journal{
      host.store(), host.head(), {}, [](const std::function<void()>& read) { read(); }, [](const std::string&) {}};
  ScriptedConsumer reader{"reader"};
  std::promise<void> all;
  reader.concerned = [&](const Record& record) {
    if (record.position == 500) all.set_value();
    return true;
  };
  Consumers consumers{
      journal, timers, {.chunk_records_max = 64}, [](std::string_view) {}, [](const std::string&) {}};
  consumers.add(reader);
  journal.on_durable([&](Position) { consumers.wake(); });
  journal.start();
  consumers.start();
  for (int i = 0; i < 500; ++i) append_as_owner(journal, {story.course("c" + std::to_string(i))});
  ASSERT_EQ(all.get_future().wait_for(std::chrono::seconds{60}), std::future_status::ready);
  consumers.stop();
  journal.stop();
  EXPECT_EQ(reader.given, from_to(1, 500));
  EXPECT_EQ(journal.cursor("reader"), 500u);
}

TEST(EnrollmentContexts, ThatCannotBeReadAreNotTakenForAbsent) {
  Consumed node;
  node.append({node.story.course("music")});
  const auto id = node.enroll("music");
  node.spoil_timeline(id);
  EnrollmentContexts contexts{node.j()};
  for (int i = 0; i < 2; ++i) EXPECT_THROW(contexts.find(id, 1'000), JournalDamaged);
}

TEST(EnrollmentContexts, HaveTheSeatsOfTheirRecord) {
  Consumed node;
  node.append({node.story.course("music")});
  const auto id = node.enroll("music");
  const auto before = node.j().durable_position();
  const auto changes = [&](EnrollmentEvent event) { return node.story.record(id, std::move(event), id); };
  node.append_durably({changes(SeatsChangeRequested{3, {36'000, {}}}), changes(SeatsChanged{})});
  const auto seats_at = [&](Position position) { return EnrollmentContexts{node.j()}.find(id, position)->seats; };
  EXPECT_EQ(seats_at(before + 1), 1u);
  EXPECT_EQ(seats_at(before + 2), 3u);
}

TEST(EnrollmentContexts, AreLearnedInPassingAndElseReadFromTheJournal) {
  Consumed node;
  node.append({node.story.course("music")});
  const auto first = node.enroll("music");
  const auto second = node.enroll("music");
  EnrollmentContexts contexts{node.j(), 1};
  for (const auto& record : node.j().read(0, 1'000)) contexts.learn(record);
  const auto known = contexts.find(second, 1'000);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->course, CourseId{"music"});
  EXPECT_EQ(contexts.reads(), 0u);
  const auto read = contexts.find(first, 1'000);
  ASSERT_TRUE(read);
  EXPECT_NE(read->student, known->student);
  EXPECT_EQ(read->amount.amount, 12'000);
  EXPECT_EQ(contexts.reads(), 1u);
  EXPECT_EQ(contexts.find(node.story.new_enrollment("music"), 1'000), std::nullopt);
}

}  // namespace
}  // namespace sugang
