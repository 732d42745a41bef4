#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "domain/decision.hpp"
#include "domain/enum_names.hpp"
#include "domain/ids.hpp"
#include "domain/time.hpp"

namespace sugang {

/// What a person is told of. Each stands for one event of one enrollment.
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

enum class NotificationState : std::uint8_t { queued, sent, failed };
template <>
struct EnumNames<NotificationState> {
  static constexpr std::array<std::string_view, 3> values{"queued", "sent", "failed"};
};

/// Position of an event in the journal, where another event refers to it.
struct EventPosition {
  std::uint64_t number = 0;
  auto operator<=>(const EventPosition&) const = default;
};

/// The enrollment stands in the record's envelope, the person is the aggregate.
struct NotificationQueued {
  static constexpr std::string_view name = "notification.queued";
  static constexpr std::uint16_t version = 1;
  /// The event that the person is told of; names the notification within the box.
  EventId about;
  NoticeKind kind = NoticeKind::enrollment_confirmed;
  CourseId course;
  /// When what it tells of happened.
  TimePoint happened_at{};
  /// Somebody besides the box is to bring it to the person; without, it is sent by lying in the box.
  bool outward = false;
  /// Position of the event `about`.
  EventPosition position;
  bool operator==(const NotificationQueued&) const = default;
  static void fields(auto& self, auto&& field) {
    field("about", self.about);
    field("kind", self.kind);
    field("courseId", self.course);
    field("happenedAt", self.happened_at);
    field("outward", self.outward);
    field("position", self.position);
  }
};

struct NotificationSent {
  static constexpr std::string_view name = "notification.sent";
  static constexpr std::uint16_t version = 1;
  EventId about;
  bool operator==(const NotificationSent&) const = default;
  static void fields(auto& self, auto&& field) { field("about", self.about); }
};

struct NotificationFailed {
  static constexpr std::string_view name = "notification.failed";
  static constexpr std::uint16_t version = 1;
  EventId about;
  std::string error;
  bool operator==(const NotificationFailed&) const = default;
  static void fields(auto& self, auto&& field) {
    field("about", self.about);
    field("error", self.error);
  }
};

using NotificationEvent = std::variant<NotificationQueued, NotificationSent, NotificationFailed>;

struct Notify {
  NotificationQueued notice;
};
struct MarkSent {
  EventId about;
};
struct MarkFailed {
  EventId about;
  std::string error;
};
using NotificationCommand = std::variant<Notify, MarkSent, MarkFailed>;

/// A box refuses nothing.
enum class NotificationError : std::uint8_t {};

/// What one person was told, one notification per event (invariant 8).
struct NotificationBox {
  using Command = NotificationCommand;
  using Event = NotificationEvent;
  using Error = NotificationError;

  /// Events notified of, by their positions; the last `told_max` of them. Earlier ones than `told_from` are refused
  /// by their position, which the notifier's order allows: it reads the journal forward.
  std::set<std::pair<EventPosition, EventId>> told;
  EventPosition told_from;
  /// Told outward, without word of their arrival.
  std::set<EventId> outstanding;
  bool operator==(const NotificationBox&) const = default;
};

/// Far more events of one person than the notifier may read again after a crash.
inline constexpr std::size_t told_max = 4096;

Decision<NotificationEvent, NotificationError> decide(const NotificationBox& box,
                                                      const NotificationCommand& command, TimePoint now);
void apply(NotificationBox& box, const NotificationEvent& event);

}  // namespace sugang
