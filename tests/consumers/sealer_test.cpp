#include "consumers/sealer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "storage/base64.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Sealing : ::testing::Test {
  TempFolder folder;
  const std::filesystem::path file = folder.path() / "key";
};

TEST_F(Sealing, OpensWhatItSealedForTheSameThingAlone) {
  Sealer sealer{file};
  const auto sealed = sealer.seal("whsec_x", "whk_1");
  EXPECT_THAT(*from_base64(sealed), Not(HasSubstr("whsec_x")));
  EXPECT_EQ(sealer.open(sealed, "whk_1"), "whsec_x");
  EXPECT_EQ(sealer.open(sealed, "whk_2"), std::nullopt);
  EXPECT_EQ(sealer.open(sealer.seal("", "whk_1"), "whk_1"), "");
  EXPECT_NE(sealer.seal("whsec_x", "whk_1"), sealed) << "equal secrets do not look alike";
}

TEST_F(Sealing, OpensNothingThatWasChanged) {
  Sealer sealer{file};
  const auto sealed = *from_base64(sealer.seal("whsec_x", "whk_1"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(sealer.open(to_base64(changed), "whk_1"), std::nullopt) << i;
  }
  for (const auto* text : {"", "!", "AAAA"}) EXPECT_EQ(sealer.open(text, "whk_1"), std::nullopt);
}

TEST_F(Sealing, TheKeyIsMadeOnFirstUseForItsOwnerAloneAndStays) {
  std::string sealed;
  {
    Sealer sealer{file};
    EXPECT_FALSE(std::filesystem::exists(file));
    sealed = sealer.seal("whsec_x", "whk_1");
  }
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file).permissions(), perms::owner_read | perms::owner_write);
  EXPECT_EQ(Sealer{file}.open(sealed, "whk_1"), "whsec_x");
  Sealer other{folder.path() / "other"};
  EXPECT_EQ(other.open(sealed, "whk_1"), std::nullopt) << "it has no key";
  other.seal("whsec_y", "whk_2");
  EXPECT_EQ(other.open(sealed, "whk_1"), std::nullopt) << "it has another";
}

TEST_F(Sealing, AFileThatHoldsNoKeyIsNamedWithWhatToDo) {
  std::ofstream{file} << "c2hvcnQ=\n";
  try {
    Sealer sealer{file};
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
    EXPECT_THAT(error.what(), HasSubstr("restore the file"));
  }
}

}  // namespace
}  // namespace sugang
