#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/timeline.hpp"
#include "storage/key_value_store.hpp"
#include "views/row_keys.hpp"

namespace sugang {

/// Where the enrollments of one generation stand. Rows are in the order of their ids, so by time; the indexes hold
/// ids only.
struct EnrollmentTables {
  explicit EnrollmentTables(Generation generation);

  Table rows;
  // Indexes: the enrollment's id ends each key.
  Table by_student;
  Table by_course;
  Table by_saga;
  /// Every enrollment that has a coaching or a delivery.
  Table coached;
  Table delivered;
  Table by_coaching;
  Table by_instructor;
  Table by_delivery;
  /// Who waits for a course, by ticket (8, big-endian); the entry's value is the enrollment's id.
  Table waitlist;
  /// How many sagas are in each indexed state: a key of one byte, a value of eight, big-endian.
  Table saga_counts;
};

/// How many sagas are in each state; 0 for states without an index.
using SagaCounts = std::array<std::uint64_t, EnumNames<SagaState>::values.size()>;

/// Nearly every saga ends as `completed`, and every coaching and delivery ends, so an index entry would cost a
/// write each and select nothing: those are found by examining rows.
inline bool is_indexed(SagaState state) { return state != SagaState::none && state != SagaState::completed; }
inline bool is_indexed(CoachingState state) {
  return state != CoachingState::none && state != CoachingState::result_recorded &&
         state != CoachingState::released;
}
inline bool is_indexed(DeliveryState state) {
  return state == DeliveryState::requested || state == DeliveryState::started;
}

/// In which indexes an enrollment stands: a function of its summary, so that the stored row determines what is
/// stored.
struct IndexEntries {
  bool listed = false;
  bool coached = false;
  bool delivered = false;
  // `none` where the state has no entry.
  SagaState saga = SagaState::none;
  CoachingState coaching = CoachingState::none;
  DeliveryState delivery = DeliveryState::none;
  std::optional<std::uint64_t> ticket;
  std::optional<InstructorId> instructor;
  bool operator==(const IndexEntries&) const = default;
};

IndexEntries index_entries(const EnrollmentSummary& summary);

/// Turns the entries that are stored into those that the summary wants. Most enrollments differ in their saga
/// alone.
void write_indexes(const EnrollmentTables& tables, const EnrollmentSummary& summary, IndexEntries& stored,
                   WriteSet& changes);

}  // namespace sugang
