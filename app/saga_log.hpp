#pragma once

#include "consumers/consumer.hpp"

namespace sugang {

/// Writes to the log which sagas got stuck, from the journal: after a crash some lines may come twice, none is
/// missing.
class SagaLog final : public Consumer {
 public:
  std::string_view name() const override { return "saga-log"; }
  bool concerns(const Record& record) const override;
  void consume(std::span<const Record> records, Done done) override;
};

}  // namespace sugang
