#pragma once

#include <cstdint>
#include <variant>

#include "domain/decision.hpp"
#include "domain/enum_names.hpp"
#include "domain/ids.hpp"
#include "domain/time.hpp"

namespace sugang {

enum class DeliveryState : std::uint8_t { none, requested, started, completed, cancelled };
template <>
struct EnumNames<DeliveryState> {
  static constexpr std::array<std::string_view, 5> values{"none", "requested", "started", "completed", "cancelled"};
};

struct DeliveryRequested {
  static constexpr std::string_view name = "delivery.requested";
  bool operator==(const DeliveryRequested&) const = default;
  static void fields(auto&, auto&&) {}
};
struct DeliveryStarted {
  static constexpr std::string_view name = "delivery.started";
  bool operator==(const DeliveryStarted&) const = default;
  static void fields(auto&, auto&&) {}
};
struct DeliveryCompleted {
  static constexpr std::string_view name = "delivery.completed";
  bool operator==(const DeliveryCompleted&) const = default;
  static void fields(auto&, auto&&) {}
};
/// Nothing will be delivered; also when nothing was requested yet, so that a late RequestDelivery is refused.
struct DeliveryCancelled {
  static constexpr std::string_view name = "delivery.cancelled";
  bool operator==(const DeliveryCancelled&) const = default;
  static void fields(auto&, auto&&) {}
};

using DeliveryEvent = std::variant<DeliveryRequested, DeliveryStarted, DeliveryCompleted, DeliveryCancelled>;

struct RequestDelivery {};
struct StartDelivery {};
struct CompleteDelivery {};
struct CancelDelivery {};
using DeliveryCommand = std::variant<RequestDelivery, StartDelivery, CompleteDelivery, CancelDelivery>;

enum class DeliveryError : std::uint8_t { not_found, not_started, already_started, cancelled };

/// Bringing one order to the student. Once started it cannot be cancelled (invariant 6).
struct Delivery {
  using Command = DeliveryCommand;
  using Event = DeliveryEvent;
  using Error = DeliveryError;

  DeliveryState state = DeliveryState::none;
  bool operator==(const Delivery&) const = default;
};

Decision<DeliveryEvent, DeliveryError> decide(const Delivery& delivery, const DeliveryCommand& command,
                                              TimePoint now);
void apply(Delivery& delivery, const DeliveryEvent& event);

}  // namespace sugang
