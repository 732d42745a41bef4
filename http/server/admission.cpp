#include "http/server/admission.hpp"

namespace sugang {

bool Admission::try_enter() {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) < limits_.requests_in_flight_max) return true;
  leave();
  return false;
}

bool Admission::try_enter_stream() {
  if (streams_.fetch_add(1, std::memory_order_relaxed) < limits_.event_streams_max) return true;
  leave_stream();
  return false;
}

ImportPlace Admission::try_enter_import() {
  if (imports_->fetch_add(1) < limits_.imports_max)
    return {imports_.get(), [imports = imports_](const void*) { imports->fetch_sub(1); }};
  imports_->fetch_sub(1);
  return nullptr;
}

bool Admission::try_enter_course(const std::string& key) {
  std::lock_guard lock{mutex_};
  auto& count = courses_[key];
  if (count >= limits_.requests_in_flight_per_course_max) {
    if (count == 0) courses_.erase(key);
    return false;
  }
  ++count;
  return true;
}

void Admission::leave_course(const std::string& key) {
  std::lock_guard lock{mutex_};
  if (auto it = courses_.find(key); it != courses_.end() && --it->second == 0) courses_.erase(it);
}

}  // namespace sugang
