#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/codec.hpp"
#include "tests/storage/journal_host.hpp"
#include "tests/storage/story.hpp"

namespace sugang {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A journal on a memory store that goes wrong by seed, and what it acknowledged before it did.
struct Life {
  explicit Life(std::unique_ptr<MemoryStore> disk, std::unique_ptr<MemoryHeadFile> head_file)
      : store(std::move(disk)),
        head(std::move(head_file)),
        journal(std::make_unique<Journal>(
            *store, *head, Journal::Limits{.page_bytes = 500}, [](const std::function<void()>& read) { read(); },
            [this](const std::string& why) { failures.push_back(why); })) {}

  std::unique_ptr<MemoryStore> store;
  std::unique_ptr<MemoryHeadFile> head;
  std::unique_ptr<Journal> journal;
  std::vector<std::string> failures;
};

TEST(JournalFaults, AFailedWriteIsReportedOnceAndNeverAcknowledged) {
  Life life{std::make_unique<MemoryStore>(journal_space_count, MemoryFaults{.failing_write = 3}),
            std::make_unique<MemoryHeadFile>()};
  Story story;
  std::vector<int> opened;
  for (int i = 0; i < 5; ++i) {
    Append append;
    append.records = {i == 0 ? story.course("music")
                             : story.record(CourseId{"music"}, CourseEvent{CourseRevised{}})};
    append.then = [&opened, i](Position) { opened.push_back(i); };
    append_as_owner(*life.journal, std::move(append));
    life.journal->commit_once();
  }
  // The first write made the journal.
  EXPECT_THAT(opened, ::testing::ElementsAre(0));
  EXPECT_THAT(life.failures, SizeIs(1));
  EXPECT_EQ(life.journal->durable_position(), 1u);
  EXPECT_FALSE(life.journal->commit_once());
}

/// The gate's promise through any crash: what was acknowledged is there, in one piece, and what is there beyond it
/// is a prefix of what was appended.
TEST(JournalFaults, WhatWasAcknowledgedSurvivesEveryCrash) {
  for (std::uint64_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    Story story;
    auto faults = [&] { return MemoryFaults{.seed = random(), .failing_per_mille = 60, .tear = true}; };
    auto life = std::make_unique<Life>(std::make_unique<MemoryStore>(journal_space_count),
                                       std::make_unique<MemoryHeadFile>(2, seed));
    std::vector<Record> known;
    for (int round = 0; round < 5; ++round) {
      Position acknowledged = life->journal->durable_position();
      std::vector<Record> appended = known;
      for (int i = 0; i < 40 && life->failures.empty(); ++i) {
        Append append;
        const auto id = story.new_enrollment("music");
        append = story.enrollment("music", id)[0];
        for (auto record : append.records) {
          record.position = appended.size() + 1;
          appended.push_back(record);
        }
        append.then = [&](Position position) { acknowledged = position; };
        append_as_owner(*life->journal, std::move(append));
        if (random() % 3 == 0) life->journal->commit_once();
      }
      life->journal.reset();
      life = std::make_unique<Life>(life->store->crash(faults()), life->head->crash());
      known = life->journal->read(0, 1'000'000);
      ASSERT_GE(known.size(), acknowledged);
      ASSERT_LE(known.size(), appended.size());
      ASSERT_TRUE(std::equal(known.begin(), known.end(), appended.begin()));
      life->journal->verify();
    }
  }
}

/// A cursor and the records it travels with are there together or not at all, through any crash.
TEST(JournalFaults, ACursorNeverOutlivesNorOutrunsItsAppend) {
  for (std::uint64_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    Story story;
    auto faults = [&] { return MemoryFaults{.seed = random(), .failing_per_mille = 60, .tear = true}; };
    auto life = std::make_unique<Life>(std::make_unique<MemoryStore>(journal_space_count),
                                       std::make_unique<MemoryHeadFile>(2, seed));
    Position acknowledged = 0;
    for (int round = 0; round < 5; ++round) {
      Position appended = life->journal->durable_position();
      for (int i = 0; i < 40 && life->failures.empty(); ++i) {
        Append append;
        append.records = {story.course("c" + std::to_string(round) + "-" + std::to_string(i))};
        append.cursors = {{"reader", ++appended}};
        append.then = [&](Position position) { acknowledged = position; };
        append_as_owner(*life->journal, std::move(append));
        if (random() % 3 == 0) life->journal->commit_once();
      }
      life->journal.reset();
      life = std::make_unique<Life>(life->store->crash(faults()), life->head->crash());
      ASSERT_GE(life->journal->cursor("reader"), acknowledged);
      ASSERT_EQ(life->journal->cursor("reader"), life->journal->durable_position());
      life->journal->verify();
    }
  }
}

TEST(JournalFaults, AStoreThatForgetsWhatItSyncedIsRefused) {
  Story story;
  Life life{std::make_unique<MemoryStore>(journal_space_count), std::make_unique<MemoryHeadFile>()};
  auto forgetful = life.store->crash();
  Append append;
  append.records = {story.course("music")};
  append_as_owner(*life.journal, std::move(append));
  life.journal->commit_once();
  EXPECT_THROW(Life(std::move(forgetful), life.head->crash()), JournalDamaged);
}

}  // namespace
}  // namespace sugang
