#include "app/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "http/api/json_writer.hpp"

namespace sugang {
namespace {

void log(spdlog::level::level_enum level, std::string_view message, const LogFields& fields) {
  if (!spdlog::should_log(level)) return;
  std::string members;
  JsonWriter json{members};
  json.member("message", message);
  for (const auto& [name, value] : fields) json.key(name).raw(value.json());
  spdlog::log(level, members);
}

}  // namespace

void open_log(const std::string& level) {
  auto logger = spdlog::stderr_logger_mt("sugang");
  // The members are quoted by log(); the pattern makes them an object.
  logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

LogValue::LogValue(std::string_view text) { JsonWriter{json_}.value(text); }

bool logs_debug() { return spdlog::should_log(spdlog::level::debug); }
bool logs_info() { return spdlog::should_log(spdlog::level::info); }

void log_debug(std::string_view message, const LogFields& fields) { log(spdlog::level::debug, message, fields); }
void log_info(std::string_view message, const LogFields& fields) { log(spdlog::level::info, message, fields); }
void log_warn(std::string_view message, const LogFields& fields) { log(spdlog::level::warn, message, fields); }
void log_error(std::string_view message, const LogFields& fields) { log(spdlog::level::err, message, fields); }

LogFields with_trace(LogFields fields, const TraceContext& trace) {
  if (!trace.present()) return fields;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string id;
  for (auto byte : trace.trace_id) {
    id += hex[byte >> 4];
    id += hex[byte & 15];
  }
  fields["traceId"] = id;
  return fields;
}

}  // namespace sugang
