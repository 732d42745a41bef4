#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "storage/journal_page.hpp"
#include "storage/journal_scrub.hpp"
#include "tests/storage/journal_host.hpp"
#include "tests/storage/story.hpp"

namespace sugang {
namespace {

namespace fs = std::filesystem;
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
    Append append;
    append.records = std::move(records);
    j().append(std::move(append));
    journal->commit_all();
  }
  void enroll() {
    enrollments.push_back(story.new_enrollment("music"));
    first.push_back(j().durable_position() + 1);
    for (auto& each : story.enrollment("music", enrollments.back())) j().append(std::move(each));
    journal->commit_all();
  }
  void spoil(std::size_t enrollment) {
    const auto key = page_key(first[enrollment]);
    auto page = *host.store().get(pages_space, key);
    page[page.size() / 2] = static_cast<char>(page[page.size() / 2] ^ 4);
    WriteSet changes;
    changes.put(pages_space, key, page);
    host.store().write(changes, Sync::yes);
  }
  Recovered wake(const AggregateId& id) {
    std::optional<Recovered> found;
    j().wake(id, [&](Recovered recovered) { found = std::move(recovered); });
    journal->commit_all();
    EXPECT_TRUE(found) << "whoever wakes must be answered";
    return found.value_or(Recovered{});
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

TEST_F(ReadDamage, AnswersWhoWakesAndStopsNoNode) {
  spoil(1);
  const auto met = wake(saga_of(enrollments[1]));
  ASSERT_TRUE(met.unreadable);
  EXPECT_FALSE(met.unreadable->known);
  EXPECT_THAT(met.unreadable->why, HasSubstr("position"));
  EXPECT_TRUE(wake(saga_of(enrollments[1])).unreadable->known);
  EXPECT_FALSE(wake(saga_of(enrollments[2])).unreadable);
  // The course has events on the spoiled page.
  EXPECT_TRUE(wake(CourseId{"music"}).unreadable);
  EXPECT_THAT(journal->failures, IsEmpty());
  EXPECT_THAT(faults, SizeIs(1)) << "one fault, whoever meets it";
  EXPECT_THAT(isolated, SizeIs(2));
}

TEST_F(ReadDamage, AReadInOrderComesUpToItAndNoFurther) {
  spoil(1);
  const auto before = j().read(0, 1'000);
  ASSERT_THAT(before, SizeIs(first[1] - 1));
  EXPECT_THROW(j().read(before.back().position, 1'000), JournalDamaged);
  EXPECT_THAT(j().read(first[2] - 1, 1'000), SizeIs(j().durable_position() - (first[2] - 1)));
}

struct Scrubbed {
  explicit Scrubbed(const KeyValueStore& store, Position end)
      : scrub(
            store, [end] { return end; },
            [this](const JournalDamaged& fault) { causes.insert(fault.cause), found.push_back(fault); }) {}
  void pass(std::uint64_t bytes_max = 1'000) {
    for (int steps = 0; steps < 100'000; ++steps)
      if (scrub.step(bytes_max).ends_pass) return;
    FAIL() << "the pass does not end";
  }
  std::set<std::string> causes;
  std::vector<JournalDamaged> found;
  JournalScrub scrub;
};

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
  WriteSet changes;
  changes.erase(pages_space, page_key(first[2]));
  host.store().write(changes, Sync::yes);
  Scrubbed scrubbed{host.store(), j().durable_position()};
  scrubbed.pass();
  ASSERT_THAT(scrubbed.found, SizeIs(1));
  EXPECT_EQ(scrubbed.found[0].position, first[2]);
}

/// Behind the store's own checksum, in a block on the disk.
struct BlockDamage : ::testing::Test {
  TempFolder folder{true};
  Story story;
  std::vector<EnrollmentId> enrollments;
  std::unique_ptr<JournalFolder> opened;

  Journal& j() { return opened->journal(); }
  void open() {
    opened.reset();
    opened = std::make_unique<JournalFolder>(
        folder.path().string(), Journal::Limits{.start_verify_bytes_max = 0},
        RocksOptions{.write_buffer_bytes = 1 << 20}, [](const std::function<void()>& read) { read(); },
        [](const std::string& why) { ADD_FAILURE() << why; });
  }
  void enroll(int count) {
    for (int i = 0; i < count; ++i) {
      enrollments.push_back(story.new_enrollment("music"));
      for (auto& each : story.enrollment("music", enrollments.back())) j().append(std::move(each));
    }
    while (j().commit_once()) {
    }
  }
  void SetUp() override {
    open();
    Append course;
    course.records = {story.course("music")};
    j().append(std::move(course));
    enroll(300);
    opened->store().flush();
  }
  /// Flips a bit in the first block of each file of the space, which a property of the file names.
  void flip(const std::string& space) {
    opened.reset();
    for (const auto& entry : fs::directory_iterator{folder.path() / "store"}) {
      std::ifstream in{entry.path(), std::ios::binary};
      std::string bytes{std::istreambuf_iterator<char>{in}, {}};
      if (entry.path().extension() != ".sst" ||
          bytes.find("name" + space, bytes.size() - 3'000) == std::string::npos)
        continue;
      bytes[100] = static_cast<char>(bytes[100] ^ 1);
      std::ofstream{entry.path(), std::ios::binary} << bytes;
    }
    open();
  }
};

TEST_F(BlockDamage, OpensBeyondItsStartCheckAndRefusesOnlyWhatIsDamaged) {
  flip("pages");
  EXPECT_THROW(j().timeline(enrollments.front()), JournalDamaged);
  EXPECT_THROW(j().timeline(enrollments.front()), Quarantined);
  EXPECT_THAT(j().timeline(enrollments.back()), SizeIs(8));
  enroll(1);
  EXPECT_THAT(j().timeline(enrollments.back()), SizeIs(8));
  EXPECT_EQ(j().quarantine().faults(), 1u);
}

TEST_F(BlockDamage, IsFoundByTheScrubInPagesAndIndexAlike) {
  for (const auto* space : {"pages", "index"}) {
    flip(space);
    Scrubbed scrubbed{opened->store(), j().durable_position()};
    scrubbed.pass(1 << 20);
    ASSERT_FALSE(scrubbed.causes.empty()) << space;
    EXPECT_THAT(scrubbed.found.back().file, HasSubstr(".sst"));
    flip(space);
  }
}

TEST_F(BlockDamage, MetByACompactionStopsNoWrite) {
  flip("index");
  for (int i = 0; i < 8; ++i) {
    enroll(50);
    opened->store().flush();
  }
  enroll(1);
  EXPECT_THAT(j().timeline(enrollments.back()), SizeIs(8));
}

}  // namespace
}  // namespace sugang
