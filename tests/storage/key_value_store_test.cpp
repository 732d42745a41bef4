#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "storage/journal_keys.hpp"
#include "storage/rocks_store.hpp"
#include "tests/simulation/memory_store.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct InMemory {
  MemoryStore store{2};
};
struct OnDisk {
  TempFolder folder{true};
  RocksStore store{(folder.path() / "store").string(), {{"plain"}, {"grouped", group_bytes}}};
};

/// The claims of storage/key_value_store.hpp, over each adapter.
template <class Adapter>
class KeyValueStoreContract : public ::testing::Test {
 protected:
  void put(std::uint8_t space, const std::string& key, const std::string& value) {
    WriteSet changes;
    changes.put(space, key, value);
    store().write(changes, Sync::yes);
  }
  std::vector<std::string> keys(std::uint8_t space, std::string_view from, std::string_view until) {
    std::vector<std::string> found;
    store().scan(space, from, until, [&](std::string_view key, std::string_view) {
      found.emplace_back(key);
      return true;
    });
    return found;
  }
  KeyValueStore& store() { return adapter.store; }

  Adapter adapter;
};
using Adapters = ::testing::Types<InMemory, OnDisk>;
TYPED_TEST_SUITE(KeyValueStoreContract, Adapters);

TYPED_TEST(KeyValueStoreContract, GivesBackWhatWasPutInItsSpace) {
  this->put(0, "a", "1");
  EXPECT_EQ(this->store().get(0, "a"), "1");
  EXPECT_EQ(this->store().get(1, "a"), std::nullopt);
  this->put(0, "a", "");
  EXPECT_EQ(this->store().get(0, "a"), "");
}

TYPED_TEST(KeyValueStoreContract, AppliesTheChangesOfOneWriteInTheirOrder) {
  WriteSet changes;
  changes.put(0, "a", "1");
  changes.erase(0, "a");
  changes.put(0, "b", "1");
  changes.put(0, "b", "2");
  this->store().write(changes, Sync::no);
  EXPECT_EQ(this->store().get(0, "a"), std::nullopt);
  EXPECT_EQ(this->store().get(0, "b"), "2");
}

TYPED_TEST(KeyValueStoreContract, ScansAHalfOpenRangeInBytewiseOrder) {
  for (const auto* key : {"b", "a", "\xff", "c", "ab"}) this->put(0, key, "1");
  EXPECT_THAT(this->keys(0, "", ""), ElementsAre("a", "ab", "b", "c", "\xff"));
  EXPECT_THAT(this->keys(0, "ab", "c"), ElementsAre("ab", "b"));
  EXPECT_THAT(this->keys(0, "c", "a"), IsEmpty());
}

TYPED_TEST(KeyValueStoreContract, ScansFarAndStopsWhenTheVisitorDoes) {
  for (int i = 0; i < 1000; ++i) this->put(0, "key" + std::to_string(1000 + i), "1");
  EXPECT_EQ(this->keys(0, "", "").size(), 1000u);
  int seen = 0;
  this->store().scan(0, "", "", [&](std::string_view, std::string_view) { return ++seen < 100; });
  EXPECT_EQ(seen, 100);
}

TYPED_TEST(KeyValueStoreContract, ScansWithinAGroupAsWellAsAcrossGroups) {
  const auto first = group_of(AggregateId{CourseId{"a"}});
  const auto second = group_of(AggregateId{CourseId{"ab"}});
  for (Position position = 1; position <= 3; ++position) {
    this->put(1, index_key(first, position), "");
    this->put(1, index_key(second, position), "");
  }
  EXPECT_EQ(this->keys(1, first, after_prefix(first)).size(), 3u);
  EXPECT_EQ(this->keys(1, index_key(second, 2), after_prefix(second)).size(), 2u);
  EXPECT_EQ(this->keys(1, "", "").size(), 6u);
  const auto unknown = group_of(AggregateId{CourseId{"abc"}});
  EXPECT_THAT(this->keys(1, unknown, after_prefix(unknown)), IsEmpty());
}

TYPED_TEST(KeyValueStoreContract, FindsTheLastKeyAtOrBefore) {
  this->put(0, "b", "2");
  this->put(0, "d", "4");
  EXPECT_EQ(this->store().last_at_or_before(0, "a"), std::nullopt);
  EXPECT_THAT(*this->store().last_at_or_before(0, "b"), Pair("b", "2"));
  EXPECT_THAT(*this->store().last_at_or_before(0, "c"), Pair("b", "2"));
  EXPECT_THAT(*this->store().last_at_or_before(0, "\xff"), Pair("d", "4"));
}

