#include "storage/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <xxhash.h>

#include <fstream>

#include "storage/bytes.hpp"
#include "storage/journal.hpp"
#include "storage/segment_folder.hpp"
#include "storage/two_slot_head_file.hpp"
#include "tests/simulation/memory_segments.hpp"
#include "tests/simulation/memory_store.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Log::Limits small{.segment_bytes_min = 16 << 10, .segment_bytes_max = 64 << 10, .prepares_ahead = false};

std::vector<std::string> payloads(const Log& log, LogCursor from = {}) {
  std::vector<std::string> found;
  EXPECT_TRUE(log.read(from, [&](const LogFrame& frame) { found.emplace_back(frame.payload); }));
  return found;
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const JournalDamaged& damaged) {
    return damaged.what();
  }
  return "none";
}

class LogInMemory : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open() { return std::make_unique<Log>(files, head, small); }
  /// Frames of one block each, `count` of them.
  void fill(int count) {
    auto log = open();
    for (int i = 0; i < count; ++i) log->append("frame " + std::to_string(i), 1);
  }
  /// The first segment has four blocks, the second eight: 3 + 7 frames of one block.
  static constexpr int two_segments = 10;

  MemorySegments files{1};
  MemoryHeadFile head;
};

TEST_F(LogInMemory, IsEmptyBeforeTheFirstFrame) {
  EXPECT_EQ(open()->end(), LogCursor{});
  EXPECT_THAT(payloads(*open()), ElementsAre());
  EXPECT_THAT(files.list(), ElementsAre());
}

TEST_F(LogInMemory, HasItsFramesInOrderAfterARestart) {
  {
    auto log = open();
    log->append("a", 2);
    log->append("", 1);
    log->append("b", 3);
    EXPECT_EQ(log->end().end.position, 6u);
  }
  const auto log = open();
  EXPECT_EQ(log->end().end.position, 6u);
  EXPECT_THAT(payloads(*log), ElementsAre("a", "", "b"));
}

TEST_F(LogInMemory, GoesOnInTheNextSegmentWhenAFrameDoesNotFit) {
  fill(two_segments + 1);
  const auto log = open();
  EXPECT_EQ(log->segments(), 3u);
  EXPECT_EQ(payloads(*log).size(), two_segments + 1u);
  log->verify();
}

TEST_F(LogInMemory, TheSameFramesAreTheSameBytes) {
  fill(two_segments + 1);
  // Whatever restarts there were.
  MemorySegments others{2};
  MemoryHeadFile other_head;
  std::string first = files.bytes_of(1);
  for (int i = 0; i <= two_segments; ++i) Log{others, other_head, small}.append("frame " + std::to_string(i), 1);
  // Of the identity of the log and what it seeds.
  const auto same = [](std::string bytes) {
    for (std::size_t block = 0; block < bytes.size(); block += 4096)
      for (auto at : {block == 0 ? 16 : 8, block == 0 ? 48 : 32}) bytes.replace(block + at, 8, 8, '\0');
    return bytes.replace(32, 8, 8, '\0');
  };
  for (std::uint64_t number = 1; number <= 3; ++number)
    EXPECT_EQ(same(files.bytes_of(number)), same(others.bytes_of(number))) << number;
}

TEST_F(LogInMemory, ReadsOnFromWhereItEndedAtAnyTime) {
  auto log = open();
  std::vector<LogCursor> cursors;
  for (int i = 0; i < two_segments + 1; ++i) {
    cursors.push_back(log->end());
    log->append(std::to_string(i), 1);
  }
  for (int i = 0; i < two_segments + 1; ++i) {
    const auto found = payloads(*log, cursors[i]);
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front(), std::to_string(i));
    EXPECT_EQ(found.size(), two_segments + 1u - i);
  }
  EXPECT_THAT(payloads(*log, log->end()), ElementsAre());
}

TEST_F(LogInMemory, KnowsACursorThatIsNotItsOwn) {
  fill(two_segments + 1);
  const auto log = open();
  const auto end = log->end();
  for (auto cursor : {LogCursor{{1, 2}, 1, 8192}, LogCursor{{0, 0}, 1, 8192}, LogCursor{{0, 0}, 9},
                      LogCursor{{3, 4}, 2}, LogCursor{end.end, end.segment, end.offset + 4096}})
    EXPECT_FALSE(log->read(cursor, [](const LogFrame&) { FAIL() << "visited"; })) << cursor.segment;
}

