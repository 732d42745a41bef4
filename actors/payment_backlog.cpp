#include "actors/payment_backlog.hpp"

#include <algorithm>
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

std::size_t PaymentBacklog::size() const {
  std::lock_guard lock{mutex_};
  return waiting_.size();
}

void PaymentBacklog::look_later() {
  timers_.at(timers_.now() + limits_.look_interval_ms, [this] { look(); });
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
    for (count = std::min(count, waiting_.size()); count > 0; --count) {
      resumed.push_back(waiting_.front());
      listed_.erase(waiting_.front());
      waiting_.pop_front();
    }
    more = !waiting_.empty();
  }
  for (const auto& saga : resumed) resume_(saga);
  if (more) look_later();
}

}  // namespace sugang
