#include "domain/delivery.hpp"

namespace sugang {
namespace {

using DeliveryDecision = Decision<DeliveryEvent, DeliveryError>;

DeliveryDecision decide_request(const Delivery& delivery) {
  if (delivery.state == DeliveryState::cancelled) return DeliveryError::cancelled;
  if (delivery.state != DeliveryState::none) return {};
  return DeliveryDecision::of(DeliveryRequested{});
}

DeliveryDecision decide_start(const Delivery& delivery) {
  switch (delivery.state) {
    case DeliveryState::none: return DeliveryError::not_found;
    case DeliveryState::requested: return DeliveryDecision::of(DeliveryStarted{});
    case DeliveryState::started:
    case DeliveryState::completed: return {};
    case DeliveryState::cancelled: return DeliveryError::cancelled;
  }
  return {};
}

DeliveryDecision decide_complete(const Delivery& delivery) {
  switch (delivery.state) {
    case DeliveryState::none: return DeliveryError::not_found;
    case DeliveryState::requested: return DeliveryError::not_started;
    case DeliveryState::started: return DeliveryDecision::of(DeliveryCompleted{});
    case DeliveryState::completed: return {};
    case DeliveryState::cancelled: return DeliveryError::cancelled;
  }
  return {};
}

DeliveryDecision decide_cancel(const Delivery& delivery) {
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

Decision<DeliveryEvent, DeliveryError> decide(const Delivery& delivery, const DeliveryCommand& command, TimePoint) {
  return std::visit(Overloaded{
                        [&](const RequestDelivery&) { return decide_request(delivery); },
                        [&](const StartDelivery&) { return decide_start(delivery); },
                        [&](const CompleteDelivery&) { return decide_complete(delivery); },
                        [&](const CancelDelivery&) { return decide_cancel(delivery); },
                    },
                    command);
}

void apply(Delivery& delivery, const DeliveryEvent& event) {
  std::visit(Overloaded{
                 [&](const DeliveryRequested&) { delivery.state = DeliveryState::requested; },
                 [&](const DeliveryStarted&) { delivery.state = DeliveryState::started; },
                 [&](const DeliveryCompleted&) { delivery.state = DeliveryState::completed; },
                 [&](const DeliveryCancelled&) { delivery.state = DeliveryState::cancelled; },
             },
             event);
}

}  // namespace sugang