TEST_F(LogInMemory, DamageOfASegmentsFirstFrameIsNoFaultOfTheCursor) {
  fill(two_segments + 1);
  const auto log = open();
  for (const std::uint64_t number : {1, 2}) {
    files.bytes_of(number)[4096 + 100] ^= 1;
    LogCursor cursor;
    EXPECT_THAT(refusal([&] { log->read(cursor, [](const LogFrame&) {}); }),
                HasSubstr("(file segment " + std::to_string(number) + ")"));
    files.bytes_of(number)[4096 + 100] ^= 1;
  }
}

TEST_F(LogInMemory, TakesTheLargestFrameAndRefusesALargerOne) {
  auto log = open();
  const std::string largest(log->payload_bytes_max(), 'x');
  log->append("small", 1);
  log->append(largest, 1);
  EXPECT_EQ(payloads(*log).back(), largest);
  EXPECT_THROW(log->append(largest + "x", 1), StorageError);
  log->append("and goes on", 1);
}

TEST_F(LogInMemory, TakesNothingMoreAfterAFailedWrite) {
  auto log = open();
  log->append("a", 1);
  files.break_write_after(0);
  EXPECT_THROW(log->append("b", 1), StorageError);
  EXPECT_THROW(log->append("c", 1), StorageError);
}

TEST_F(LogInMemory, AFullDiskFailsTheAppendThatNeedsANewSegment) {
  auto log = open();
  files.fill_disk();
  EXPECT_THROW(log->append("a", 1), StorageError);
  log.reset();
  open()->append("when there is room", 1);
  EXPECT_THAT(payloads(*open()), ElementsAre("when there is room"));
}

TEST_F(LogInMemory, RefusesAMissingSegmentByItsName) {
  fill(two_segments + 1);
  files.remove(2);
  EXPECT_THAT(refusal([&] { open(); }), HasSubstr("the segment is missing (file segment 2)"));
}

TEST_F(LogInMemory, RefusesWhenAllOfItIsMissing) {
  fill(1);
  files.remove(1);
  files.remove(2);
  EXPECT_THAT(refusal([&] { open(); }), HasSubstr("what was acknowledged up to position 1 is missing"));
}

TEST_F(LogInMemory, RefusesASegmentOfAnotherLog) {
  fill(two_segments + 1);
  MemorySegments others{2};
  MemoryHeadFile other_head;
  for (int i = 0; i <= two_segments; ++i) Log{others, other_head, small}.append("frame " + std::to_string(i), 1);
  files.bytes_of(2) = others.bytes_of(2);
  EXPECT_THAT(refusal([&] { open(); }), HasSubstr("the segment is of another log (file segment 2)"));
}

TEST_F(LogInMemory, RefusesALogWithoutItsHead) {
  fill(2);
  MemoryHeadFile none;
  EXPECT_THAT(refusal([&] { Log(files, none, small); }), HasSubstr("memory is missing (file segment 1)"));
}

TEST_F(LogInMemory, RefusesAnOlderLogThanWasAcknowledged) {
  fill(1);
  const auto older = files.bytes_of(1);
  fill(1);
  files.bytes_of(1) = older;
  EXPECT_THAT(refusal([&] { open(); }), HasSubstr("what was acknowledged up to position 2 is missing"));
}

TEST_F(LogInMemory, RefusesAnotherEndThanWasAcknowledged) {
  fill(2);
  head.store({2, 12345});
  EXPECT_THAT(refusal([&] { open(); }), HasSubstr("it is not what was acknowledged"));
}

TEST_F(LogInMemory, RefusesDamageWithFramesBehindItWhateverTheHeadSays) {
  fill(3);
  files.bytes_of(1)[4096 + 4096 + 100] ^= 1;
  MemoryHeadFile forgotten;
  forgotten.store({});
  EXPECT_THAT(refusal([&] { Log(files, forgotten, small); }),
              HasSubstr("position 3 stands behind it (file segment 1)"));
}

TEST_F(LogInMemory, RefusesAFrameOfAnotherPast) {
  fill(2);
  auto others = files;
  MemoryHeadFile other_head;
  other_head.store({});
  Log{others, other_head, small}.append("not frame 0", 1);
  fill(1);
  // Of the same position in the same log, and whole.
  auto mixed = files;
  mixed.bytes_of(1).replace(3 * 4096, 4096, others.bytes_of(1), 3 * 4096, 4096);
  EXPECT_THAT(refusal([&] { Log(mixed, head, small); }), HasSubstr("it is not what was acknowledged"));
  fill(1);
  mixed = files;
  mixed.bytes_of(1).replace(3 * 4096, 4096, others.bytes_of(1), 3 * 4096, 4096);
  EXPECT_THAT(refusal([&] { Log(mixed, head, small).verify(); }), HasSubstr("does not verify (file segment 1)"));
}

