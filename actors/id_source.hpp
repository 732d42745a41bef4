#pragma once

#include <vector>

#include "domain/record.hpp"

namespace sugang {

/// Mints ids, from any thread. A port, so that a simulation mints the same ones again.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual Uid mint(TimePoint now, Partition partition) = 0;
};

/// Gives ids to the records of one append that have none. Neighbours of one partition count up from one that was
/// minted, so that they keep their order and the journal need not write each.
inline void give_ids(IdSource& ids, std::vector<Record>& records) {
  const Record* before = nullptr;
  for (auto& record : records) {
    if (record.id != EventId{}) continue;
    const auto partition = record.aggregate.partition();
    const bool goes_on = before != nullptr && before->id.uid.partition() == partition;
    record.id.uid = goes_on ? Uid{before->id.uid.high, before->id.uid.low + 1} : ids.mint(record.time, partition);
    before = &record;
  }
}

/// Random bits from a generator per thread, each seeded by the operating system.
class RandomIds final : public IdSource {
 public:
  Uid mint(TimePoint now, Partition partition) override;
};

}  // namespace sugang
