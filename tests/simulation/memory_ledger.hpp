#pragma once

#include <memory>

#include "gateway/charge_ledger.hpp"
#include "tests/simulation/memory_segments.hpp"
#include "tests/simulation/memory_store.hpp"

namespace sugang {

/// What a ledger stands on, in memory; it outlives the ledger, as a disk does.
struct MemoryCharges {
  MemorySegments segments{1};
  MemoryHeadFile head;
  std::unique_ptr<MemoryStore> index = std::make_unique<MemoryStore>(std::size_t{ChargeLedger::space_count});

  void crash() {
    segments.cut_power();
    index = index->crash();
  }
};

/// The embedded gateway's ledger on `charges`.
struct MemoryLedger {
  explicit MemoryLedger(MemoryCharges& charges)
      : log(charges.segments, charges.head, limits), ledger(log, *charges.index) {}

  static constexpr Log::Limits limits{.segment_bytes_min = 1 << 20, .prepares_ahead = false};
  Log log;
  ChargeLedger ledger;
};

}  // namespace sugang
