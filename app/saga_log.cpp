#include "app/saga_log.hpp"

#include "app/log.hpp"

namespace sugang {
namespace {

const SagaStuck* stuck_of(const Record& record) {
  const auto* saga = std::get_if<SagaEvent>(&record.event);
  return saga ? std::get_if<SagaStuck>(saga) : nullptr;
}

}  // namespace

bool SagaLog::concerns(const Record& record) const { return stuck_of(record) != nullptr; }

void SagaLog::consume(std::span<const Record> records, Done done) {
  for (const auto& record : records)
    if (const auto* stuck = stuck_of(record); stuck && record.enrollment)
      log_warn("a saga is stuck", with_trace({{"event", "saga_stuck"},
                                              {"saga", to_text(record.aggregate)},
                                              {"enrollment", to_text(*record.enrollment)},
                                              {"step", to_text(stuck->step)},
                                              {"direction", to_text(stuck->direction)},
                                              {"why", stuck->error}},
                                             record.trace));
  done();
}

}  // namespace sugang
