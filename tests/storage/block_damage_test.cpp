#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/storage/failing_reads.hpp"
#include "tests/storage/journal_host.hpp"
#include "tests/storage/scrubbed.hpp"
#include "tests/storage/story.hpp"

namespace sugang {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::SizeIs;

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
    append_as_owner(j(), {story.course("music")});
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
      append_as_owner(j(), Append{.cursors = {{"webhooks", static_cast<Position>(i)}}});
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
