#pragma once

#include <cstdint>
#include <variant>

#include "domain/decision.hpp"
#include "domain/enum_names.hpp"
#include "domain/ids.hpp"
#include "domain/time.hpp"

namespace sugang {

enum class DeliveryState : std::uint8_t { none, requested, started, completed, cancelled };
constexpr auto names_of(DeliveryState) { return names("none", "requested", "started", "completed", "cancelled"); }

struct DeliveryRequested : BareEvent<"delivery.requested"> {};
struct DeliveryStarted : BareEvent<"delivery.started"> {};
struct DeliveryCompleted : BareEvent<"delivery.completed"> {};
/// Nothing will be delivered; also when nothing was requested yet, so that a late RequestDelivery is refused.
struct DeliveryCancelled : BareEvent<"delivery.cancelled"> {};

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

using DeliveryDecision = Decision<DeliveryEvent, DeliveryError>;
DeliveryDecision decide(const Delivery& delivery, const DeliveryCommand& command, TimePoint now);
void apply(Delivery& delivery, const DeliveryEvent& event);

}  // namespace sugang
