#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <variant>

#include "domain/record.hpp"

namespace sugang {

/// An event type's number in the journal: the high byte is the aggregate's kind, counted from 1. Part of the
/// format: a number is never changed and never given again.
template <class E>
inline constexpr std::uint16_t event_code = 0;

template <>
inline constexpr std::uint16_t event_code<CourseRegistered> = 0x0101;
template <>
inline constexpr std::uint16_t event_code<CourseRevised> = 0x0102;
template <>
inline constexpr std::uint16_t event_code<SeatsHeld> = 0x0103;
template <>
inline constexpr std::uint16_t event_code<SeatsTaken> = 0x0104;
template <>
inline constexpr std::uint16_t event_code<SeatsReleased> = 0x0105;
template <>
inline constexpr std::uint16_t event_code<SeatsWaitlisted> = 0x0106;
template <>
inline constexpr std::uint16_t event_code<WaiterPromoted> = 0x0107;
template <>
inline constexpr std::uint16_t event_code<WaiterLeft> = 0x0108;
template <>
inline constexpr std::uint16_t event_code<WaiterDismissed> = 0x0109;
template <>
inline constexpr std::uint16_t event_code<CourseCancelled> = 0x010a;

template <>
inline constexpr std::uint16_t event_code<EnrollmentRequested> = 0x0201;
template <>
inline constexpr std::uint16_t event_code<EnrollmentConfirmed> = 0x0202;
template <>
inline constexpr std::uint16_t event_code<EnrollmentRejected> = 0x0203;
template <>
inline constexpr std::uint16_t event_code<EnrollmentExpired> = 0x0204;
template <>
inline constexpr std::uint16_t event_code<CancelRequested> = 0x0205;
template <>
inline constexpr std::uint16_t event_code<EnrollmentCancelled> = 0x0206;
template <>
inline constexpr std::uint16_t event_code<EnrollmentCompleted> = 0x0207;

template <>
inline constexpr std::uint16_t event_code<PaymentRequested> = 0x0301;
template <>
inline constexpr std::uint16_t event_code<PaymentApproved> = 0x0302;
template <>
inline constexpr std::uint16_t event_code<PaymentDeclined> = 0x0303;
template <>
inline constexpr std::uint16_t event_code<PaymentVoidRequested> = 0x0304;
template <>
inline constexpr std::uint16_t event_code<PaymentVoided> = 0x0305;
template <>
inline constexpr std::uint16_t event_code<RefundRequested> = 0x0306;
template <>
inline constexpr std::uint16_t event_code<PaymentRefunded> = 0x0307;
template <>
inline constexpr std::uint16_t event_code<ChargeStarted> = 0x0308;
template <>
inline constexpr std::uint16_t event_code<RefundDeclined> = 0x0309;

template <>
inline constexpr std::uint16_t event_code<SagaStarted> = 0x0401;
template <>
inline constexpr std::uint16_t event_code<SagaTurned> = 0x0402;
template <>
inline constexpr std::uint16_t event_code<SagaStepFailed> = 0x0403;
template <>
inline constexpr std::uint16_t event_code<SagaStuck> = 0x0404;
template <>
inline constexpr std::uint16_t event_code<SagaCompleted> = 0x0405;
template <>
inline constexpr std::uint16_t event_code<SagaCompensated> = 0x0406;
template <>
inline constexpr std::uint16_t event_code<SagaWaits> = 0x0407;
template <>
inline constexpr std::uint16_t event_code<SagaOperated> = 0x0408;

template <>
inline constexpr std::uint16_t event_code<RequestClaimed> = 0x0501;
template <>
inline constexpr std::uint16_t event_code<RequestAnswered> = 0x0502;

template <>
inline constexpr std::uint16_t event_code<StockRequested> = 0x0601;
template <>
inline constexpr std::uint16_t event_code<StockPrepared> = 0x0602;
template <>
inline constexpr std::uint16_t event_code<StockReleased> = 0x0603;

template <>
inline constexpr std::uint16_t event_code<DeliveryRequested> = 0x0701;
template <>
inline constexpr std::uint16_t event_code<DeliveryStarted> = 0x0702;
template <>
inline constexpr std::uint16_t event_code<DeliveryCompleted> = 0x0703;
template <>
inline constexpr std::uint16_t event_code<DeliveryCancelled> = 0x0704;

template <>
inline constexpr std::uint16_t event_code<CoachingRequested> = 0x0801;
template <>
inline constexpr std::uint16_t event_code<CoachingAssigned> = 0x0802;
template <>
inline constexpr std::uint16_t event_code<CoachingScheduled> = 0x0803;
template <>
inline constexpr std::uint16_t event_code<CoachingHeld> = 0x0804;
template <>
inline constexpr std::uint16_t event_code<ResultRecorded> = 0x0805;
template <>
inline constexpr std::uint16_t event_code<CoachingReleased> = 0x0806;

template <>
inline constexpr std::uint16_t event_code<SlotBooked> = 0x0901;
template <>
inline constexpr std::uint16_t event_code<SlotReleased> = 0x0902;
template <>
inline constexpr std::uint16_t event_code<SlotFreed> = 0x0903;

template <>
inline constexpr std::uint16_t event_code<WebhookRegistered> = 0x0a01;
template <>
inline constexpr std::uint16_t event_code<WebhookDisabled> = 0x0a02;
template <>
inline constexpr std::uint16_t event_code<WebhookRemoved> = 0x0a03;

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
