#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "domain/enum_names.hpp"

namespace sugang {

/// What a student is notified of. Each stands for one event of one enrollment.
enum class NoticeKind : std::uint8_t {
  waitlist_promoted,
  enrollment_confirmed,
  enrollment_completed,
  enrollment_rejected,
  enrollment_expired,
  enrollment_cancelled,
  stock_prepared,
  delivery_requested,
  delivery_started,
  delivery_completed,
  instructor_assigned,
  schedule_confirmed,
  result_recorded,
};
template <>
struct EnumNames<NoticeKind> {
  static constexpr std::array<std::string_view, 13> values{
      "waitlist.promoted",       "enrollment.confirmed", "enrollment.completed", "enrollment.rejected",
      "enrollment.expired",      "enrollment.cancelled", "stock.prepared",       "delivery.requested",
      "delivery.started",        "delivery.completed",   "coaching.assigned",    "coaching.scheduled",
      "coaching.result-recorded"};
};

/// `queued` while a webhook is still to be called for it, `failed` when none of those called took it, else `sent`:
/// it lies in the box.
enum class NotificationState : std::uint8_t { queued, sent, failed };
template <>
struct EnumNames<NotificationState> {
  static constexpr std::array<std::string_view, 3> values{"queued", "sent", "failed"};
};

}  // namespace sugang
