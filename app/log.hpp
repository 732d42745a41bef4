#pragma once

#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include "domain/record.hpp"

namespace sugang {

/// Opens the log: one JSON object a line, on stderr: `time`, `level`, `message`, and members of the occasion. A
/// member `event` names what docs/runbook.md lists.
void open_log(const std::string& level);

/// A JSON string or number.
class LogValue {
 public:
  LogValue() : LogValue(std::string_view{}) {}
  LogValue(std::string_view text);
  LogValue(const std::string& text) : LogValue(std::string_view{text}) {}
  LogValue(const char* text) : LogValue(std::string_view{text}) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> LogValue(Number number) : json_(std::to_string(number)) {}

  const std::string& json() const { return json_; }

 private:
  std::string json_;
};

using LogFields = std::map<std::string, LogValue>;
/// Whether lines of this level are written: for what would cost something to put together.
bool logs_debug();
bool logs_info();
void log_debug(std::string_view message, const LogFields& fields = {});
void log_info(std::string_view message, const LogFields& fields = {});
void log_warn(std::string_view message, const LogFields& fields = {});
void log_error(std::string_view message, const LogFields& fields = {});

/// Adds `traceId` when the caller sent a trace context.
LogFields with_trace(LogFields fields, const TraceContext& trace);

}  // namespace sugang
