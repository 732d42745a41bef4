#include "domain/record.hpp"

namespace sugang {

std::string to_text(const AggregateId& id) {
  switch (id.kind) {
    case AggregateKind::course: return id.name;
    case AggregateKind::calendar:
    case AggregateKind::webhook_registry:
      // One person's name may name several of them.
      return std::string{to_text(id.kind)} + "/" + id.name;
    case AggregateKind::enrollment: return to_text(EnrollmentId{id.uid});
    case AggregateKind::payment: return to_text(PaymentId{id.uid});
    case AggregateKind::saga: return to_text(SagaId{id.uid});
    case AggregateKind::request: return to_text(RequestId{id.uid});
    case AggregateKind::stock_preparation: return to_text(StockId{id.uid});
    case AggregateKind::delivery: return to_text(DeliveryId{id.uid});
    case AggregateKind::coaching: return to_text(CoachingId{id.uid});
  }
  return {};
}

bool is_public(const Record& record) {
  return record.aggregate.kind != AggregateKind::request &&
         record.aggregate.kind != AggregateKind::webhook_registry;
}

std::string_view event_name(const Event& event) {
  return std::visit(
      [](const auto& of_aggregate) { return std::visit([]<class E>(const E&) { return E::name; }, of_aggregate); },
      event);
}

std::uint16_t event_version(const Event& event) {
  return std::visit(
      [](const auto& of_aggregate) {
        return std::visit([]<class E>(const E&) { return payload_version<E>(); }, of_aggregate);
      },
      event);
}

}  // namespace sugang
