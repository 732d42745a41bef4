#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "domain/enum_names.hpp"

namespace sugang {

/// What can be paused as maintenance would; work for it waits durably meanwhile.
enum class Component : std::uint8_t { catalogue, payments, mileage, notifications, coaching, delivery, views };
template <>
struct EnumNames<Component> {
  static constexpr std::array<std::string_view, 7> values{"catalogue", "payments", "mileage", "notifications",
                                                          "coaching",  "delivery", "views"};
};

/// Which components run; read by every actor, set by the management port.
class Components {
 public:
  bool runs(Component component) const { return !paused_[index(component)].load(std::memory_order_relaxed); }
  void set(Component component, bool runs) { paused_[index(component)].store(!runs, std::memory_order_relaxed); }

 private:
  static std::size_t index(Component component) { return static_cast<std::size_t>(component); }
  std::array<std::atomic<bool>, EnumNames<Component>::values.size()> paused_{};
};

}  // namespace sugang
