#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "storage/journal.hpp"
#include "storage/log.hpp"
#include "tests/simulation/memory_segments.hpp"
#include "tests/simulation/memory_store.hpp"

namespace sugang {
namespace {

constexpr Log::Limits small{.segment_bytes_min = 16 << 10, .segment_bytes_max = 64 << 10, .prepares_ahead = false};

// SUGANG_LOG_SEEDS: how many; SUGANG_SEED: just this one, to replay a failure.
template <class Run>
void for_each_seed(Run run) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
  };
  const auto first = number("SUGANG_SEED", 1);
  const auto count = std::getenv("SUGANG_SEED") ? 1 : number("SUGANG_LOG_SEEDS", 1'000);
  for (auto seed = first; seed < first + count && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("SUGANG_SEED=" + std::to_string(seed));
    run(seed);
  }
}

std::vector<std::string> payloads(const Log& log, LogCursor from = {}) {
  std::vector<std::string> found;
  EXPECT_TRUE(log.read(from, [&](const LogFrame& frame) { found.emplace_back(frame.payload); }));
  return found;
}

std::string any_payload(Dice& dice, const Log& log) {
  const auto size = dice.chance(5) ? log.payload_bytes_max() : dice.below(dice.chance(70) ? 500 : 10'000);
  std::string payload(size, '\0');
  for (auto& byte : payload) byte = static_cast<char>(dice());
  return payload;
}

/// Whatever breaks off, and however often: what was acknowledged is there, behind it at most the frame under way,
/// and what a start has found stays.
TEST(LogFaults, WhatWasAcknowledgedSurvivesEveryCrash) {
  for_each_seed([](std::uint64_t seed) {
    Dice dice{seed};
    MemorySegments files{seed};
    auto head = std::make_unique<MemoryHeadFile>(dice.below(3), seed);
    std::vector<std::string> durable, written;
    for (int life = 0; life < 6; ++life) {
      std::optional<Log> opened;
      try {
        opened.emplace(files, *head, small);
      } catch (const JournalDamaged&) {
        throw;
      } catch (const StorageError&) {
        // The start was broken off.
        continue;
      }
      auto& log = *opened;
      const auto found = payloads(log);
      ASSERT_GE(found.size(), durable.size());
      ASSERT_LE(found.size(), written.size());
      ASSERT_TRUE(std::equal(found.begin(), found.end(), written.begin()));
      log.verify();
      durable = written = found;
      if (dice.chance(70)) files.break_write_after(dice.below(12));
      if (dice.chance(10)) files.fill_disk();
      try {
        for (auto left = dice.below(16); left > 0; --left) {
          written.push_back(any_payload(dice, log));
          log.append(written.back(), 1 + static_cast<std::uint32_t>(dice.below(5)));
          durable.push_back(written.back());
        }
      } catch (const StorageError&) {
      }
      opened.reset();
      if (dice.chance(50)) {
        files.cut_power();
        head = head->crash();
      }
    }
  });
}

/// Any byte of an acknowledged frame, or of a segment's header, or a block of it lost, or at another block's place.
TEST(LogFaults, DamageOfWhatWasAcknowledgedNeverPasses) {
  for_each_seed([](std::uint64_t seed) {
    Dice dice{seed};
    MemorySegments files{seed};
    MemoryHeadFile head;
    std::vector<std::string> written;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks;
    {
      Log log{files, head, small};
      for (auto left = 1 + dice.below(16); left > 0; --left) {
        written.push_back(any_payload(dice, log));
        log.append(written.back(), 1);
        const auto& end = log.end();
        auto at = end.offset - LogFrame::blocks_bytes(written.back().size());
        if (at == SegmentFiles::block_bytes) blocks.emplace_back(end.segment, 0);
        for (; at < end.offset; at += SegmentFiles::block_bytes) blocks.emplace_back(end.segment, at);
      }
    }
    const auto [segment, offset] = dice.one_of(blocks);
    auto& bytes = files.bytes_of(segment);
    const auto before = bytes;
    switch (dice.below(3)) {
      case 0:
        // Of a header the rest of the block is not used.
        bytes[offset + dice.below(offset == 0 ? 56 : SegmentFiles::block_bytes)] ^=
            static_cast<char>(1 + dice.below(255));
        break;
      case 1: bytes.replace(offset, SegmentFiles::block_bytes, SegmentFiles::block_bytes, '\0'); break;
      default: {
        const auto [other, from] = dice.one_of(blocks);
        bytes.replace(offset, SegmentFiles::block_bytes,
                      files.bytes_of(other).substr(from, SegmentFiles::block_bytes));
      }
    }
    if (bytes == before) return;
    try {
      const Log log{files, head, small};
      log.verify();
      FAIL() << "damage of " << files.name(segment) << " at " << offset << " was not found";
    } catch (const JournalDamaged& damaged) {
      EXPECT_THAT(damaged.what(), ::testing::HasSubstr(files.name(segment)));
    }
  });
}

}  // namespace
}  // namespace sugang
