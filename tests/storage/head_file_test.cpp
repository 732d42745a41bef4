#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/fsuid.h>
#include <unistd.h>

#include <fstream>

#include "storage/durable_folder.hpp"
#include "storage/journal.hpp"
#include "storage/two_slot_head_file.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {
namespace {

class TwoSlots : public ::testing::Test {
 protected:
  std::optional<Head> reload() const { return TwoSlotHeadFile{path}.load(); }
  void damage(std::streamoff offset, std::size_t count = 1) const {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(offset);
    std::string bytes(count, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(count));
    for (auto& byte : bytes) byte = static_cast<char>(byte ^ 1);
    file.seekp(offset);
    file.write(bytes.data(), static_cast<std::streamsize>(count));
  }

  TempFolder folder{true};
  std::string path = (folder.path() / "head").string();
};

TEST_F(TwoSlots, ThereIsNoHeadBeforeTheFirst) {
  EXPECT_EQ(reload(), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(path)) << "looking for it makes no file";
}

TEST_F(TwoSlots, TheNewestIsLoaded) {
  TwoSlotHeadFile head{path};
  for (Position position = 0; position < 5; ++position) {
    head.store({position, position * 7});
    EXPECT_EQ(reload(), (Head{position, position * 7}));
  }
}

TEST_F(TwoSlots, AReopenedFileGoesOn) {
  TwoSlotHeadFile{path}.store({1, 1});
  TwoSlotHeadFile{path}.store({2, 2});
  TwoSlotHeadFile{path}.store({3, 3});
  EXPECT_EQ(reload(), (Head{3, 3}));
}

TEST_F(TwoSlots, ATornSlotLeavesTheHeadBefore) {
  TwoSlotHeadFile head{path};
  head.store({1, 1});
  head.store({2, 2});
  damage(20);
  EXPECT_EQ(reload(), (Head{1, 1}));
}

TEST_F(TwoSlots, TwoSpoiledSlotsAreDamageThatNamesTheFile) {
  TwoSlotHeadFile head{path};
  head.store({1, 1});
  head.store({2, 2});
  damage(20);
  damage(4096 + 20);
  try {
    reload();
    FAIL() << "loaded";
  } catch (const JournalDamaged& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr(path));
  }
}

TEST_F(TwoSlots, AnEmptyFileIsDamage) {
  std::ofstream{path};
  EXPECT_THROW(reload(), JournalDamaged);
}

TEST_F(TwoSlots, EveryFlippedBitIsNoticed) {
  TwoSlotHeadFile head{path};
  head.store({1, 1});
  for (std::streamoff offset = 4096; offset < 4096 + 40; ++offset) {
    damage(offset);
    EXPECT_THROW(reload(), JournalDamaged) << offset;
    damage(offset);
  }
  EXPECT_EQ(reload(), (Head{1, 1}));
}

/// A folder where files are made and renamed, and which can't be opened to be synced, as long as this lives.
class UnreadableFolder {
 public:
  explicit UnreadableFolder(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::permissions(folder_, std::filesystem::perms{0333});
    // Permissions don't bind root.
    if (::geteuid() == 0) ::setfsuid(unprivileged);
  }
  ~UnreadableFolder() {
    ::setfsuid(::geteuid());
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
  }

 private:
  static constexpr uid_t unprivileged = 65'534;
  const std::filesystem::path folder_;
};

TEST_F(TwoSlots, AHeadFileWhoseFolderCannotBeSyncedIsNotTakenForDurable) {
  TwoSlotHeadFile head{path};
  const UnreadableFolder unreadable{folder.path()};
  EXPECT_THROW(head.store({1, 2}), StorageError);
}

TEST(JournalFolders, AreDurableInTheFoldersAboveThem) {
  const TempFolder above{true};
  const UnreadableFolder unreadable{above.path()};
  try {
    make_folder(above.path() / "data" / "journal");
    FAIL() << "made a folder whose entry was not synced";
  } catch (const StorageError& fault) {
    EXPECT_THAT(fault.what(), testing::HasSubstr("durable"));
  }
}

}  // namespace
}  // namespace sugang
