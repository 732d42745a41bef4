#include "domain/calendar.hpp"

#include <algorithm>

namespace sugang {
namespace {

using CalendarDecision = Decision<CalendarEvent, CalendarError>;

CalendarDecision decide_book(const InstructorCalendar& calendar, const BookSlot& command, TimePoint now) {
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

}  // namespace

Decision<CalendarEvent, CalendarError> decide(const InstructorCalendar& calendar, const CalendarCommand& command,
                                              TimePoint now) {
  return std::visit(Overloaded{
                        [&](const BookSlot& c) { return decide_book(calendar, c, now); },
                        [&](const ReleaseSlot& c) {
                          if (calendar.released.contains(c.enrollment)) return CalendarDecision{};
                          return CalendarDecision::of(SlotReleased{c.enrollment});
                        },
                        [&](const FreeSlot& c) {
                          if (!calendar.slots.contains(c.enrollment)) return CalendarDecision{};
                          return CalendarDecision::of(SlotFreed{c.enrollment});
                        },
                    },
                    command);
}

void apply(InstructorCalendar& calendar, const CalendarEvent& event) {
  std::visit(Overloaded{
                 [&](const SlotBooked& e) { calendar.slots[e.enrollment] = e.slot; },
                 [&](const SlotReleased& e) {
                   calendar.slots.erase(e.enrollment);
                   calendar.released.insert(e.enrollment);
                 },
                 [&](const SlotFreed& e) { calendar.slots.erase(e.enrollment); },
             },
             event);
}

}  // namespace sugang
