#include "domain/mileage.hpp"

namespace sugang {
namespace {

using MileageDecision = Decision<MileageEvent, MileageError>;

}  // namespace

std::int64_t mileage_for(const Money& paid, std::uint32_t percent) {
  return paid.amount / 100 * percent + paid.amount % 100 * percent / 100;
}

void count_entry(MileageAccount& account, const MileageAccount::Entry& entry) {
  // A currency stays listed when all of its points are gone, as the snapshot shows it too.
  if (entry.points != 0) account.balances[entry.currency] += entry.reversed ? 0 : entry.points;
}

Decision<MileageEvent, MileageError> decide(const MileageAccount& account, const MileageCommand& command,
                                            TimePoint) {
  return std::visit(
      Overloaded{
          [&](const EarnMileage& c) {
            auto entry = account.entries.find(c.payment);
            if (entry == account.entries.end())
              return MileageDecision::of(MileageEarned{c.payment, c.points, c.currency});
            return entry->second.reversed ? MileageDecision{MileageError::undone} : MileageDecision{};
          },
          [&](const ReverseMileage& c) {
            auto entry = account.entries.find(c.payment);
            if (entry == account.entries.end()) return MileageDecision::of(MileageReversed{c.payment, 0});
            if (entry->second.reversed) return MileageDecision{};
            return MileageDecision::of(MileageReversed{c.payment, entry->second.points, entry->second.currency});
          },
      },
      command);
}

void apply(MileageAccount& account, const MileageEvent& event) {
  std::visit(Overloaded{
                 [&](const MileageEarned& e) {
                   auto& entry = account.entries[e.payment] = {e.points, false, e.currency};
                   count_entry(account, entry);
                 },
                 [&](const MileageReversed& e) {
                   account.entries[e.payment].reversed = true;
                   if (e.points != 0) account.balances[e.currency] -= e.points;
                 },
             },
             event);
}

}  // namespace sugang
