#include "domain/mileage.hpp"

namespace sugang {

std::int64_t mileage_for(const Money& paid, std::uint32_t percent) {
  return paid.amount / 100 * percent + paid.amount % 100 * percent / 100;
}

}  // namespace sugang
