#pragma once

#include <array>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "domain/record.hpp"

namespace sugang {

// An event type's number in the journal: the high byte is the aggregate's kind, counted from 1. Part of the format:
// a number is never changed and never given again.

template <class E>
using OfType = std::type_identity<E>;

constexpr std::uint16_t code_of(OfType<CourseRegistered>) { return 0x0101; }
constexpr std::uint16_t code_of(OfType<CourseRevised>) { return 0x0102; }
constexpr std::uint16_t code_of(OfType<SeatsHeld>) { return 0x0103; }
constexpr std::uint16_t code_of(OfType<SeatsTaken>) { return 0x0104; }
constexpr std::uint16_t code_of(OfType<SeatsReleased>) { return 0x0105; }
constexpr std::uint16_t code_of(OfType<SeatsWaitlisted>) { return 0x0106; }
constexpr std::uint16_t code_of(OfType<WaiterPromoted>) { return 0x0107; }
constexpr std::uint16_t code_of(OfType<WaiterLeft>) { return 0x0108; }
constexpr std::uint16_t code_of(OfType<WaiterDismissed>) { return 0x0109; }
constexpr std::uint16_t code_of(OfType<CourseCancelled>) { return 0x010a; }
constexpr std::uint16_t code_of(OfType<SeatsChangeHeld>) { return 0x010b; }
constexpr std::uint16_t code_of(OfType<SeatsChangeTaken>) { return 0x010c; }
constexpr std::uint16_t code_of(OfType<SeatsChangeReleased>) { return 0x010d; }

constexpr std::uint16_t code_of(OfType<EnrollmentRequested>) { return 0x0201; }
constexpr std::uint16_t code_of(OfType<EnrollmentConfirmed>) { return 0x0202; }
constexpr std::uint16_t code_of(OfType<EnrollmentRejected>) { return 0x0203; }
constexpr std::uint16_t code_of(OfType<EnrollmentExpired>) { return 0x0204; }
constexpr std::uint16_t code_of(OfType<CancelRequested>) { return 0x0205; }
constexpr std::uint16_t code_of(OfType<EnrollmentCancelled>) { return 0x0206; }
constexpr std::uint16_t code_of(OfType<EnrollmentCompleted>) { return 0x0207; }
constexpr std::uint16_t code_of(OfType<SeatsChangeRequested>) { return 0x0208; }
constexpr std::uint16_t code_of(OfType<SeatsChanged>) { return 0x0209; }
constexpr std::uint16_t code_of(OfType<SeatsChangeRefused>) { return 0x020a; }

constexpr std::uint16_t code_of(OfType<PaymentRequested>) { return 0x0301; }
constexpr std::uint16_t code_of(OfType<PaymentApproved>) { return 0x0302; }
constexpr std::uint16_t code_of(OfType<PaymentDeclined>) { return 0x0303; }
constexpr std::uint16_t code_of(OfType<PaymentVoidRequested>) { return 0x0304; }
constexpr std::uint16_t code_of(OfType<PaymentVoided>) { return 0x0305; }
constexpr std::uint16_t code_of(OfType<RefundRequested>) { return 0x0306; }
constexpr std::uint16_t code_of(OfType<PaymentRefunded>) { return 0x0307; }
constexpr std::uint16_t code_of(OfType<ChargeStarted>) { return 0x0308; }
constexpr std::uint16_t code_of(OfType<RefundDeclined>) { return 0x0309; }
constexpr std::uint16_t code_of(OfType<ReplacementRequested>) { return 0x030a; }
constexpr std::uint16_t code_of(OfType<PaymentReplaced>) { return 0x030b; }
constexpr std::uint16_t code_of(OfType<ReplacementDeclined>) { return 0x030c; }

constexpr std::uint16_t code_of(OfType<SagaStarted>) { return 0x0401; }
constexpr std::uint16_t code_of(OfType<SagaTurned>) { return 0x0402; }
constexpr std::uint16_t code_of(OfType<SagaStepFailed>) { return 0x0403; }
constexpr std::uint16_t code_of(OfType<SagaStuck>) { return 0x0404; }
constexpr std::uint16_t code_of(OfType<SagaCompleted>) { return 0x0405; }
constexpr std::uint16_t code_of(OfType<SagaCompensated>) { return 0x0406; }
constexpr std::uint16_t code_of(OfType<SagaWaits>) { return 0x0407; }
constexpr std::uint16_t code_of(OfType<SagaOperated>) { return 0x0408; }

constexpr std::uint16_t code_of(OfType<RequestClaimed>) { return 0x0501; }
constexpr std::uint16_t code_of(OfType<RequestAnswered>) { return 0x0502; }

constexpr std::uint16_t code_of(OfType<StockRequested>) { return 0x0601; }
constexpr std::uint16_t code_of(OfType<StockPrepared>) { return 0x0602; }
constexpr std::uint16_t code_of(OfType<StockReleased>) { return 0x0603; }

constexpr std::uint16_t code_of(OfType<DeliveryRequested>) { return 0x0701; }
constexpr std::uint16_t code_of(OfType<DeliveryStarted>) { return 0x0702; }
constexpr std::uint16_t code_of(OfType<DeliveryCompleted>) { return 0x0703; }
constexpr std::uint16_t code_of(OfType<DeliveryCancelled>) { return 0x0704; }

constexpr std::uint16_t code_of(OfType<CoachingRequested>) { return 0x0801; }
constexpr std::uint16_t code_of(OfType<CoachingAssigned>) { return 0x0802; }
constexpr std::uint16_t code_of(OfType<CoachingScheduled>) { return 0x0803; }
constexpr std::uint16_t code_of(OfType<CoachingHeld>) { return 0x0804; }
constexpr std::uint16_t code_of(OfType<ResultRecorded>) { return 0x0805; }
constexpr std::uint16_t code_of(OfType<CoachingReleased>) { return 0x0806; }

constexpr std::uint16_t code_of(OfType<SlotBooked>) { return 0x0901; }
constexpr std::uint16_t code_of(OfType<SlotReleased>) { return 0x0902; }
constexpr std::uint16_t code_of(OfType<SlotFreed>) { return 0x0903; }

constexpr std::uint16_t code_of(OfType<WebhookRegistered>) { return 0x0a01; }
constexpr std::uint16_t code_of(OfType<WebhookDisabled>) { return 0x0a02; }
constexpr std::uint16_t code_of(OfType<WebhookRemoved>) { return 0x0a03; }

template <class E>
inline constexpr std::uint16_t event_code = code_of(OfType<E>{});

/// Calls `visit.template operator()<I, E>()` for each event type E of the alternative I of Event.
template <class Visit>
constexpr void for_each_event_type(Visit&& visit) {
  auto of_aggregate = [&]<std::size_t I>() {
    using OfAggregate = std::variant_alternative_t<I, Event>;
    [&]<std::size_t... J>(std::index_sequence<J...>) {
      (visit.template operator()<I, std::variant_alternative_t<J, OfAggregate>>(), ...);
    }
    (std::make_index_sequence<std::variant_size_v<OfAggregate>>{});
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (of_aggregate.template operator()<I>(), ...); }
  (std::make_index_sequence<std::variant_size_v<Event>>{});
}

constexpr bool event_codes_are_sound() {
  std::array<std::uint16_t, 256> seen{};
  std::size_t count = 0;
  bool sound = true;
  for_each_event_type([&]<std::size_t I, class E>() {
    constexpr std::uint16_t code = event_code<E>;
    if (code >> 8 != I + 1) sound = false;
    for (std::size_t i = 0; i < count; ++i)
      if (seen[i] == code) sound = false;
    seen[count++] = code;
  });
  return sound;
}
static_assert(event_codes_are_sound(),
              "each event type has a number of its own, which determines the aggregate's kind");

}  // namespace sugang
