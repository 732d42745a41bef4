#pragma once

#include <utility>

#include "domain/saga.hpp"

namespace sugang {

/// A saga's decision while it is being made: records, folded into the saga as they are appended, and effects.
class SagaDraft {
 public:
  SagaDraft(const Saga& saga, const SagaConditions& conditions)
      : decision_{.saga = saga, .records = {}, .pending = {}, .claimant = {}, .effects = {}}, world_(conditions) {}
  SagaDecision decision() && { return std::move(decision_); }

 protected:
  Record next_record(AggregateId aggregate, Causation causation, Event event) const;
  void append(AggregateId aggregate, Causation causation, Event event);
  void append(SagaEvent event) { append(saga_of(saga_.id), {}, std::move(event)); }
  void add_effect(SagaEffect effect) { decision_.effects.push_back(std::move(effect)); }

  void add_waiting(CallerId caller, bool cancels, Wait wait);
  /// `under_way`: the saga has not ended, and the callers get the current state.
  void answer_waiting(bool under_way);
  void answer(const Saga::Waiting& waiting, bool under_way);
  void answer_refused(CallerId caller, const Refusal& refusal);
  void answer_current_state(CallerId caller);

  SagaDecision decision_;
  Saga& saga_ = decision_.saga;
  EnrollmentSummary& summary_ = saga_.summary;
  Cursor& cursor_ = saga_.cursor;
  SagaConditions world_;
};

}  // namespace sugang
