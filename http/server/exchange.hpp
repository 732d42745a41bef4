#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "http/server/response.hpp"

namespace sugang {

/// Answers from other threads on their way to one event loop: a list under a lock, and one wake per burst.
class AnswerQueue {
 public:
  struct Item {
    std::uint64_t ticket = 0;
    /// Neither this nor work: whatever was to answer the request is gone, and never will.
    std::optional<Response> response;
    /// Work for the loop's thread instead of an answer; `waits`: the request has no answer yet.
    std::function<void(bool waits)> resume;
  };

  /// The ticket of work that belongs to no request.
  static constexpr std::uint64_t no_ticket = UINT64_MAX;

  /// `wake` runs under the lock, on the pushing thread, and only posts.
  explicit AnswerQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(Item item);
  /// Takes all that has gathered; the next push wakes again.
  void take(std::vector<Item>& into);
  /// Whatever comes later is thrown away.
  void close();

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<Item> items_;
};

/// The way back of one request's answer. Copies may outlive the request, its connection and the server: what comes
/// too late is thrown away. When the last copy goes without an answer (a turn that threw, a message to an actor
/// that is gone), the request is answered 500.
class Exchange {
 public:
  Exchange(std::shared_ptr<AnswerQueue> queue, std::uint64_t ticket)
      : way_(std::make_shared<Way>(std::move(queue), ticket)) {}

  /// From any thread; the first answer counts.
  void answer(Response response) const {
    if (!way_->answered.exchange(true)) way_->queue->push({way_->ticket, std::move(response), {}});
  }
  /// The request was answered without it.
  void settle() const { way_->answered = true; }
  /// Runs `work` on the loop's thread, also when the request does not wait any more, unless the server has stopped.
  void resume(std::function<void(bool waits)> work) const {
    way_->queue->push({way_->ticket, std::nullopt, std::move(work)});
  }

 private:
  struct Way {
    Way(std::shared_ptr<AnswerQueue> to, std::uint64_t of) : queue(std::move(to)), ticket(of) {}
    ~Way() {
      if (!answered) queue->push({ticket, std::nullopt, {}});
    }
    Way(const Way&) = delete;
    Way& operator=(const Way&) = delete;

    const std::shared_ptr<AnswerQueue> queue;
    const std::uint64_t ticket;
    std::atomic<bool> answered{false};
  };

  std::shared_ptr<Way> way_;
};

}  // namespace sugang
