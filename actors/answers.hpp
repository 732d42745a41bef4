#pragma once

#include "actors/messages.hpp"
#include "actors/node.hpp"

namespace sugang {

/// Renders the outcome into `append`, which lets the answer out through the gate; the answer to a keyed request
/// becomes durable with it. Answers that a repeat must not get (503 and the like) are not kept.
void add_answer(Node& node, Append& append, Caller caller, const Outcome& outcome);
/// As add_answer, in an append of its own.
void answer(Node& node, Caller caller, const Outcome& outcome);

/// What callers get while an aggregate can't be read.
ServiceError error_of(const Unreadable& fault);
/// Answers that the aggregate can't be read.
void refuse_unreadable(Node& node, Caller caller, const Unreadable& fault);

/// The record, yet without an id, that takes a keyed request up; it rides with the first event that the request
/// causes.
Record claim_record(const RequestKey& key, std::optional<EnrollmentId> enrollment, const TraceContext& trace,
                    TimePoint now);

/// The record, yet without an id, that keeps the answer to a keyed request that was taken up before.
Record answer_record(const RequestKey& key, const Answer& answer, const TraceContext& trace, TimePoint now);

}  // namespace sugang
