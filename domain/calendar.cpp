#include "domain/calendar.hpp"

#include <algorithm>

namespace sugang {
namespace {

CalendarDecision on(const InstructorCalendar& calendar, const BookSlot& command, TimePoint now) {
  if (calendar.released.contains(command.enrollment)) return CalendarError::undone;
  const auto own = calendar.slots.find(command.enrollment);
  if (own != calendar.slots.end() && own->second == command.slot) return {};
  if (command.in_place_of && now >= command.in_place_of->starts_at) return CalendarError::class_began;
  const bool taken = std::any_of(calendar.slots.begin(), calendar.slots.end(), [&](const auto& booked) {
    return booked.first != command.enrollment && booked.second.overlaps(command.slot);
  });
  if (taken) return CalendarError::slot_taken;
  return CalendarDecision::of(SlotBooked{command.enrollment, command.slot});
}

CalendarDecision on(const InstructorCalendar& calendar, const ReleaseSlot& command, TimePoint) {
  if (calendar.released.contains(command.enrollment)) return {};
  return CalendarDecision::of(SlotReleased{command.enrollment});
}

CalendarDecision on(const InstructorCalendar& calendar, const FreeSlot& command, TimePoint) {
  if (!calendar.slots.contains(command.enrollment)) return {};
  return CalendarDecision::of(SlotFreed{command.enrollment});
}

}  // namespace

CalendarDecision decide(const InstructorCalendar& calendar, const CalendarCommand& command, TimePoint now) {
  return std::visit([&](const auto& each) { return on(calendar, each, now); }, command);
}

void apply(InstructorCalendar& calendar, const CalendarEvent& event) {
  match(event)([&](const SlotBooked& e) { calendar.slots[e.enrollment] = e.slot; },
               [&](const SlotReleased& e) {
                 calendar.slots.erase(e.enrollment);
                 calendar.released.insert(e.enrollment);
               },
               [&](const SlotFreed& e) { calendar.slots.erase(e.enrollment); });
}

}  // namespace sugang
