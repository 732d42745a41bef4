#include "domain/mileage.hpp"

namespace sugang {
namespace {

using MileageDecision = Decision<MileageEvent, MileageError>;

}  // namespace

std::int64_t mileage_for(const Money& paid, std::uint32_t percent) {
  return paid.amount / 100 * percent + paid.amount % 100 * percent / 100;
}

Decision<MileageEvent, MileageError> decide(const MileageAccount& account, const MileageCommand& command,
                                            TimePoint) {
  return std::visit(Overloaded{
                        [&](const EarnMileage& c) {
                          auto entry = account.entries.find(c.payment);
                          if (entry == account.entries.end())
                            return MileageDecision::of(MileageEarned{c.payment, c.points});
                          return entry->second.reversed ? MileageDecision{MileageError::undone} : MileageDecision{};
                        },
                        [&](const ReverseMileage& c) {
                          auto entry = account.entries.find(c.payment);
                          if (entry == account.entries.end())
                            return MileageDecision::of(MileageReversed{c.payment, 0});
                          if (entry->second.reversed) return MileageDecision{};
                          return MileageDecision::of(MileageReversed{c.payment, entry->second.points});
                        },
                    },
                    command);
}

void apply(MileageAccount& account, const MileageEvent& event) {
  std::visit(Overloaded{
                 [&](const MileageEarned& e) {
                   account.entries[e.payment] = {e.points, false};
                   account.balance += e.points;
                 },
                 [&](const MileageReversed& e) {
                   account.entries[e.payment].reversed = true;
                   account.balance -= e.points;
                 },
             },
             event);
}

}  // namespace sugang
