#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "domain/literal.hpp"
#include "domain/partition.hpp"
#include "domain/time.hpp"

namespace sugang {

/// An id that a client, or the identity provider, chose. Each kind of id is a type of its own.
template <class Tag>
struct NamedId {
  std::string text;
  auto operator<=>(const NamedId&) const = default;
};

using CourseId = NamedId<struct CourseTag>;
using StudentId = NamedId<struct StudentTag>;
using InstructorId = NamedId<struct InstructorTag>;

/// `[A-Za-z0-9._-]{1,64}`, but neither `.` nor `..`, which no path can name (RFC 3986, 5.2.4): what a client may
/// choose as an id.
bool is_valid_name(std::string_view text);

/// 128 bits in the layout of a UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then the partition in the
/// upper ten bits of rand_a, then random. So an id sorts by time and carries its partition.
struct Uid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Uid&) const = default;

  Partition partition() const { return Partition{static_cast<std::uint16_t>((high >> 2) & 0x3ff)}; }
  TimePoint time() const { return TimePoint{std::chrono::milliseconds{high >> 16}}; }
};

/// 26 characters of Crockford's base 32, lower case; sorts as the number does.
std::string to_text(const Uid& uid);
std::optional<Uid> parse_uid(std::string_view text);
/// 8-4-4-4-12 hexadecimal digits, as RFC 9562 writes it.
std::string to_uuid_text(const Uid& uid);

/// Where new ids come from. Time and randomness come in as arguments, so a simulation mints the same ids again.
Uid make_uid(TimePoint now, Partition partition, std::uint64_t random, std::uint8_t more_random);

/// An id that the server made.
template <class Tag>
struct ServerId {
  Uid uid;
  auto operator<=>(const ServerId&) const = default;
};

template <Literal literal>
struct IdPrefix {
  static constexpr std::string_view prefix = literal;
};
using EnrollmentTag = IdPrefix<"enr_">;
using PaymentTag = IdPrefix<"pay_">;
using SagaTag = IdPrefix<"saga_">;
using EventTag = IdPrefix<"evt_">;
using RequestTag = IdPrefix<"req_">;
using StockTag = IdPrefix<"stk_">;
using DeliveryTag = IdPrefix<"dlv_">;
using CoachingTag = IdPrefix<"coa_">;

using EnrollmentId = ServerId<EnrollmentTag>;
using PaymentId = ServerId<PaymentTag>;
using SagaId = ServerId<SagaTag>;
using EventId = ServerId<EventTag>;
/// Names one keyed request: a digest of caller, resource and Idempotency-Key.
using RequestId = ServerId<RequestTag>;
using StockId = ServerId<StockTag>;
using DeliveryId = ServerId<DeliveryTag>;
using CoachingId = ServerId<CoachingTag>;

template <class Tag>
std::string to_text(const ServerId<Tag>& id) {
  return std::string{Tag::prefix} + to_text(id.uid);
}
template <class Tag>
const std::string& to_text(const NamedId<Tag>& id) {
  return id.text;
}

template <class Tag>
std::optional<ServerId<Tag>> parse_id(std::string_view text) {
  if (!text.starts_with(Tag::prefix)) return std::nullopt;
  auto uid = parse_uid(text.substr(Tag::prefix.size()));
  return uid ? std::optional{ServerId<Tag>{*uid}} : std::nullopt;
}

// One enrollment has one payment, one saga, at most one stock preparation, delivery and coaching. They share their
// bits and differ in type and prefix: from any of them the others are known without a lookup.
inline PaymentId payment_of(EnrollmentId id) { return {id.uid}; }
inline SagaId saga_of(EnrollmentId id) { return {id.uid}; }
inline StockId stock_of(EnrollmentId id) { return {id.uid}; }
inline DeliveryId delivery_of(EnrollmentId id) { return {id.uid}; }
inline CoachingId coaching_of(EnrollmentId id) { return {id.uid}; }
inline EnrollmentId enrollment_of(PaymentId id) { return {id.uid}; }

}  // namespace sugang

template <>
struct std::hash<sugang::Uid> {
  std::size_t operator()(const sugang::Uid& uid) const noexcept {
    // The low half is random; the multiplication spreads ids that a test counts up.
    return static_cast<std::size_t>((uid.high * 0x9e3779b97f4a7c15ULL) ^ (uid.low * 0xff51afd7ed558ccdULL));
  }
};
template <class Tag>
struct std::hash<sugang::ServerId<Tag>> {
  std::size_t operator()(const sugang::ServerId<Tag>& id) const noexcept {
    return std::hash<sugang::Uid>{}(id.uid);
  }
};
template <class Tag>
struct std::hash<sugang::NamedId<Tag>> {
  std::size_t operator()(const sugang::NamedId<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.text);
  }
};
