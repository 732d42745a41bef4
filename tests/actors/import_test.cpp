#include <gmock/gmock.h>

#include <set>

#include "storage/journal_page.hpp"
#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t rows = 7;

ActorLimits small_chunks() {
  ActorLimits limits;
  limits.import_chunk_rows = 2;
  return limits;
}

std::vector<ImportRow> courses(std::size_t count = rows) {
  std::vector<ImportRow> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back({CourseId{"c-" + std::to_string(i)}, lecture(3), i + 2});
  return all;
}

struct Importing {
  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables, 1, small_chunks());
  std::vector<Outcome> outcomes;
  std::size_t answers = 0;

  Caller reported() {
    return Life::caller([this](const Outcome& outcome) { outcomes.push_back(outcome); },
                        [this](const Answer&) { ++answers; });
  }
  /// One actor's turn, or else one batch of the journal; false: nothing moves.
  bool move() { return life->run_one_turn() || life->commit(); }
  void crash() {
    life.reset();
    durables.store = durables.store->crash();
    durables.imports = durables.imports->crash();
    life = std::make_unique<Life>(durables, 2, small_chunks());
  }
  std::set<std::string> registered() {
    std::set<std::string> found;
    for (const auto& record : life->journal().read(0, 1'000'000))
      if (record.aggregate.kind == AggregateKind::course) {
        EXPECT_TRUE(found.insert(record.aggregate.name).second) << record.aggregate.name << " is registered twice";
      }
    return found;
  }
  std::size_t answers_kept(const RequestKey& key) {
    std::size_t kept = 0;
    for (const auto& record : life->journal().history(key.id))
      kept += std::holds_alternative<RequestAnswered>(std::get<RequestEvent>(record.event)) ? 1 : 0;
    return kept;
  }
};

struct Import : testing::Test, Importing {};

TEST_F(Import, RegistersEveryRowAndAnswersOnce) {
  life->import_courses(courses(), reported());
  life->settle();
  EXPECT_EQ(registered().size(), rows);
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(std::get<std::size_t>(outcomes[0].subject), rows);
  EXPECT_EQ(answers, 1u);
  EXPECT_EQ(life->describe("c-6")->definition.capacity, 3u);
}

TEST_F(Import, MakesNoActorOfARow) {
  life->import_courses(courses(), reported());
  life->settle();
  EXPECT_EQ(life->directory().residents(), 0u);
}

TEST_F(Import, GoesInBatchesThatLetOthersIn) {
  life->import_courses(courses(), reported());
  std::size_t most = 0;
  Position before = 0;
  while (move()) {
    const auto now = life->journal().durable_position();
    most = std::max<std::size_t>(most, now - std::exchange(before, now));
  }
  EXPECT_LE(most, small_chunks().import_chunk_rows);
  EXPECT_THAT(life->imported_rows, ElementsAre(2u, 4u, 6u, 7u));
}

TEST_F(Import, LetsAnotherCourseBeRegisteredInTheMiddle) {
  life->import_courses(courses(), reported());
  while (life->imported_rows.empty()) ASSERT_TRUE(move());
  bool done = false;
  life->register_course("other", lecture(1),
                        Life::caller([](const Outcome&) {}, [&](const Answer&) { done = true; }));
  while (!done) ASSERT_TRUE(move());
  EXPECT_EQ(answers, 0u) << "the import is still under way";
  life->settle();
  EXPECT_EQ(registered().size(), rows + 1);
}

// All of it or nothing, and the answer to its key once, wherever the crash comes.
TEST(ImportAcrossACrash, IsAllOrNothingAtEveryMoment) {
  std::set<std::size_t> ends;
  for (std::size_t moves = 0;; ++moves) {
    SCOPED_TRACE("a crash after " + std::to_string(moves) + " moves");
    Importing one;
    const RequestKey key{RequestId{Uid{1, 2}}, Uid{3, 4}};
    one.life->import_courses(courses(), one.life->with_key(key, one.reported()));
    bool moved = true;
    for (std::size_t i = 0; i < moves && moved; ++i) moved = one.move();
    const bool answered = one.answers > 0;
    one.crash();
    ASSERT_TRUE(one.life->resume_import());
    const auto found = one.registered().size();
    ends.insert(found);
    EXPECT_THAT(found, testing::AnyOf(0u, rows));
    EXPECT_EQ(one.answers_kept(key), found == 0 ? 0u : 1u);
    EXPECT_TRUE(!answered || found == rows);
    EXPECT_FALSE(one.life->failure());
    // What is left of it blocks nothing.
    one.life->import_courses(courses(), one.reported());
    one.life->settle();
    EXPECT_EQ(one.registered().size(), rows);
    EXPECT_EQ(one.outcomes.back().refusal,
              found == 0 ? std::optional<Refusal>{} : Refusal{CourseError::already_exists});
    if (!moved) break;
  }
  EXPECT_THAT(ends, ElementsAre(0u, rows));
}

