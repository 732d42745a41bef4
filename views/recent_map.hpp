#pragma once

#include <list>
#include <unordered_map>
#include <utility>

namespace sugang {

/// A map that remembers its use: the entries used longest ago leave when it is trimmed. Pointers to entries stay
/// valid until then, so a chunk of records may hold some.
template <class Key, class Value>
class RecentMap {
 public:
  /// Nothing, or the entry, which now counts as the one used last.
  Value* find(const Key& key) {
    auto it = index_.find(key);
    if (it == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, it->second);
    return &it->second->second;
  }

  Value& put(const Key& key, Value value) {
    if (auto* present = find(key)) return *present = std::move(value);
    entries_.emplace_front(key, std::move(value));
    index_.emplace(key, entries_.begin());
    return entries_.front().second;
  }

  void erase(const Key& key) {
    auto it = index_.find(key);
    if (it == index_.end()) return;
    entries_.erase(it->second);
    index_.erase(it);
  }

  void trim(std::size_t entries_max) {
    while (entries_.size() > entries_max) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Value>>;
  Entries entries_;
  std::unordered_map<Key, typename Entries::iterator> index_;
};

}  // namespace sugang
