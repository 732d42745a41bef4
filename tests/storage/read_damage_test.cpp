#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/journal_page.hpp"
#include "tests/storage/journal_host.hpp"
#include "tests/storage/scrubbed.hpp"
#include "tests/storage/story.hpp"

namespace sugang {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A journal with a page for each enrollment, one page of which is spoiled behind its back.
struct ReadDamage : ::testing::Test {
  MemoryHost host;
  Story story;
  std::vector<EnrollmentId> enrollments;
  std::vector<Position> first;
  std::unique_ptr<SteppedJournal> journal;
  std::vector<Damage> faults;
  std::vector<std::string> isolated;

  void SetUp() override {
    journal = std::make_unique<SteppedJournal>(host);
    j().quarantine().listen([this](std::string_view aggregate, const Damage& damage) {
      if (aggregate.empty())
        faults.push_back(damage);
      else
        isolated.emplace_back(aggregate);
    });
    append({story.course("music")});
    for (int i = 0; i < 6; ++i) enroll();
  }
  Journal& j() { return **journal; }
  void append(std::vector<Record> records) {
    append_as_owner(j(), std::move(records));
    journal->commit_all();
  }
  void enroll() {
    enrollments.push_back(story.new_enrollment("music"));
    first.push_back(j().durable_position() + 1);
    for (auto& each : story.enrollment("music", enrollments.back())) append_as_owner(j(), std::move(each));
    journal->commit_all();
  }
  void spoil(std::size_t enrollment) {
    const auto key = page_key(first[enrollment]);
    auto page = *host.store().get(pages_space, key);
    page[page.size() / 2] = static_cast<char>(page[page.size() / 2] ^ 4);
    host.put(pages_space, key, page);
  }
};

TEST_F(ReadDamage, IsolatesWhatItMeetsAndHarmsNothingElse) {
  spoil(1);
  EXPECT_THROW(j().timeline(enrollments[1]), JournalDamaged);
  EXPECT_THROW(j().timeline(enrollments[1]), Quarantined);
  EXPECT_THROW(j().history(payment_of(enrollments[1])), Quarantined);
  EXPECT_THAT(j().timeline(enrollments[2]), SizeIs(8));
  enroll();
  EXPECT_THAT(j().timeline(enrollments.back()), SizeIs(8));
  EXPECT_THAT(journal->failures, IsEmpty());
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_GE(faults[0].position, first[1]);
  EXPECT_EQ(faults[0].file, "memory");
  EXPECT_THAT(isolated, ::testing::ElementsAre(to_text(AggregateId{enrollments[1]})));
}

TEST_F(ReadDamage, AnswersTheLoadAndStopsNoNode) {
  spoil(1);
  const auto met = journal->wake(saga_of(enrollments[1]));
  ASSERT_TRUE(met.unreadable);
  EXPECT_FALSE(met.unreadable->known);
  EXPECT_THAT(met.unreadable->why, HasSubstr("position"));
  EXPECT_TRUE(journal->wake(saga_of(enrollments[1])).unreadable->known);
  EXPECT_FALSE(journal->wake(saga_of(enrollments[2])).unreadable);
  // The course has events on the spoiled page.
  EXPECT_TRUE(journal->wake(CourseId{"music"}).unreadable);
  EXPECT_THAT(journal->failures, IsEmpty());
  EXPECT_THAT(faults, SizeIs(1)) << "one fault, however often it is met";
  EXPECT_THAT(isolated, SizeIs(2));
}

TEST_F(ReadDamage, AReadInOrderComesUpToItAndNoFurther) {
  spoil(1);
  const auto before = j().read(0, 1'000);
  ASSERT_THAT(before, SizeIs(first[1] - 1));
  EXPECT_THROW(j().read(before.back().position, 1'000), JournalDamaged);
  EXPECT_THAT(j().read(first[2] - 1, 1'000), SizeIs(j().durable_position() - (first[2] - 1)));
}

TEST_F(ReadDamage, TheScrubPassesOverEveryFaultAndNamesIt) {
  Scrubbed sound{host.store(), j().durable_position()};
  sound.pass();
  EXPECT_THAT(sound.found, IsEmpty());
  spoil(1);
  spoil(4);
  Scrubbed damaged{host.store(), j().durable_position()};
  damaged.pass();
  damaged.pass(1 << 20);
  EXPECT_EQ(damaged.scrub.passes(), 2u);
  ASSERT_THAT(damaged.causes, SizeIs(2));
  EXPECT_EQ(damaged.found[0].position, first[1]);
  EXPECT_EQ(damaged.found[1].position, first[4]);
}

TEST_F(ReadDamage, TheScrubMissesNoPageThatIsGone) {
  host.erase(pages_space, page_key(first[2]));
  Scrubbed scrubbed{host.store(), j().durable_position()};
  scrubbed.pass();
  ASSERT_THAT(scrubbed.found, SizeIs(1));
  EXPECT_EQ(scrubbed.found[0].position, first[2]);
}

TEST_F(ReadDamage, OfWhichAPageIsMissingIsMetAndIsNoEnd) {
  host.erase(pages_space, page_key(first[2]));
  const auto before = j().read(0, 1'000);
  ASSERT_THAT(before, SizeIs(first[2] - 1));
  EXPECT_THROW(j().read(before.back().position, 1'000), JournalDamaged);
  host.erase(pages_space, page_key(first[5]));
  EXPECT_THROW(j().read(first[5] - 1, 1'000), JournalDamaged) << "where fewer are found than are durable";
}

TEST_F(ReadDamage, OfACursorIsNoted) {
  append_as_owner(j(), Append{.cursors = {{"webhooks", 3}}});
  journal->commit_all();
  host.put(marks_space, cursor_key("webhooks"), "three");
  EXPECT_THROW(j().cursor("webhooks"), JournalDamaged);
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_EQ(faults[0].file, "memory");
}

TEST_F(ReadDamage, OfAPendingOneDelaysNoOtherPartition) {
  std::vector<AggregateId> pending;
  for (const auto* course : {"a", "b", "c", "d"}) pending.emplace_back(saga_of(story.new_enrollment(course)));
  pending.emplace_back(CourseId{"music"});
  Append append;
  for (const auto& id : pending) append.pending.push_back({id, true});
  append_as_owner(j(), std::move(append));
  journal->commit_all();
  ASSERT_THAT(j().pending(), ::testing::UnorderedElementsAreArray(pending));
  host.memory().spoil(pending_space, pending_key(pending[1]));
  pending.erase(pending.begin() + 1);
  EXPECT_THAT(j().pending(), ::testing::UnorderedElementsAreArray(pending));
  EXPECT_THAT(faults, SizeIs(1));
  host.memory().spoil(pending_space, pending_key(CourseId{"music"}));
  pending.pop_back();
  EXPECT_THAT(j().pending(), ::testing::UnorderedElementsAreArray(pending)) << "the last of them";
}

TEST_F(ReadDamage, OfALookUpIsReportedOnceAsDamageAndThenAsKnown) {
  auto known = [&](const AggregateId& id) {
    Existence found{};
    j().known_behind_appends({id}, [&](const std::vector<Existence>& all) { found = all.front(); });
    journal->commit_all();
    return found;
  };
  ASSERT_EQ(known(CourseId{"music"}), Existence::some);
  host.spoil_index(CourseId{"music"});
  EXPECT_EQ(known(CourseId{"music"}), Existence::damaged);
  EXPECT_EQ(known(CourseId{"music"}), Existence::quarantined);
  EXPECT_EQ(known(CourseId{"chess"}), Existence::none);
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_THAT(isolated, SizeIs(1));
}

TEST_F(ReadDamage, OfARequestHoldsUpTheExpiryOfItsPartitionAlone) {
  std::vector<AggregateId> requests;
  for (int i = 0; i < 20; ++i) {
    const RequestId id{story.next_uid()};
    requests.emplace_back(id);
    append({story.record(id, RequestEvent{RequestClaimed{}})});
  }
  std::sort(requests.begin(), requests.end(),
            [](const auto& one, const auto& other) { return group_of(one) < group_of(other); });
  const auto is_left = [&](const AggregateId& id) {
    bool left = false;
    const auto group = group_of(id);
    try {
      host.store().scan(index_space, group, after_prefix(group),
                        [&](std::string_view, std::string_view) { return !(left = true); });
    } catch (const DamagedEntry&) {
      return true;
    }
    return left;
  };
  host.spoil_index(requests[7]);
  std::optional<std::string> next = "";
  for (int steps = 0; next && steps < 1'000; ++steps)
    next = j().expire_requests(story_begin + std::chrono::hours{1}, *next, 3);
  EXPECT_FALSE(next);
  for (const auto& id : requests) EXPECT_EQ(is_left(id), id.partition() == requests[7].partition()) << to_text(id);
  EXPECT_THAT(faults, SizeIs(1));
}

TEST_F(ReadDamage, IsNotWhatAReadMeetsThatMaySucceedLater) {
  host.memory().fail_reads(1);
  EXPECT_THROW(
      {
        try {
          j().timeline(enrollments[1]);
        } catch (const JournalDamaged& fault) {
          ADD_FAILURE() << fault.what();
          throw;
        }
      },
      StorageError);
  host.memory().fail_reads(1);
  const auto met = journal->wake(saga_of(enrollments[1]));
  ASSERT_TRUE(met.unreadable);
  EXPECT_TRUE(met.unreadable->passing);
  EXPECT_FALSE(journal->wake(saga_of(enrollments[1])).unreadable);
  EXPECT_THAT(j().timeline(enrollments[1]), SizeIs(8));
  host.memory().fail_reads(1);
  Scrubbed scrubbed{host.store(), j().durable_position()};
  scrubbed.pass();
  EXPECT_THAT(scrubbed.found, IsEmpty());
  EXPECT_EQ(scrubbed.scrub.position(), j().durable_position());
  EXPECT_THAT(faults, IsEmpty());
  EXPECT_THAT(isolated, IsEmpty());
  EXPECT_THAT(journal->failures, IsEmpty());
}

}  // namespace
}  // namespace sugang
