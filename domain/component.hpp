#pragma once

#include <atomic>
#include <cstdint>

#include "domain/enum_names.hpp"

namespace sugang {

/// What can be paused as maintenance would; work for it waits durably meanwhile.
enum class Component : std::uint8_t { catalogue, payments, mileage, notifications, coaching, delivery, views };
constexpr auto names_of(Component) {
  return names("catalogue", "payments", "mileage", "notifications", "coaching", "delivery", "views");
}

/// Some of the components.
class ComponentSet {
 public:
  constexpr ComponentSet() = default;
  constexpr explicit ComponentSet(std::uint8_t bits) : bits_(bits) {}
  constexpr bool contains(Component component) const { return (bits_ & bit(component)) != 0; }
  static constexpr std::uint8_t bit(Component component) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(component));
  }

 private:
  std::uint8_t bits_ = 0;
};

/// Which components run; read by every actor, set by the management port.
class Components {
 public:
  bool runs(Component component) const { return !paused().contains(component); }
  ComponentSet paused() const { return ComponentSet{paused_.load(std::memory_order_relaxed)}; }
  void set(Component component, bool runs) {
    const auto bit = ComponentSet::bit(component);
    runs ? paused_.fetch_and(static_cast<std::uint8_t>(~bit)) : paused_.fetch_or(bit);
  }

 private:
  std::atomic<std::uint8_t> paused_{0};
};
static_assert(EnumNames<Component>::values.size() <= 8);

}  // namespace sugang
