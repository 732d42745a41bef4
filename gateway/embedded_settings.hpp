#pragma once

#include <cstdint>
#include <string>

#include "domain/ledger.hpp"

namespace sugang {

/// How the embedded gateway behaves; steered from the management port, for demos and tests.
struct GatewaySettings {
  std::uint32_t latency_min_ms = 0;
  std::uint32_t latency_max_ms = 0;
  std::uint32_t fail_percent = 0;
  std::uint32_t decline_percent = 0;
  bool hang = false;
};

/// An entry of the gateway's own ledger.
struct ChargeEntry {
  PaymentId key;
  Money amount;
  ChargeState state = ChargeState::approved;
  /// Of its last change.
  TimePoint at{};
  /// Why it was declined.
  std::string reason;
};

}  // namespace sugang
