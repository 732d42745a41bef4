#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "actors/earlier_request.hpp"
#include "domain/record.hpp"

namespace sugang {

class Journal;

/// Requests with an Idempotency-Key: what the journal has of each, and which of them run now, and so may be
/// appended to. Thread-safe.
class KeyedRequests {
 public:
  using Executor = std::function<void(std::function<void()>)>;

  /// `reads` runs what may block on a disk.
  KeyedRequests(Journal& journal, Executor reads);
  ~KeyedRequests();
  KeyedRequests(const KeyedRequests&) = delete;
  KeyedRequests& operator=(const KeyedRequests&) = delete;

  /// Looks the request up and, when it is new or joined, marks it in progress until `release`. One
  /// that can't be read gets an error, and the next looks again.
  void find(RequestKey key, std::function<void(EarlierRequest)> done);
  void release(const RequestKey& key) { in_progress_->release(key.id); }
  /// The caller, which releases the request's key when it is answered, or dropped without an answer.
  Caller releasing(Caller caller);

 private:
  using Asking = std::vector<std::pair<RequestKey, std::function<void(EarlierRequest)>>>;
  /// Each request from its look-up to its answer.
  struct InProgress {
    struct Entry {
      /// Requests with the same key that arrive while the journal is read; none is looked up twice.
      Asking asking;
      bool looked_up = false;
    };
    std::mutex mutex;
    std::unordered_map<RequestId, Entry> entries;
    /// Where those that were looked up are loaded; null once KeyedRequests is gone.
    Journal* journal = nullptr;

    void release(RequestId id);
  };

  using History = std::variant<std::vector<Record>, ServiceError>;
  void reply_earlier(RequestId id, const History& history);

  Journal& journal_;
  const Executor reads_;
  /// Shared with callers, which may end later.
  const std::shared_ptr<InProgress> in_progress_ = std::make_shared<InProgress>();
};

}  // namespace sugang
