#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "domain/calendar.hpp"
#include "domain/coaching.hpp"
#include "domain/course.hpp"
#include "domain/delivery.hpp"
#include "domain/enrollment.hpp"
#include "domain/payment.hpp"
#include "domain/request.hpp"
#include "domain/saga_events.hpp"
#include "domain/stock.hpp"
#include "domain/webhook.hpp"

namespace sugang {

/// Place in the journal's one order: 1, 2, 3, … without a gap. 0 stands before the first.
using Position = std::uint64_t;
/// Place among an aggregate's own events: 1, 2, 3, … without a gap.
using Sequence = std::uint64_t;

/// One alternative per kind of aggregate, in the order of AggregateKind.
using Event = std::variant<CourseEvent, EnrollmentEvent, PaymentEvent, SagaEvent, RequestEvent, StockEvent,
                           DeliveryEvent, CoachingEvent, CalendarEvent, WebhookEvent>;

/// The numbers stand in the journal: new ones come last.
enum class AggregateKind : std::uint8_t {
  course,
  enrollment,
  payment,
  saga,
  request,
  stock_preparation,
  delivery,
  coaching,
  /// An instructor's.
  calendar,
  /// The one that holds all webhooks.
  webhook_registry,
};
constexpr auto names_of(AggregateKind) {
  return names("course", "enrollment", "payment", "saga", "request", "stock_preparation", "delivery", "coaching",
               "calendar", "webhook_registry");
}

/// Whether ids of this kind are names that a client, or the identity provider, chose. The others are uids.
constexpr bool is_named(AggregateKind kind) {
  return kind == AggregateKind::course || kind == AggregateKind::calendar ||
         kind == AggregateKind::webhook_registry;
}

/// Names any aggregate where its kind is known only at run time.
struct AggregateId {
  AggregateKind kind = AggregateKind::course;
  Uid uid;
  std::string name;
  auto operator<=>(const AggregateId&) const = default;

  AggregateId() = default;
  AggregateId(const CourseId& id) : kind(AggregateKind::course), name(id.text) {}
  AggregateId(EnrollmentId id) : kind(AggregateKind::enrollment), uid(id.uid) {}
  AggregateId(PaymentId id) : kind(AggregateKind::payment), uid(id.uid) {}
  AggregateId(SagaId id) : kind(AggregateKind::saga), uid(id.uid) {}
  AggregateId(RequestId id) : kind(AggregateKind::request), uid(id.uid) {}
  AggregateId(StockId id) : kind(AggregateKind::stock_preparation), uid(id.uid) {}
  AggregateId(DeliveryId id) : kind(AggregateKind::delivery), uid(id.uid) {}
  AggregateId(CoachingId id) : kind(AggregateKind::coaching), uid(id.uid) {}

  static AggregateId calendar_of(const InstructorId& id) { return {AggregateKind::calendar, id.text}; }
  static AggregateId webhooks() { return {AggregateKind::webhook_registry, "all"}; }

  Partition partition() const { return is_named(kind) ? partition_of_name(name) : uid.partition(); }

 private:
  AggregateId(AggregateKind of, std::string named) : kind(of), name(std::move(named)) {}
};

/// The id as clients see it.
std::string to_text(const AggregateId& id);

/// W3C Trace Context: trace id and parent span id; all zero when the caller sent none.
struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  std::uint8_t flags = 0;
  auto operator<=>(const TraceContext&) const = default;
  bool present() const { return trace_id != std::array<std::uint8_t, 16>{}; }
};

/// The command that caused an event: `saga:step:direction`, where the saga is the enrollment's. Step::none for a
/// command that came from a caller and not from a saga.
struct Causation {
  Step step = Step::none;
  Direction direction = Direction::act;
  auto operator<=>(const Causation&) const = default;
};

/// One event and its envelope. The position is set by the journal.
struct Record {
  Position position = 0;
  AggregateId aggregate;
  Sequence sequence = 0;
  EventId id;
  TimePoint time{};
  /// The enrollment on whose timeline the event stands; none for what concerns a course alone.
  std::optional<EnrollmentId> enrollment;
  Causation causation;
  TraceContext trace;
  Event event;
  bool operator==(const Record&) const = default;
};

/// What the server notes for itself, of keyed requests and webhooks, is no event of the domain.
bool is_public(const Record& record);
std::string_view event_name(const Event& event);
std::uint16_t event_version(const Event& event);
/// The version of a type's payload: 1, until its members change and it has a `version` of its own.
template <class E>
constexpr std::uint16_t payload_version() {
  if constexpr (requires { E::version; })
    return E::version;
  else
    return 1;
}

}  // namespace sugang

template <>
struct std::hash<sugang::AggregateId> {
  std::size_t operator()(const sugang::AggregateId& id) const noexcept {
    auto base = std::hash<sugang::Uid>{}(id.uid) + static_cast<std::size_t>(id.kind) * 0x9e3779b97f4a7c15ULL;
    return id.name.empty() ? base : base ^ std::hash<std::string>{}(id.name);
  }
};
