#include "http/server/exchange.hpp"

namespace sugang {

void AnswerQueue::push(Item item) {
  std::lock_guard lock{mutex_};
  if (!wake_) return;
  items_.push_back(std::move(item));
  if (items_.size() == 1) wake_();
}

void AnswerQueue::take(std::vector<Item>& into) {
  std::lock_guard lock{mutex_};
  into.swap(items_);
}

void AnswerQueue::close() {
  std::vector<Item> dropped;
  std::lock_guard lock{mutex_};
  wake_ = nullptr;
  dropped.swap(items_);
}

}  // namespace sugang
