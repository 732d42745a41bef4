#include "views/position_waits.hpp"

#include <algorithm>

namespace sugang {

bool PositionWaits::add(Position position, Clock::time_point deadline, Done done) {
  std::lock_guard lock{mutex_};
  if (waits_.size() >= waits_max_) return false;
  waits_.push_back({position, deadline, std::move(done)});
  return true;
}

void PositionWaits::advance(Position position, Clock::time_point now) {
  std::vector<Wait> ended;
  {
    std::lock_guard lock{mutex_};
    auto goes_on = [&](const Wait& wait) { return wait.position > position && wait.deadline > now; };
    auto first_ended = std::partition(waits_.begin(), waits_.end(), goes_on);
    ended.assign(std::make_move_iterator(first_ended), std::make_move_iterator(waits_.end()));
    waits_.erase(first_ended, waits_.end());
  }
  for (auto& wait : ended) wait.done(wait.position <= position);
}

void PositionWaits::give_up() {
  std::vector<Wait> ended;
  {
    std::lock_guard lock{mutex_};
    ended.swap(waits_);
  }
  for (auto& wait : ended) wait.done(false);
}

bool PositionWaits::empty() const {
  std::lock_guard lock{mutex_};
  return waits_.empty();
}

std::optional<PositionWaits::Clock::time_point> PositionWaits::next_deadline() const {
  std::lock_guard lock{mutex_};
  auto earliest = std::min_element(waits_.begin(), waits_.end(),
                                   [](const Wait& a, const Wait& b) { return a.deadline < b.deadline; });
  return earliest == waits_.end() ? std::nullopt : std::optional{earliest->deadline};
}

}  // namespace sugang
