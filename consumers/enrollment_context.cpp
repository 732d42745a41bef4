#include "consumers/enrollment_context.hpp"

namespace sugang {

namespace {

template <class E>
const E* as(const Record& record) {
  const auto* event = std::get_if<EnrollmentEvent>(&record.event);
  return event != nullptr ? std::get_if<E>(event) : nullptr;
}

}  // namespace

bool EnrollmentContexts::learns_from(const Record& record) {
  return as<EnrollmentRequested>(record) != nullptr || as<SeatsChangeRequested>(record) != nullptr ||
         as<SeatsChanged>(record) != nullptr;
}

void EnrollmentContexts::learn(const Record& record) {
  const EnrollmentId id{record.aggregate.uid};
  if (const auto* requested = as<EnrollmentRequested>(record)) {
    recent_.put(id, {requested->course, requested->student, requested->seats, requested->amount, {}});
    recent_.trim(entries_max_);
  }
  auto* known = recent_.find(id);
  if (known == nullptr) return;
  if (const auto* change = as<SeatsChangeRequested>(record)) known->change = *change;
  if (as<SeatsChanged>(record) == nullptr) return;
  known->seats = known->change.seats;
  known->amount = known->change.amount;
}

std::optional<EnrollmentContext> EnrollmentContexts::find(EnrollmentId id, Position as_of) {
  if (const auto* known = recent_.find(id)) return *known;
  ++reads_;
  for (const auto& record : journal_.timeline(id))
    if (record.position <= as_of) learn(record);
  const auto* known = recent_.find(id);
  return known != nullptr ? std::optional{*known} : std::nullopt;
}

}  // namespace sugang
