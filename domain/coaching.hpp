#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "domain/decision.hpp"
#include "domain/enum_names.hpp"
#include "domain/ids.hpp"
#include "domain/time.hpp"

namespace sugang {

/// From a time to another, the end excluded.
struct TimeSlot {
  TimePoint starts_at{};
  TimePoint ends_at{};
  auto operator<=>(const TimeSlot&) const = default;
  bool overlaps(const TimeSlot& other) const { return starts_at < other.ends_at && other.starts_at < ends_at; }
  static void fields(auto& self, auto&& field) {
    field("startsAt", self.starts_at);
    field("endsAt", self.ends_at);
  }
};

enum class CoachingState : std::uint8_t { none, requested, assigned, scheduled, held, result_recorded, released };
constexpr auto names_of(CoachingState) {
  return names("none", "requested", "assigned", "scheduled", "held", "result_recorded", "released");
}

inline constexpr std::size_t result_chars_max = 4'000;

struct CoachingRequested : BareEvent<"coaching.requested"> {};
struct CoachingAssigned {
  static constexpr std::string_view name = "coaching.assigned";
  InstructorId instructor;
  bool operator==(const CoachingAssigned&) const = default;
  static void fields(auto& self, auto&& field) { field("instructorId", self.instructor); }
};
struct CoachingScheduled {
  static constexpr std::string_view name = "coaching.scheduled";
  TimeSlot slot;
  bool operator==(const CoachingScheduled&) const = default;
  static void fields(auto& self, auto&& field) { TimeSlot::fields(self.slot, field); }
};
struct CoachingHeld {
  static constexpr std::string_view name = "coaching.held";
  TimePoint held_at{};
  bool operator==(const CoachingHeld&) const = default;
  static void fields(auto& self, auto&& field) { field("heldAt", self.held_at); }
};
struct ResultRecorded {
  static constexpr std::string_view name = "coaching.result-recorded";
  std::string result;
  bool operator==(const ResultRecorded&) const = default;
  static void fields(auto& self, auto&& field) { field("result", self.result); }
};
/// Instructor and schedule are given up together; a late RequestCoaching is refused from now on.
struct CoachingReleased : BareEvent<"coaching.released"> {};

using CoachingEvent = std::variant<CoachingRequested, CoachingAssigned, CoachingScheduled, CoachingHeld,
                                   ResultRecorded, CoachingReleased>;

struct RequestCoaching {};
/// Again, with another instructor, until the class is held. Of a class that is scheduled, the new instructor's
/// calendar has the slot by then.
struct AssignInstructor {
  InstructorId instructor;
};
/// The instructor's calendar has the slot. Again, with another slot, until the class is held.
struct ConfirmSchedule {
  TimeSlot slot;
};
/// `held_at` lies in the past, and not before the scheduled start (invariant 7).
struct RecordResult {
  std::string result;
  TimePoint held_at{};
};
struct ReleaseCoaching {};
using CoachingCommand =
    std::variant<RequestCoaching, AssignInstructor, ConfirmSchedule, RecordResult, ReleaseCoaching>;

enum class CoachingError : std::uint8_t {
  not_found,
  not_assigned,
  not_scheduled,
  /// Instructor and schedule stay as they were when the class began.
  class_began,
  already_recorded,
  /// The class was not held at that time: it is still to come, or was scheduled for later.
  not_held_then,
  already_held,
  released,
};

/// The assignment of an instructor to one training enrollment, the agreed schedule and the class's result.
struct Coaching {
  using Command = CoachingCommand;
  using Event = CoachingEvent;
  using Error = CoachingError;

  CoachingState state = CoachingState::none;
  std::optional<InstructorId> instructor;
  std::optional<TimeSlot> slot;
  std::optional<TimePoint> held_at;
  std::optional<std::string> result;
  bool operator==(const Coaching&) const = default;
  static void fields(auto& self, auto&& field) {
    field("state", self.state);
    field("instructorId", self.instructor);
    field("slot", self.slot);
    field("heldAt", self.held_at);
    field("result", self.result);
  }
};

using CoachingDecision = Decision<CoachingEvent, CoachingError>;
CoachingDecision decide(const Coaching& coaching, const CoachingCommand& command, TimePoint now);
void apply(Coaching& coaching, const CoachingEvent& event);

}  // namespace sugang
