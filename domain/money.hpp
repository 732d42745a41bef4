#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

namespace sugang {

/// ISO 4217, three upper-case letters.
struct Currency {
  std::array<char, 3> code{'K', 'R', 'W'};
  auto operator<=>(const Currency&) const = default;
  std::string_view text() const { return {code.data(), code.size()}; }
};

/// An amount in minor units (KRW has none, so won). Never a fraction, never a float.
struct Money {
  std::int64_t amount = 0;
  Currency currency;
  auto operator<=>(const Money&) const = default;
  static void fields(auto& self, auto&& field) {
    field("amount", self.amount);
    field("currency", self.currency);
  }
};

/// Highest price of one seat, in minor units: times the most seats it still fits 64 bits.
inline constexpr std::int64_t price_max = 10'000'000'000;

inline Money operator*(Money price, std::uint32_t seats) {
  return {price.amount * static_cast<std::int64_t>(seats), price.currency};
}

/// Points for a price paid: whole points, rounded down. Without overflow for any amount and percent that a course
/// may have.
inline std::int64_t mileage_for(const Money& paid, std::uint32_t percent) {
  return paid.amount / 100 * percent + paid.amount % 100 * percent / 100;
}

}  // namespace sugang
