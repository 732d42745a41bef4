#include "storage/request_expiry.hpp"

#include <algorithm>
#include <vector>

#include "domain/partition.hpp"
#include "storage/bytes.hpp"
#include "storage/journal_keys.hpp"

namespace sugang {
namespace {

/// What the keys of a partition's requests begin with.
std::string requests_of(std::uint16_t partition) {
  return be_bytes(partition) + static_cast<char>(GroupKind::request);
}

/// The entries of one request follow one another; it goes when its newest is old enough.
class ExpiringRequest {
 public:
  ExpiringRequest(TimePoint before, WriteSet& changes) : before_(before), changes_(changes) {}

  void add(std::string_view key, std::string_view value) {
    const auto group = key.substr(0, group_bytes(key));
    if (group != group_) end();
    group_ = group;
    newest_ = std::max(newest_, parse_index_entry(key, value).time);
    keys_.emplace_back(key);
  }
  void end() {
    if (newest_ < before_)
      for (auto& key : keys_) changes_.erase(index_space, std::move(key));
    give_up();
  }
  /// The request's other entries can't be read.
  void give_up() {
    keys_.clear();
    newest_ = TimePoint::min();
  }
  bool holds(std::string_view key) const { return key.substr(0, group_bytes(key)) == group_; }

 private:
  const TimePoint before_;
  WriteSet& changes_;
  std::string group_;
  TimePoint newest_ = TimePoint::min();
  std::vector<std::string> keys_;
};

}  // namespace

std::optional<std::string> find_expired_requests(
    const KeyValueStore& store, TimePoint before, std::string from, std::size_t entries_max,
    const std::function<void(WriteSet)>& erase,
    const std::function<void(const DamagedEntry&, const std::string&)>& found) {
  WriteSet changes;
  ExpiringRequest request{before, changes};
  std::optional<std::string> next;
  std::size_t examined = 0;
  const auto first = from.empty() ? std::uint16_t{0} : ByteReader{from}.be<std::uint16_t>();
  for (auto partition = first; partition < partition_count && !next; ++partition) {
    request.end();
    const auto prefix = requests_of(partition);
    auto reached = std::max(from, prefix);
    auto visit = [&](std::string_view key, std::string_view value) {
      reached = key;
      // A step ends between two requests, never within one.
      if (examined++ >= entries_max && !request.holds(key)) {
        next = key;
        return false;
      }
      request.add(key, value);
      return true;
    };
    try {
      store.scan(index_space, std::string{reached}, after_prefix(prefix), visit);
    } catch (const DamagedEntry& fault) {
      request.give_up();
      found(fault, reached);
    }
  }
  request.end();
  if (!changes.empty()) erase(std::move(changes));
  return next;
}

}  // namespace sugang
