#pragma once

#include <cstdint>

#include "domain/money.hpp"

namespace sugang {

/// Points for a price paid: whole points, rounded down. Without overflow for any amount and percent that a course
/// may have.
std::int64_t mileage_for(const Money& paid, std::uint32_t percent);

}  // namespace sugang
