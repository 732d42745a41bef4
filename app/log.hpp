#pragma once

#include <map>
#include <string>
#include <string_view>

#include "domain/record.hpp"

namespace sugang {

/// Opens the log: one JSON object a line, on stderr: `time`, `level`, `message`, and members of the occasion.
void open_log(const std::string& level);

using LogFields = std::map<std::string, std::string>;
void log_info(std::string_view message, const LogFields& fields = {});
void log_warn(std::string_view message, const LogFields& fields = {});
void log_error(std::string_view message, const LogFields& fields = {});

/// Adds `traceId` when the caller sent a trace context.
LogFields with_trace(LogFields fields, const TraceContext& trace);

}  // namespace sugang
