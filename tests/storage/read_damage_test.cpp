#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "storage/journal_page.hpp"
#include "storage/journal_scrub.hpp"
#include "tests/storage/failing_reads.hpp"
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
    append_as_owner(j(), std::move(append));
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
    WriteSet changes;
    changes.put(pages_space, key, page);
    host.store().write(changes, Sync::yes);
  }
  Recovered wake(const AggregateId& id) {
    std::optional<Recovered> found;
    j().wake(id, [&](Recovered recovered) { found = std::move(recovered); });
    journal->commit_all();
    EXPECT_TRUE(found) << "a load must be answered";
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

TEST_F(ReadDamage, AnswersTheLoadAndStopsNoNode) {
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

TEST_F(ReadDamage, OfWhichAPageIsMissingIsMetAndIsNoEnd) {
  WriteSet changes;
  changes.erase(pages_space, page_key(first[2]));
  host.store().write(changes, Sync::yes);
  const auto before = j().read(0, 1'000);
  ASSERT_THAT(before, SizeIs(first[2] - 1));
  EXPECT_THROW(j().read(before.back().position, 1'000), JournalDamaged);
  WriteSet last;
  last.erase(pages_space, page_key(first[5]));
  host.store().write(last, Sync::yes);
  EXPECT_THROW(j().read(first[5] - 1, 1'000), JournalDamaged) << "where fewer are found than are durable";
}

TEST_F(ReadDamage, OfACursorIsNoted) {
  Append cursor;
  cursor.cursors = {{"webhooks", 3}};
  append_as_owner(j(), std::move(cursor));
  journal->commit_all();
  WriteSet changes;
  changes.put(marks_space, cursor_key("webhooks"), "three");
  host.store().write(changes, Sync::yes);
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
  const auto spoiled = pending[1];
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
  const auto group = group_of(CourseId{"music"});
  host.store().scan(index_space, group, after_prefix(group), [&](std::string_view key, std::string_view) {
    host.memory().spoil(index_space, std::string{key});
    return true;
  });
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
  const auto group = group_of(requests[7]);
  host.store().scan(index_space, group, after_prefix(group), [&](std::string_view key, std::string_view) {
    host.memory().spoil(index_space, std::string{key});
    return true;
  });
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
  const auto met = wake(saga_of(enrollments[1]));
  ASSERT_TRUE(met.unreadable);
  EXPECT_TRUE(met.unreadable->passing);
  EXPECT_FALSE(wake(saga_of(enrollments[1])).unreadable);
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

/// Behind the store's own checksum, in a block on the disk.
struct BlockDamage : ::testing::Test {
  TempFolder folder{true};
  Story story;
  std::vector<EnrollmentId> enrollments;
  std::vector<Damage> reported;
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
      for (auto& each : story.enrollment("music", enrollments.back())) append_as_owner(j(), std::move(each));
    }
    while (j().commit_once()) {
    }
  }
  void SetUp() override {
    open();
    Append course;
    course.records = {story.course("music")};
    append_as_owner(j(), std::move(course));
    enroll(300);
    opened->store().flush();
  }
  static std::string read_file(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  /// The files of the space, which a property of each names.
  std::vector<fs::path> files_of(const std::string& space) const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{folder.path() / "store"}) {
      if (entry.path().extension() != ".sst") continue;
      const auto bytes = read_file(entry.path());
      const auto properties = bytes.size() < 3'000 ? 0 : bytes.size() - 3'000;
      if (bytes.find("name" + space, properties) != std::string::npos) files.push_back(entry.path());
    }
    return files;
  }
  /// Flips a bit in the first block of each file of the space.
  void flip(const std::string& space) {
    opened.reset();
    for (const auto& path : files_of(space)) {
      auto bytes = read_file(path);
      bytes[100] = static_cast<char>(bytes[100] ^ 1);
      std::ofstream{path, std::ios::binary} << bytes;
    }
    open();
  }
  /// Writes, and makes files to be merged, until it holds.
  void write_until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    for (int i = 0; !holds(); ++i) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      Append cursor;
      cursor.cursors = {{"webhooks", static_cast<Position>(i)}};
      append_as_owner(j(), std::move(cursor));
      enroll(1);
      opened->store().flush();
    }
  }
  void expect_a_compaction_met_it(const std::string& what) {
    j().quarantine().listen([this](std::string_view, const Damage& damage) { reported.push_back(damage); });
    write_until([&] { return !reported.empty(); });
    EXPECT_THAT(reported[0].what, HasSubstr(what));
    EXPECT_THAT(reported[0].file, HasSubstr(".sst"));
    EXPECT_EQ(j().quarantine().faults(), 1u);
    enroll(1);
    EXPECT_THAT(j().timeline(enrollments.back()), SizeIs(8));
    // Other spaces are merged on.
    write_until([&] { return files_of("index").size() >= 12; });
    write_until([&] { return files_of("marks").size() < 6; });
    EXPECT_THAT(reported, SizeIs(1)) << "reported once";
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
  expect_a_compaction_met_it("Corruption");
}

TEST_F(BlockDamage, OfABadSectorMetByACompactionStopsNoWrite) {
  open();
  const FailingReads failing{files_of("index").at(0).filename(), EIO};
  expect_a_compaction_met_it("Input/output error");
}

TEST_F(BlockDamage, IsNotWhatACompactionMeetsThatMaySucceedLater) {
  open();
  const FailingReads failing{files_of("index").at(0).filename(), ENOMEM, 1};
  write_until([] { return FailingReads::failed() == 1; });
  // RocksDB tries again after a second.
  write_until([&] { return files_of("index").size() < 6; });
  EXPECT_EQ(j().quarantine().faults(), 0u);
}

TEST_F(BlockDamage, IsNoSectorThatIsReadTheSecondTime) {
  for (const auto* space : {"pages", "index"}) {
    open();
    const FailingReads failing{files_of(space).at(0).filename(), EIO, 1};
    EXPECT_THAT(j().timeline(enrollments.front()), SizeIs(8));
    EXPECT_EQ(FailingReads::failed(), 1u);
  }
  EXPECT_EQ(j().quarantine().aggregates(), 0u);
}

TEST_F(BlockDamage, IsASectorThatIsNeverRead) {
  open();
  {
    const FailingReads failing{files_of("pages").at(0).filename(), EIO};
    EXPECT_THROW(j().timeline(enrollments.front()), JournalDamaged);
  }
  EXPECT_THROW(j().timeline(enrollments.front()), Quarantined);
  EXPECT_EQ(j().quarantine().faults(), 1u);
}

TEST_F(BlockDamage, IsNotAReadThatLacksMemory) {
  open();
  const auto read = [&] { return j().timeline(enrollments.front()); };
  {
    const FailingReads failing{files_of("pages").at(0).filename(), ENOMEM};
    EXPECT_THROW(read(), StorageError);
  }
  EXPECT_THAT(read(), SizeIs(8));
  EXPECT_EQ(j().quarantine().faults(), 0u);
}

TEST_F(BlockDamage, IsNoFileThatACompactionRemovesWhileItIsRead) {
  open();
  const auto path = files_of("index").at(0);
  const auto is_live = [&] {
    const auto live = opened->store().sorted_files();
    return std::any_of(live.begin(), live.end(), [&](const auto& file) { return fs::path{file} == path; });
  };
  auto file = opened->store().sorted_files();
  std::erase_if(file, [&](const auto& each) { return fs::path{each} != path; });
  ASSERT_THAT(file, SizeIs(1));
  const FailingReads failing{path.filename(), EIO, 1, [&] { write_until([&] { return !is_live(); }); }};
  EXPECT_EQ(opened->store().check_sorted_file(file[0]), 0u);
}

}  // namespace
}  // namespace sugang
