#include "actors/alarm_queue.hpp"

#include <algorithm>
#include <utility>

namespace sugang {

bool AlarmQueue::Heap::later(const Entry& a, const Entry& b) {
  return a.when != b.when ? a.when > b.when : a.order > b.order;
}

void AlarmQueue::Heap::push(Milliseconds when, Alarm alarm) {
  entries_.push_back({when, next_order_++, std::move(alarm)});
  std::push_heap(entries_.begin(), entries_.end(), later);
}

AlarmQueue::Alarm AlarmQueue::Heap::pop() {
  std::pop_heap(entries_.begin(), entries_.end(), later);
  auto alarm = std::move(entries_.back().alarm);
  entries_.pop_back();
  return alarm;
}

std::optional<AlarmQueue::Alarm> AlarmQueue::pop_due(TimePoint wall, Milliseconds uptime) {
  if (!by_uptime_.empty() && by_uptime_.first() <= uptime) return by_uptime_.pop();
  if (!by_wall_.empty() && by_wall_.first() <= wall.time_since_epoch()) return by_wall_.pop();
  return std::nullopt;
}

std::optional<Milliseconds> AlarmQueue::look_again_at(TimePoint wall, Milliseconds uptime) const {
  std::optional<Milliseconds> next;
  if (!by_uptime_.empty()) next = by_uptime_.first();
  if (!by_wall_.empty()) {
    const auto left = std::min(by_wall_.first() - wall.time_since_epoch(), wall_look_interval);
    next = std::min(next.value_or(uptime + left), uptime + left);
  }
  return next;
}

}  // namespace sugang
