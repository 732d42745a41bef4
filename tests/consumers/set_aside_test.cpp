#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "consumers/consumers.hpp"
#include "consumers/set_aside_store.hpp"
#include "storage/bytes.hpp"
#include "storage/journal_keys.hpp"
#include "storage/journal_page.hpp"
#include "tests/consumers/consumed.hpp"
#include "tests/consumers/consumer_state.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Fails on some records at every attempt, and keeps the others, each once however often it is given.
class PickyConsumer final : public Consumer {
 public:
  std::string_view name() const override { return "picky"; }
  bool concerns(const Record&) const override { return true; }
  void consume(std::span<const Record> records, Done done) override {
    for (const auto& record : records) {
      if (poison.contains(record.position)) {
        ++failed[record.position];
        throw std::runtime_error("indigestible");
      }
      if (endless.contains(record.position)) return;
      kept.insert(record.position);
    }
    done();
  }

  std::set<Position> poison;
  std::set<Position> endless;
  std::set<Position> kept;
  std::map<Position, std::uint32_t> failed;
};

struct PoisonRecord : testing::Test {
  Consumed node;
  PickyConsumer picky;

  /// Lets so much time pass as a record's attempts take at most.
  void pass_attempts(int records = 1) {
    for (int i = 0; i < 200 * records; ++i) {
      node.timers.advance(Milliseconds{5'000});
      node.settle();
    }
  }
  void expect_passed_over(Position position) {
    node.consumers->add(picky);
    node.courses(6);
    node.settle();
    pass_attempts();
    std::set<Position> others{1, 2, 3, 4, 5, 6};
    others.erase(position);
    EXPECT_EQ(picky.kept, others);
    EXPECT_EQ(state_of(*node.consumers, "picky").lag, 0u);
  }
};

TEST_F(PoisonRecord, DoesNotStopItsConsumer) {
  picky.poison = {3};
  expect_passed_over(3);
}

TEST_F(PoisonRecord, ThatIsNeverDoneDoesNotStopItsConsumer) {
  picky.endless = {3};
  expect_passed_over(3);
}

TEST_F(PoisonRecord, IsSetAsideWithItsPositionAndReason) {
  picky.poison = {3, 5};
  node.consumers->add(picky);
  node.courses(6);
  node.settle();
  EXPECT_THAT(node.set_aside, IsEmpty()) << "it is tried again first";
  pass_attempts(2);
  ASSERT_THAT(node.set_aside, SizeIs(2));
  const auto& entry = node.set_aside.front();
  EXPECT_EQ(entry.consumer, "picky");
  EXPECT_EQ((std::pair{entry.first, entry.last}), (std::pair<Position, Position>{3, 3}));
  EXPECT_EQ(entry.attempts, node.limits.attempts_max);
  EXPECT_THAT(entry.error, HasSubstr("indigestible"));
  EXPECT_EQ(node.set_aside.back().first, 5u);
}

TEST_F(PoisonRecord, HoldsNoOtherConsumerUp) {
  picky.poison = {1};
  ScriptedConsumer whole{"whole"};
  node.consumers->add(picky);
  node.consumers->add(whole);
  node.courses(3);
  node.settle();
  EXPECT_EQ(state_of(*node.consumers, "whole").lag, 0u);
  EXPECT_EQ(state_of(*node.consumers, "picky").lag, 3u);
}

// An outage that ends in time costs nothing.
TEST_F(PoisonRecord, ThatIsTakenAtLastIsNotSetAside) {
  picky.poison = {2};
  node.consumers->add(picky);
  node.courses(3);
  node.settle();
  node.timers.advance(Milliseconds{30'000});
  node.settle();
  picky.poison.clear();
  pass_attempts();
  EXPECT_THAT(picky.kept, ElementsAre(1, 2, 3));
  EXPECT_THAT(node.set_aside, IsEmpty());
}

TEST_F(PoisonRecord, StaysBehindTheCursorAcrossACrash) {
  picky.poison = {2};
  node.consumers->add(picky);
  node.courses(3);
  node.settle();
  pass_attempts();
  node.crash();
  PickyConsumer again;
  node.consumers->add(again);
  node.settle();
  EXPECT_THAT(again.kept, IsEmpty());
  node.courses(1);
  node.settle();
  EXPECT_THAT(again.kept, ElementsAre(4));
}

TEST_F(PoisonRecord, IsDurablyListedBeforeTheCursorPassesIt) {
  MemoryStore operations{1};
  SetAsideStore list{operations, 0};
  node.keep_aside = [&](const SetAside& entry) {
    EXPECT_LT(node.j().cursor("picky"), entry.first);
    list.put(entry);
  };
  picky.poison = {2};
  node.consumers->add(picky);
  node.courses(3);
  node.settle();
  pass_attempts();
  EXPECT_EQ(node.j().cursor("picky"), 3u);
  const auto crashed = operations.crash();
  EXPECT_THAT((SetAsideStore{*crashed, 0}.list({}).listing.items), SizeIs(1));
}

TEST_F(PoisonRecord, HasAllItsAttemptsThoughItFailedTogetherWithOthersBefore) {
  picky.poison = {1};
  node.consumers->add(picky);
  node.courses(3);
  node.settle();
  pass_attempts();
  ASSERT_THAT(node.set_aside, SizeIs(1));
  EXPECT_EQ(picky.failed[1], node.limits.attempts_max + 1);
}

/// Each two records have a page of their own, and that of the fifth and sixth can't be read.
struct UnreadablePage : PoisonRecord {
  void SetUp() override {
    node.consumers->add(picky);
    for (int i = 0; i < 4; ++i) node.courses(2);
    page = *node.host.store().get(pages_space, page_key(5));
    write_page("damaged");
  }
  void write_page(const std::string& bytes) {
    WriteSet change;
    change.put(pages_space, page_key(5), bytes);
    node.host.store().write(change, Sync::yes);
  }
  std::string page;
};

TEST_F(UnreadablePage, StopsItsConsumerThereUntilItCanBeRead) {
  pass_attempts(2);
  EXPECT_THAT(picky.kept, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(node.set_aside, IsEmpty());
  EXPECT_EQ(state_of(*node.consumers, "picky").lag, 4u);
  EXPECT_TRUE(state_of(*node.consumers, "picky").stopped);
  EXPECT_THAT(node.reports, ElementsAre(HasSubstr("picky: behind position 4: stopped in front")));
  write_page(page);
  node.timers.advance(node.limits.retry_max);
  node.settle();
  EXPECT_THAT(picky.kept, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_FALSE(state_of(*node.consumers, "picky").stopped);
}

TEST_F(UnreadablePage, CountsAgainstNoRecordBehindIt) {
  pass_attempts();
  write_page(page);
  picky.poison = {5};
  pass_attempts();
  ASSERT_THAT(node.set_aside, SizeIs(1));
  EXPECT_EQ(picky.failed[5], node.limits.attempts_max + 1);
}

struct SetAsideList : testing::Test {
  std::unique_ptr<MemoryStore> store = std::make_unique<MemoryStore>(2);

  static SetAside entry(Position position, const std::string& consumer = "report") {
    return {.consumer = consumer,
            .first = position,
            .last = position + 1,
            .at = story_begin,
            .attempts = 10,
            .error = "indigestible"};
  }
};

TEST_F(SetAsideList, IsThereAfterACrash) {
  {
    SetAsideStore kept{*store, 1};
    kept.put(entry(300));
    kept.put(entry(7, "export"));
    kept.put(entry(7));
    kept.put(entry(300));
    EXPECT_EQ(kept.count(), 3u) << "what is set aside again is the same entry";
  }
  store = store->crash();
  const SetAsideStore kept{*store, 1};
  EXPECT_EQ(kept.count(), 3u);
  auto first = kept.list({.limit = 2, .cursor = {}}).listing;
  EXPECT_THAT(first.items, ElementsAre(entry(7, "export"), entry(7)));
  ASSERT_TRUE(first.next);
  EXPECT_THAT(kept.list({.limit = 2, .cursor = *first.next}).listing.items, ElementsAre(entry(300)));
  EXPECT_TRUE(kept.list({.limit = 2, .cursor = "elsewhere"}).cursor_invalid);
}

TEST_F(SetAsideList, TakesEntriesThoughOneCannotBeRead) {
  SetAsideStore kept{*store, 1, 2};
  kept.put(entry(1));
  kept.put(entry(2));
  std::string key;
  put_be(key, Position{1});
  store->spoil(1, key + "report");
  EXPECT_NO_THROW(kept.put(entry(3)));
  EXPECT_NO_THROW(kept.put(entry(1)));
  EXPECT_THAT(kept.list({}).listing.items, ElementsAre(entry(1), entry(2), entry(3)));
}

TEST_F(SetAsideList, HasABound) {
  SetAsideStore kept{*store, 1, 2};
  for (Position position = 1; position <= 5; ++position) kept.put(entry(position));
  EXPECT_EQ(kept.count(), 2u);
  EXPECT_THAT(kept.list({}).listing.items, ElementsAre(entry(4), entry(5)));
}

}  // namespace
}  // namespace sugang
