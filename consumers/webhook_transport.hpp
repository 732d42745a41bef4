#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/time.hpp"

namespace sugang {

struct WebhookCall {
  /// http or https.
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// From the first attempt to connect to the last byte.
  Milliseconds timeout{10'000};
};

/// The answer's status, or why there is none.
struct WebhookAnswer {
  std::optional<std::uint16_t> status;
  std::string error;
};

/// Posts to the outside. Never blocks and follows no redirect; `done` runs exactly once, on any thread.
class WebhookTransport {
 public:
  using Done = std::function<void(WebhookAnswer)>;
  virtual ~WebhookTransport() = default;
  virtual void post(WebhookCall call, Done done) = 0;
};

}  // namespace sugang
