#include "consumers/enrollment_context.hpp"

namespace sugang {

namespace {

const EnrollmentRequested* beginning(const Record& record) {
  const auto* event = std::get_if<EnrollmentEvent>(&record.event);
  return event != nullptr ? std::get_if<EnrollmentRequested>(event) : nullptr;
}

}  // namespace

bool EnrollmentContexts::learns_from(const Record& record) { return beginning(record) != nullptr; }

void EnrollmentContexts::learn(const Record& record) {
  const auto* requested = beginning(record);
  if (requested == nullptr) return;
  recent_.put(EnrollmentId{record.aggregate.uid},
              {requested->course, requested->student, requested->seats, requested->amount});
  recent_.trim(entries_max_);
}

std::optional<EnrollmentContext> EnrollmentContexts::find(EnrollmentId id) {
  if (const auto* known = recent_.find(id)) return *known;
  ++reads_;
  for (const auto& record : journal_.timeline(id)) learn(record);
  const auto* known = recent_.find(id);
  return known != nullptr ? std::optional{*known} : std::nullopt;
}

}  // namespace sugang
