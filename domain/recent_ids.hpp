#pragma once

#include <cstddef>
#include <deque>
#include <unordered_set>

namespace sugang {

/// The ids inserted last, at most `count_max` of them; the one inserted first is forgotten first. Age is the number
/// of later insertions and never the time inside an id: that comes from a clock, which may have been wrong.
template <class Id, std::size_t count_max>
class RecentIds {
 public:
  bool contains(const Id& id) const { return known_.contains(id); }
  void insert(const Id& id) {
    if (!known_.insert(id).second) return;
    order_.push_back(id);
    if (order_.size() <= count_max) return;
    known_.erase(order_.front());
    order_.pop_front();
  }
  /// Oldest insertion first.
  const std::deque<Id>& in_order() const { return order_; }
  std::size_t size() const { return order_.size(); }
  bool operator==(const RecentIds& other) const { return order_ == other.order_; }

 private:
  std::deque<Id> order_;
  std::unordered_set<Id> known_;
};

}  // namespace sugang
