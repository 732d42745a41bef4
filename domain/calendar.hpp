#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <variant>

#include "domain/coaching.hpp"
#include "domain/recent_ids.hpp"

namespace sugang {

/// Booked for an enrollment; in place of what was booked for it before.
struct SlotBooked {
  static constexpr std::string_view name = "calendar.slot-booked";
  EnrollmentId enrollment;
  TimeSlot slot;
  bool operator==(const SlotBooked&) const = default;
  static void fields(auto& self, auto&& field) {
    field("enrollmentId", self.enrollment);
    TimeSlot::fields(self.slot, field);
  }
};
struct SlotReleased {
  static constexpr std::string_view name = "calendar.slot-released";
  EnrollmentId enrollment;
  bool operator==(const SlotReleased&) const = default;
  static void fields(auto& self, auto&& field) { field("enrollmentId", self.enrollment); }
};

/// The class has moved to another instructor's calendar, and may come back.
struct SlotFreed {
  static constexpr std::string_view name = "calendar.slot-freed";
  EnrollmentId enrollment;
  bool operator==(const SlotFreed&) const = default;
  static void fields(auto& self, auto&& field) { field("enrollmentId", self.enrollment); }
};

using CalendarEvent = std::variant<SlotBooked, SlotReleased, SlotFreed>;

struct BookSlot {
  EnrollmentId enrollment;
  TimeSlot slot;
  /// The slot agreed on so far, of this calendar or another; a class that has begun is not moved.
  std::optional<TimeSlot> in_place_of;
};
/// For good: a BookSlot that comes later is refused.
struct ReleaseSlot {
  EnrollmentId enrollment;
};
/// Because another calendar has the class now.
struct FreeSlot {
  EnrollmentId enrollment;
};
using CalendarCommand = std::variant<BookSlot, ReleaseSlot, FreeSlot>;

enum class CalendarError : std::uint8_t { slot_taken, class_began, undone };

/// Released enrollments that a calendar remembers: many more than one instructor's commands on their way.
inline constexpr std::size_t released_slots_max = 4096;

/// One instructor's booked slots; two never overlap (invariant 5).
struct InstructorCalendar {
  using Command = CalendarCommand;
  using Event = CalendarEvent;
  using Error = CalendarError;

  std::unordered_map<EnrollmentId, TimeSlot> slots;
  /// Released enrollments: a BookSlot that comes late answers `undone`.
  RecentIds<EnrollmentId, released_slots_max> released;
  bool operator==(const InstructorCalendar&) const = default;
};

using CalendarDecision = Decision<CalendarEvent, CalendarError>;
CalendarDecision decide(const InstructorCalendar& calendar, const CalendarCommand& command, TimePoint now);
void apply(InstructorCalendar& calendar, const CalendarEvent& event);

}  // namespace sugang
