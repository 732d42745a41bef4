#pragma once

#include <string>
#include <string_view>

namespace sugang {

/// Prometheus' text format (0.0.4) as OpenMetrics 1.0 has it: a counter's family is named without `_total`, and the
/// text has an end.
std::string to_open_metrics(std::string_view text);

}  // namespace sugang