TEST_F(LogInMemory, WhatAStartFoundMissingStaysMissing) {
  fill(1);
  auto whole = files;
  MemoryHeadFile other_head;
  other_head.store({});
  Log{whole, other_head, small}.append(std::string(5000, 'x'), 1);
  // A write of two blocks is broken off, and then another one like it at the same place.
  for (const auto block : {2, 3}) {
    files.bytes_of(1).replace(block * 4096, 4096, whole.bytes_of(1), block * 4096, 4096);
    EXPECT_THAT(payloads(*open()), ElementsAre("frame 0")) << block;
  }
}

TEST_F(LogInMemory, ARunningLogFindsDamageOfWhatIsSealed) {
  fill(two_segments + 1);
  const auto log = open();
  log->verify();
  for (const auto at : {20, 4096 + 20, 2 * 4096 + 4000}) {
    files.bytes_of(2)[at] ^= 1;
    EXPECT_THAT(refusal([&] { log->verify(); }), HasSubstr("(file segment 2)")) << at;
    files.bytes_of(2)[at] ^= 1;
  }
}

TEST_F(LogInMemory, AnotherVersionIsRefusedInOneLine) {
  fill(1);
  auto& bytes = files.bytes_of(1);
  const auto log = ByteReader{std::string_view{bytes}.substr(16)}.le<std::uint64_t>();
  bytes[6] = 2;
  std::string checksum;
  put_le(checksum, XXH3_64bits_withSeed(bytes.data(), 48, log));
  bytes.replace(48, 8, checksum);
  try {
    open();
    FAIL() << "opened";
  } catch (const StorageError& refusal) {
    EXPECT_STREQ(refusal.what(), "segment 1 has version 2 of the format of logs; this program reads 1");
  }
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    (text += digits[byte / 16]) += digits[byte % 16];
  }
  return text;
}

// As docs/log-format.md shows.
TEST(LogFormat, IsAsDocumented) {
  constexpr std::uint64_t log = 0x0123456789abcdef;
  EXPECT_EQ(hex(encode(SegmentHeader{1, log, {}}).substr(0, 56)),
            "5355474c4f4701000100000000000000efcdab896745230100000000000000000000000000000000"
            "0000000000000000681815c5662312bd");
  std::string block(4096, '\x7f');
  LogFrame frame{.first = 1, .entries = 2, .previous_chain = 0, .payload = "seat"};
  encode_to(block.data(), frame, log);
  EXPECT_EQ(hex(block.substr(0, 44)),
            "534746520400000088770d61182094e3010000000000000002000000000000000000000000000000"
            "73656174");
  EXPECT_EQ(block.substr(44), std::string(4096 - 44, '\0'));
}

TEST(LogFolder, KeepsItsFramesInFilesOfTheirNumbers) {
  TempFolder folder;
  SegmentFolder files{folder.path() / "log"};
  TwoSlotHeadFile head{(folder.path() / "head").string()};
  {
    Log log{files, head, {.segment_bytes_min = 16 << 10, .segment_bytes_max = 64 << 10}};
    for (int i = 0; i < 20; ++i) log.append(std::string(5000, static_cast<char>('a' + i)), 1);
    log.verify();
  }
  SegmentFolder again{folder.path() / "log"};
  Log log{again, head, {.segment_bytes_min = 16 << 10, .segment_bytes_max = 64 << 10}};
  const auto found = payloads(log);
  ASSERT_EQ(found.size(), 20u);
  EXPECT_EQ(found[19], std::string(5000, 't'));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "log" / "0000000001.log"));
  EXPECT_EQ(std::filesystem::file_size(folder.path() / "log" / "0000000002.log"), 32u << 10);
}

TEST(LogFolder, HasTheNextSegmentReadyAlsoAfterARestart) {
  TempFolder folder;
  SegmentFolder files{folder.path()};
  TwoSlotHeadFile head{(folder.path() / "head").string()};
  constexpr Log::Limits limits{.segment_bytes_min = 16 << 10, .segment_bytes_max = 64 << 10};
  Log{files, head, limits}.append("a", 1);
  EXPECT_THAT(files.list(), ElementsAre(1, 2));
  std::filesystem::remove(files.name(2));
  Log{files, head, limits};
  EXPECT_THAT(files.list(), ElementsAre(1, 2));
}

TEST(LogFolder, AnUnfinishedSegmentIsNoSegment) {
  TempFolder folder;
  SegmentFolder files{folder.path()};
  std::ofstream{folder.path() / "0000000001.log.new"} << "half";
  std::ofstream{folder.path() / "notes.txt"} << "of an operator";
  EXPECT_THAT(files.list(), ElementsAre());
  files.create(1, 8192);
  EXPECT_THAT(files.list(), ElementsAre(1));
  EXPECT_EQ(files.size(1), 8192u);
}

}  // namespace
}  // namespace sugang
