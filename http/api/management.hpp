#pragma once

#include "http/api/query.hpp"

namespace sugang {

inline constexpr std::uint32_t gateway_latency_max_ms = 600'000;

/// What is not given is at its default, as PUT replaces the whole.
Decoded<GatewaySettings> decode_gateway_settings(std::string_view body);

/// `{"state": "running"|"paused"}`: whether it runs.
Decoded<bool> decode_component_state(std::string_view body);

}  // namespace sugang