TEST_F(Import, IsFinishedThoughWhatItRegisteredIsDamagedMeanwhile) {
  const RequestKey key{RequestId{Uid{1, 2}}, Uid{3, 4}};
  life->import_courses(courses(), life->with_key(key, reported()));
  while (life->imported_rows.size() < 2) ASSERT_TRUE(move());
  ASSERT_TRUE(life->commit());
  crash();
  for (const auto& record : life->journal().history(AggregateId{CourseId{"c-0"}}))
    durables.store->spoil(pages_space,
                          durables.store->last_at_or_before(pages_space, page_key(record.position))->first);
  EXPECT_TRUE(life->resume_import());
  EXPECT_FALSE(life->failure()) << *life->failure();
  EXPECT_TRUE(life->describe("c-6"));
}

TEST_F(Import, NamesTheLineOfACourseThatExistsAndLeavesNothing) {
  life->register_course("c-4", lecture(1));
  life->settle();
  life->import_courses(courses(), reported());
  life->settle();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].refusal, Refusal{CourseError::already_exists});
  EXPECT_EQ(outcomes[0].line, 6u);
  EXPECT_THAT(registered(), ElementsAre("c-4"));
}

TEST_F(Import, HoldsItsIdsUntilItHasEnded) {
  life->import_courses(courses(), reported());
  while (life->imported_rows.empty()) ASSERT_TRUE(move());
  std::optional<Outcome> last;
  life->register_course("c-6", lecture(1), Life::caller([&](const Outcome& outcome) { last = outcome; }));
  while (answers == 0) {
    EXPECT_FALSE(last);
    ASSERT_TRUE(move());
  }
  life->settle();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->refusal, Refusal{CourseError::already_exists});
  EXPECT_EQ(registered().size(), rows);
}

TEST_F(Import, ThatIsRefusedGivesItsIdsFree) {
  life->register_course("c-6", lecture(1));
  life->settle();
  life->import_courses(courses(), reported());
  std::optional<Outcome> first;
  life->register_course("c-0", lecture(1), Life::caller([&](const Outcome& outcome) { first = outcome; }));
  life->settle();
  EXPECT_EQ(outcomes.at(0).refusal, Refusal{CourseError::already_exists});
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->refusal);
  EXPECT_THAT(registered(), ElementsAre("c-0", "c-6"));
}

// Of requests for one id that come together, in whatever order they take their turns, one registers it.
TEST(ImportBesideOthers, RegistersAnIdOnce) {
  for (std::uint64_t seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Importing one;
    std::mt19937_64 random{seed};
    for (int i = 0; i < 6; ++i) {
      if (random() % 2 == 0)
        one.life->import_courses(courses(1 + random() % rows), one.reported());
      else
        one.life->register_course("c-" + std::to_string(random() % rows), lecture(1), one.reported());
      for (auto moves = random() % 6; moves > 0; --moves) one.move();
      if (random() % 3 == 0) one.life->describe("c-" + std::to_string(random() % rows));
    }
    one.life->settle();
    EXPECT_EQ(one.outcomes.size(), 6u);
    EXPECT_EQ(one.answers, 6u);
    for (const auto& id : one.registered()) EXPECT_TRUE(one.life->describe(id)) << id;
    EXPECT_FALSE(one.life->failure());
  }
}

// It was asked for before, and is in memory as one that does not exist.
TEST_F(Import, IsSeenByACourseThatIsAwake) {
  EXPECT_FALSE(life->describe("c-3"));
  ASSERT_EQ(life->directory().residents(), 1u);
  life->import_courses(courses(), reported());
  life->settle();
  EXPECT_TRUE(life->describe("c-3"));
  life->place({.course = CourseId{"c-3"}, .student = StudentId{"s"}}, reported());
  life->settle_with_company();
  EXPECT_FALSE(outcomes.back().refusal);
  EXPECT_FALSE(life->failure());
}

}  // namespace
}  // namespace sugang
