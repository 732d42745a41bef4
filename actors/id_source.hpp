#pragma once

#include "domain/ids.hpp"

namespace sugang {

/// Mints ids, from any thread. A port, so that a simulation mints the same ones again.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual Uid mint(TimePoint now, Partition partition) = 0;
};

/// Random bits from a generator per thread, each seeded by the operating system.
class RandomIds final : public IdSource {
 public:
  Uid mint(TimePoint now, Partition partition) override;
};

}  // namespace sugang
