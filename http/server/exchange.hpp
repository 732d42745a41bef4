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

/// Brings answers from any thread to one event loop: a list under a lock, and one wake per burst.
class AnswerQueue {
 public:
  struct Item {
    std::uint64_t ticket = 0;
    /// An item without answer and work: the request was dropped, and will get no answer.
    std::optional<Response> response;
    /// Work for the loop's thread instead of an answer; `waits`: the request has no answer yet.
    std::function<void(bool waits)> resume;
  };

  /// The ticket of work that belongs to no request.
  static constexpr std::uint64_t no_ticket = UINT64_MAX;

  /// `wake` runs under the lock, on the pushing thread, and only posts.
  explicit AnswerQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(Item item);
  /// Moves all items to `into`, which must be empty. The next push wakes again.
  void take(std::vector<Item>& into);
  /// Drops all items, also later ones.
  void close();

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<Item> items_;
};

/// The response path of one request. Copies may outlive the request, its connection and the server: a late answer
/// is dropped. When the last copy is destroyed without an answer (a turn that threw, a message to an actor that is
/// gone), the request is answered 500.
class Exchange {
 public:
  Exchange(std::shared_ptr<AnswerQueue> queue, std::uint64_t ticket)
      : state_(std::make_shared<State>(std::move(queue), ticket)) {}

  /// From any thread; the first answer counts.
  void answer(Response response) const {
    if (!state_->answered.exchange(true)) state_->queue->push({state_->ticket, std::move(response), {}});
  }
  /// For a request that is answered by another path.
  void mark_answered() const { state_->answered = true; }
  /// Runs `work` on the loop's thread, unless the server has stopped. `waits`: the request has no answer yet.
  void resume(std::function<void(bool waits)> work) const {
    state_->queue->push({state_->ticket, std::nullopt, std::move(work)});
  }

 private:
  struct State {
    State(std::shared_ptr<AnswerQueue> to, std::uint64_t of) : queue(std::move(to)), ticket(of) {}
    ~State() {
      if (!answered) queue->push({ticket, std::nullopt, {}});
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    const std::shared_ptr<AnswerQueue> queue;
    const std::uint64_t ticket;
    std::atomic<bool> answered{false};
  };

  std::shared_ptr<State> state_;
};

}  // namespace sugang
