#include "gateway/charge_ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "gateway/charge_ledger_folder.hpp"
#include "storage/journal.hpp"
#include "tests/gateway/asking.hpp"
#include "tests/simulation/memory_ledger.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {
namespace {

std::size_t charges_in(const ChargeLedger& ledger) {
  return ledger.list({.limit = 200, .cursor = {}}).listing.items.size();
}

void book(ChargeLedger& ledger, std::uint64_t from, std::uint64_t until) {
  for (auto i = from; i < until; ++i) {
    ledger.charge(payment_number(i), won(100), std::nullopt, test_now);
    ledger.commit();
  }
}

void book(MemoryCharges& charges, std::uint64_t from, std::uint64_t until) {
  MemoryLedger opened{charges};
  book(opened.ledger, from, until);
}

TEST(ChargeLedger, ReadsFromItsLogWhatTheIndexLacks) {
  MemoryCharges charges;
  book(charges, 0, 20);
  // Nothing of an index is synced.
  charges.crash();
  const MemoryLedger found{charges};
  EXPECT_EQ(charges_in(found.ledger), 20u);
  EXPECT_EQ(charges.index->writes(), 1u) << "written together";
}

TEST(ChargeLedger, ReadsNothingTwice) {
  MemoryCharges charges;
  book(charges, 0, 20);
  const auto written = charges.index->writes();
  EXPECT_EQ(charges_in(MemoryLedger{charges}.ledger), 20u);
  EXPECT_EQ(charges.index->writes(), written);
}

TEST(ChargeLedger, DropsAnIndexThatIsAheadOfItsLog) {
  MemoryCharges older, newer;
  book(older, 0, 3);
  book(newer, 0, 5);
  older.index = std::move(newer.index);
  MemoryLedger found{older};
  EXPECT_EQ(charges_in(found.ledger), 3u);
  EXPECT_EQ(found.ledger.refund(payment_number(4), won(100), test_now).outcome, GatewayOutcome::declined);
}

TEST(ChargeLedger, DropsAnIndexOfAnotherLog) {
  MemoryCharges mine, others;
  book(mine, 10, 15);
  book(others, 0, 3);
  mine.index = std::move(others.index);
  MemoryLedger found{mine};
  EXPECT_EQ(charges_in(found.ledger), 5u);
  EXPECT_EQ(found.ledger.charge(payment_number(12), won(1), std::nullopt, test_now).outcome,
            GatewayOutcome::declined)
      << "with another amount";
}

class LedgerFolder : public ::testing::Test {
 protected:
  std::unique_ptr<ChargeLedgerFolder> open() {
    return std::make_unique<ChargeLedgerFolder>(folder_.path().string(), RocksOptions{},
                                                [this](const std::string& why) { reports_.push_back(why); });
  }
  void flip(const std::filesystem::path& file, std::streamoff at) {
    std::fstream bytes{file, std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekg(at);
    const auto byte = static_cast<char>(bytes.get() ^ 1);
    bytes.seekp(at);
    bytes.put(byte);
  }
  TempFolder folder_;
  std::vector<std::string> reports_;
};

TEST_F(LedgerFolder, BuildsADamagedIndexAgain) {
  book(open()->ledger(), 0, 5);
  std::ofstream{folder_.path() / "index" / "CURRENT"} << "nonsense";
  EXPECT_EQ(charges_in(open()->ledger()), 5u);
  EXPECT_EQ(reports_.size(), 1u);
  EXPECT_EQ(charges_in(open()->ledger()), 5u);
  EXPECT_EQ(reports_.size(), 1u);
}

TEST_F(LedgerFolder, RefusesADamagedLogByTheNameOfItsFile) {
  book(open()->ledger(), 0, 5);
  flip(folder_.path() / "log" / "0000000001.log", 3 * 4096 + 50);
  try {
    open();
    FAIL() << "opened";
  } catch (const JournalDamaged& damaged) {
    EXPECT_THAT(damaged.what(), ::testing::HasSubstr("position 3"));
    EXPECT_THAT(damaged.what(), ::testing::HasSubstr("0000000001.log"));
  }
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "index"));
}

}  // namespace
}  // namespace sugang
