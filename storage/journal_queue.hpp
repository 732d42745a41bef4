#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>
#include <vector>

#include "storage/journal_batch.hpp"

namespace sugang {

/// What has reached the journal and waits for the next batch, in the one order. The linearization point: what an
/// append needs is done before, under this lock it gets its place and no more. From any thread.
class JournalQueue {
 public:
  struct Wake {
    AggregateId id;
    std::function<void(Recovered)> done;
    /// As SequenceGuard::begin_wake gave it.
    std::uint64_t wake = 0;
  };
  struct Learn {
    AggregateId id;
    std::uint64_t wake = 0;
    Sequence sequence = 0;
  };
  struct WakeNew {
    AggregateId id;
    Sequence sequence = 0;
  };
  struct Forget {
    AggregateId id;
  };
  struct LookUp {
    std::vector<AggregateId> ids;
    std::function<void(std::vector<Existence>)> done;
  };
  using Item = std::variant<PlacedAppend, Wake, Learn, WakeNew, Forget, LookUp>;

  /// The ticket of an append; 0 for all else.
  Ticket push(Item item);
  /// Moves all that waits to the end of `taken`.
  void take(std::deque<Item>& taken);
  /// Returns when there is something to commit. False: there is nothing, and it was stopped.
  bool wait();
  void stop();

  /// Of appends that are not settled.
  std::size_t pending_bytes() const { return pending_bytes_.load(std::memory_order_relaxed); }
  /// Appends of so many bytes are durable.
  void settle(std::size_t bytes) { pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Item> items_;
  Ticket last_ticket_ = 0;
  bool committer_sleeps_ = false;
  bool stopped_ = false;
  std::atomic<std::size_t> pending_bytes_{0};
};

}  // namespace sugang
