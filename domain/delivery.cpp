#include "domain/delivery.hpp"

namespace sugang {
namespace {

DeliveryDecision on(const Delivery& delivery, const RequestDelivery&) {
  if (delivery.state == DeliveryState::cancelled) return DeliveryError::cancelled;
  if (delivery.state != DeliveryState::none) return {};
  return DeliveryDecision::of(DeliveryRequested{});
}

DeliveryDecision on(const Delivery& delivery, const StartDelivery&) {
  switch (delivery.state) {
    case DeliveryState::none: return DeliveryError::not_found;
    case DeliveryState::requested: return DeliveryDecision::of(DeliveryStarted{});
    case DeliveryState::started:
    case DeliveryState::completed: return {};
    case DeliveryState::cancelled: return DeliveryError::cancelled;
  }
  return {};
}

DeliveryDecision on(const Delivery& delivery, const CompleteDelivery&) {
  switch (delivery.state) {
    case DeliveryState::none: return DeliveryError::not_found;
    case DeliveryState::requested: return DeliveryError::not_started;
    case DeliveryState::started: return DeliveryDecision::of(DeliveryCompleted{});
    case DeliveryState::completed: return {};
    case DeliveryState::cancelled: return DeliveryError::cancelled;
  }
  return {};
}

DeliveryDecision on(const Delivery& delivery, const CancelDelivery&) {
  switch (delivery.state) {
    case DeliveryState::none:
    case DeliveryState::requested: return DeliveryDecision::of(DeliveryCancelled{});
    case DeliveryState::started:
    case DeliveryState::completed: return DeliveryError::already_started;
    case DeliveryState::cancelled: return {};
  }
  return {};
}

}  // namespace

DeliveryDecision decide(const Delivery& delivery, const DeliveryCommand& command, TimePoint) {
  return std::visit([&](const auto& each) { return on(delivery, each); }, command);
}

void apply(Delivery& delivery, const DeliveryEvent& event) {
  match(event)([&](const DeliveryRequested&) { delivery.state = DeliveryState::requested; },
               [&](const DeliveryStarted&) { delivery.state = DeliveryState::started; },
               [&](const DeliveryCompleted&) { delivery.state = DeliveryState::completed; },
               [&](const DeliveryCancelled&) { delivery.state = DeliveryState::cancelled; });
}

}  // namespace sugang
