#include "actors/payment_backlog.hpp"

#include <utility>

namespace sugang {

PaymentBacklog::PaymentBacklog(Timers& timers, Limits limits, PaymentSide side, Resume resume)
    : timers_(timers), limits_(limits), side_(std::move(side)), resume_(std::move(resume)) {}

void PaymentBacklog::add(EnrollmentId saga) {
  {
    std::lock_guard lock{mutex_};
    if (!listed_.insert(saga).second) return;
    waiting_.push_back(saga);
    if (waiting_.size() > 1) return;
  }
  look_later();
}

void PaymentBacklog::remove(EnrollmentId saga) {
  std::lock_guard lock{mutex_};
  listed_.erase(saga);
}

std::size_t PaymentBacklog::size() const {
  std::lock_guard lock{mutex_};
  return listed_.size();
}

void PaymentBacklog::look_later() {
  timers_.after(limits_.look_interval_ms, [this] { look(); });
}

void PaymentBacklog::look() {
  const bool available = side_.available();
  const bool up = available && side_.up();
  std::vector<EnrollmentId> resumed;
  bool more = false;
  {
    std::lock_guard lock{mutex_};
    std::size_t count = 0;
    if (up) {
      count = limits_.resumed_at_once;
    } else if (looks_until_probe_ > 0) {
      --looks_until_probe_;
    } else if (available) {
      count = 1;
      looks_until_probe_ = limits_.looks_between_probes;
    }
    while (count > resumed.size() && !waiting_.empty()) {
      const auto saga = waiting_.front();
      waiting_.pop_front();
      if (listed_.erase(saga) > 0) resumed.push_back(saga);
    }
    more = !waiting_.empty();
  }
  for (const auto& saga : resumed) resume_(saga);
  if (more) look_later();
}

}  // namespace sugang
