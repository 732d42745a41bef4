#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <variant>

#include "domain/decision.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "domain/time.hpp"

namespace sugang {

struct MileageEarned {
  static constexpr std::string_view name = "mileage.earned";
  static constexpr std::uint16_t version = 1;
  PaymentId payment;
  std::int64_t points = 0;
  /// The payment's: points of different currencies are never added up.
  Currency currency;
  bool operator==(const MileageEarned&) const = default;
  static void fields(auto& self, auto&& field) {
    field("paymentId", self.payment);
    field("points", self.points);
    field("currency", self.currency);
  }
};
/// What the payment earned is taken back: nothing, when it had not earned yet and never will.
struct MileageReversed {
  static constexpr std::string_view name = "mileage.reversed";
  static constexpr std::uint16_t version = 1;
  PaymentId payment;
  std::int64_t points = 0;
  Currency currency;
  bool operator==(const MileageReversed&) const = default;
  static void fields(auto& self, auto&& field) {
    field("paymentId", self.payment);
    field("points", self.points);
    field("currency", self.currency);
  }
};

using MileageEvent = std::variant<MileageEarned, MileageReversed>;

struct EarnMileage {
  PaymentId payment;
  std::int64_t points = 0;
  Currency currency;
};
struct ReverseMileage {
  PaymentId payment;
};
using MileageCommand = std::variant<EarnMileage, ReverseMileage>;

enum class MileageError : std::uint8_t { undone };

/// One student's points: at most one earn and one reverse per payment (invariant 3).
struct MileageAccount {
  using Command = MileageCommand;
  using Event = MileageEvent;
  using Error = MileageError;

  struct Entry {
    std::int64_t points = 0;
    bool reversed = false;
    Currency currency;
    bool operator==(const Entry&) const = default;
  };
  std::unordered_map<PaymentId, Entry> entries;
  std::map<Currency, std::int64_t> balances;
  bool operator==(const MileageAccount&) const = default;
};

/// Adds the entry to its currency's balance, unless it is reversed.
void count_entry(MileageAccount& account, const MileageAccount::Entry& entry);

/// Points for a price paid: whole points, rounded down. Without overflow for any amount and percent that a course
/// may have.
std::int64_t mileage_for(const Money& paid, std::uint32_t percent);

Decision<MileageEvent, MileageError> decide(const MileageAccount& account, const MileageCommand& command,
                                            TimePoint now);
void apply(MileageAccount& account, const MileageEvent& event);

}  // namespace sugang
