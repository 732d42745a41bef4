#pragma once

#include "http/api/backend.hpp"
#include "http/api/json_writer.hpp"
#include "http/server/site.hpp"

namespace sugang {

/// The members of a CloudEvent (1.0, structured). Only for records that callers may see (`is_public`).
void write_event(JsonWriter& json, const Record& record);

/// A page of events as Server-Sent Events; behind what can't be read, a last one with the problem.
EventPage to_event_page(Position after, const ReadEvents::Result& read);
inline constexpr std::size_t page_events_max = 100;

}  // namespace sugang
