#include "storage/journal_queue.hpp"

#include <utility>

namespace sugang {

Ticket JournalQueue::push(Item item) {
  auto* append = std::get_if<PlacedAppend>(&item);
  if (append) pending_bytes_.fetch_add(append->size_bytes(), std::memory_order_relaxed);
  // No caller waits for the others.
  const bool is_awaited = append || std::holds_alternative<Wake>(item) || std::holds_alternative<LookUp>(item);
  bool wake = false;
  Ticket ticket = 0;
  {
    const std::lock_guard lock{mutex_};
    if (append) append->ticket = ticket = ++last_ticket_;
    items_.push_back(std::move(item));
    if (is_awaited) wake = std::exchange(committer_sleeps_, false);
  }
  if (wake) arrived_.notify_one();
  return ticket;
}

void JournalQueue::take(std::deque<Item>& taken) {
  std::vector<Item> items;
  {
    const std::lock_guard lock{mutex_};
    items.swap(items_);
  }
  for (auto& item : items) taken.push_back(std::move(item));
}

bool JournalQueue::wait() {
  std::unique_lock lock{mutex_};
  while (items_.empty() && !stopped_) {
    committer_sleeps_ = true;
    arrived_.wait(lock);
  }
  committer_sleeps_ = false;
  return !items_.empty();
}

void JournalQueue::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  arrived_.notify_one();
}

}  // namespace sugang
