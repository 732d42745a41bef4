#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace sugang {

/// Is told of every answer, for metrics.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;
  /// On an HTTP thread; must not block. `route` is the route's form (`/v1/courses/{id}`), `unrouted` for what no
  /// route matched and `unread` for what could not be read; views of constants.
  virtual void answered(std::string_view method, std::string_view route, std::uint16_t status,
                        std::chrono::nanoseconds took) = 0;
};

}  // namespace sugang
