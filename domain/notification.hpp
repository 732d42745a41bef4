#pragma once

#include <cstdint>

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
  seats_changed,
  seats_change_refused,
};
constexpr auto names_of(NoticeKind) {
  return names("waitlist.promoted", "enrollment.confirmed", "enrollment.completed", "enrollment.rejected",
               "enrollment.expired", "enrollment.cancelled", "stock.prepared", "delivery.requested",
               "delivery.started", "delivery.completed", "coaching.assigned", "coaching.scheduled",
               "coaching.result-recorded", "enrollment.seats-changed", "enrollment.seats-change-refused");
}

/// `queued` while a webhook is still to be called for it, `failed` when none of those called took it, else `sent`:
/// it lies in the box.
enum class NotificationState : std::uint8_t { queued, sent, failed };
constexpr auto names_of(NotificationState) { return names("queued", "sent", "failed"); }

}  // namespace sugang