TYPED_TEST(KeyValueStoreContract, ErasesARange) {
  for (const auto* key : {"a", "b", "c"}) this->put(0, key, "1");
  this->store().erase_range(0, "a", "c");
  EXPECT_THAT(this->keys(0, "", ""), ElementsAre("c"));
  this->store().erase_range(0, "", "");
  EXPECT_THAT(this->keys(0, "", ""), IsEmpty());
}

TEST(RocksStore, FindsInItsFilesWhatWasFlushed) {
  TempFolder folder{true};
  const auto path = (folder.path() / "store").string();
  const auto group = group_of(AggregateId{CourseId{"a"}});
  {
    RocksStore store{path, {{"grouped", group_bytes}}};
    WriteSet changes;
    changes.put(0, index_key(group, 1), "1");
    store.write(changes, Sync::yes);
    store.flush();
  }
  RocksStore store{path, {{"grouped", group_bytes}}};
  int seen = 0;
  store.scan(0, group, after_prefix(group), [&](std::string_view, std::string_view) { return ++seen > 0; });
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(store.last_at_or_before(0, index_key(group, 9)));
}

TEST(RocksStore, NamesTheFolderThatItCannotOpen) {
  TempFolder folder{true};
  const auto path = (folder.path() / "store").string();
  RocksStore store{path, {{"a"}}};
  try {
    RocksStore second{path, {{"a"}}};
    FAIL() << "opened twice";
  } catch (const StorageError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr(path));
  }
}

std::vector<std::string> survivors(MemoryFaults faults) {
  MemoryStore store{1, faults};
  for (int i = 0; i < 10; ++i) {
    WriteSet changes;
    changes.put(0, std::to_string(i), "");
    try {
      store.write(changes, i < 3 ? Sync::yes : Sync::no);
    } catch (const StorageError&) {
    }
  }
  std::vector<std::string> keys;
  store.crash()->scan(0, "", "", [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  return keys;
}

TEST(MemoryStore, ACrashTakesWhatWasNotSynced) { EXPECT_THAT(survivors({}), ElementsAre("0", "1", "2")); }

TEST(MemoryStore, ATornCrashLeavesAPrefixOfWhatWasNotSynced) {
  std::set<std::size_t> counts;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto keys = survivors({.seed = seed, .tear = true});
    counts.insert(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(keys[i], std::to_string(i));
    EXPECT_EQ(keys, survivors({.seed = seed, .tear = true})) << "a seed replays";
  }
  EXPECT_EQ(counts.size(), 8u) << "from none of the seven to all of them";
}

TEST(MemoryStore, AFailedWriteIsUnknownUntilTheCrash) {
  std::set<bool> outcomes;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    MemoryStore store{1, {.seed = seed, .failing_write = 1, .tear = true}};
    WriteSet changes;
    changes.put(0, "a", "1");
    EXPECT_THROW(store.write(changes, Sync::yes), StorageError);
    EXPECT_EQ(store.get(0, "a"), std::nullopt);
    outcomes.insert(store.crash()->get(0, "a").has_value());
  }
  EXPECT_EQ(outcomes.size(), 2u);
}

TEST(MemoryStore, DelaysAWriteBySeed) {
  std::chrono::microseconds waited{0};
  MemoryFaults faults{.delay_max = std::chrono::microseconds{1000}};
  faults.wait = [&](std::chrono::microseconds delay) { waited += delay; };
  MemoryStore store{1, faults};
  for (int i = 0; i < 10; ++i) store.write({}, Sync::yes);
  EXPECT_GT(waited.count(), 0);
  EXPECT_LE(waited.count(), 10'000);
}

TEST(MemoryHeadFile, MayForgetItsNewestHeadsInACrash) {
  std::set<Position> positions;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    MemoryHeadFile head{2, seed};
    for (Position position = 0; position <= 5; ++position) head.store({position, 0});
    EXPECT_EQ(head.load(), (Head{5, 0}));
    positions.insert(head.crash()->load()->position);
  }
  EXPECT_THAT(positions, ElementsAre(3, 4, 5));
}

}  // namespace
}  // namespace sugang
