#pragma once

#include <functional>

#include "domain/time.hpp"

namespace sugang {

/// Time and alarms. A port, so that a simulation can drive both. An alarm's function only posts; alarms are lost in
/// a crash, and whatever they stood for is derived again from durable state.
class Timers {
 public:
  virtual ~Timers() = default;
  virtual TimePoint now() const = 0;
  virtual void at(TimePoint when, std::function<void()> alarm) = 0;
};

}  // namespace sugang
