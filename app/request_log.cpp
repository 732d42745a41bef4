#include "app/request_log.hpp"

#include <utility>
#include <vector>

#include "app/log.hpp"

namespace sugang {
namespace {

bool is_failed_or_shed(std::uint16_t status) { return status >= 500 || status == 429; }

LogFields fields_of(const AnsweredRequest& request) {
  LogFields fields{
      {"event", "request"},        {"requestId", request.request_id},
      {"method", request.method},  {"route", request.route},
      {"status", request.status},  {"durationMs", std::chrono::duration<double, std::milli>(request.took).count()},
      {"address", request.address}};
  if (!request.caller.empty()) fields["caller"] = request.caller;
  if (!request.problem.empty()) fields["problem"] = request.problem;
  if (!request.fault.empty()) fields["why"] = request.fault;
  return with_trace(std::move(fields), request.trace);
}

}  // namespace

void RequestLog::answered(const AnsweredRequest& request, Clock::time_point now) {
  if (!is_failed_or_shed(request.status)) {
    if (logs_debug()) log_debug("answered", fields_of(request));
    return;
  }
  if (!logs_info()) return;
  const auto status = std::to_string(request.status);
  const auto left_out = take_turn(request.problem.empty() ? status : request.problem, now);
  if (!left_out) {
    if (logs_debug()) log_debug("refused", fields_of(request));
    return;
  }
  auto fields = fields_of(request);
  if (*left_out > 0) fields["leftOut"] = *left_out;
  log_info("refused", fields);
}

std::optional<std::uint64_t> RequestLog::take_turn(std::string_view name, Clock::time_point now) {
  std::lock_guard lock{mutex_};
  auto found = kinds_.find(name);
  if (found == kinds_.end()) found = kinds_.emplace(name, Kind{.second = now}).first;
  auto& kind = found->second;
  if (now - kind.second >= std::chrono::seconds{1}) {
    kind.second = now;
    kind.lines = 0;
  }
  if (kind.lines >= lines_per_second_max) {
    ++kind.left_out;
    return std::nullopt;
  }
  ++kind.lines;
  return std::exchange(kind.left_out, 0);
}

void RequestLog::log_left_out(Clock::time_point now) {
  std::vector<std::pair<std::string, std::uint64_t>> left_out;
  {
    std::lock_guard lock{mutex_};
    for (auto& [name, kind] : kinds_)
      if (kind.left_out > 0 && now - kind.second >= std::chrono::seconds{1})
        left_out.emplace_back(name, std::exchange(kind.left_out, 0));
  }
  for (const auto& [name, count] : left_out)
    log_info("more were refused", {{"event", "requests_left_out"}, {"problem", name}, {"leftOut", count}});
}

}  // namespace sugang
