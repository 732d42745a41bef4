#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/earlier_request.hpp"
#include "domain/record.hpp"

namespace sugang {

class Journal;

/// Requests with an Idempotency-Key: what the journal has of each, and which of them run now. Thread-safe.
class KeyedRequests {
 public:
  using Executor = std::function<void(std::function<void()>)>;

  /// `reads` runs what may block on a disk.
  KeyedRequests(const Journal& journal, Executor reads) : journal_(journal), reads_(std::move(reads)) {}

  /// Looks the request up and, when it is new or joined, marks it in progress until `release`.
  void find(RequestKey key, std::function<void(EarlierRequest)> done);
  void release(const RequestKey& key);
  /// The asker, whose answer releases the request's key.
  Asker releasing(Asker asker);

 private:
  /// A request from its look-up to its answer.
  struct InProgress {
    /// Those who came with the same key while the journal was read; nobody is looked up twice.
    std::vector<std::pair<RequestKey, std::function<void(EarlierRequest)>>> asking;
    bool looked_up = false;
  };

  void tell_earlier(RequestId id, const std::vector<Record>& history);

  const Journal& journal_;
  const Executor reads_;
  std::mutex mutex_;
  std::unordered_map<RequestId, InProgress> in_progress_;
};

}  // namespace sugang
