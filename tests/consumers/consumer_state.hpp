#pragma once

#include <algorithm>
#include <string_view>

#include "consumers/consumers.hpp"

namespace sugang {

/// Throws std::out_of_range when there is none of this name.
inline Consumers::State state_of(const Consumers& consumers, std::string_view name) {
  const auto states = consumers.states();
  const auto it = std::find_if(states.begin(), states.end(), [&](const auto& state) { return state.name == name; });
  return states.at(static_cast<std::size_t>(it - states.begin()));
}

}  // namespace sugang
