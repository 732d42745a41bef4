#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sugang {

/// Milliseconds since the Unix epoch, UTC.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

/// RFC 3339 in UTC with milliseconds: `2026-03-02T10:00:00.000Z`.
std::string to_text(TimePoint time);
/// RFC 3339 with any offset; nothing if it is not a time.
std::optional<TimePoint> parse_time(std::string_view text);

}  // namespace sugang
