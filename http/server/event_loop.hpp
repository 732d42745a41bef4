#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "http/server/call.hpp"
#include "http/server/event_feed.hpp"
#include "http/server/exchange.hpp"
#include "http/server/server_state.hpp"

namespace sugang {

class Connection;

/// One thread with its connections and their requests under way. All functions but context() run on that thread;
/// answers from other threads come through the queue.
class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Socket = boost::asio::ip::tcp::socket;

  explicit EventLoop(ServerState& state);
  ~EventLoop();

  boost::asio::io_context& context() { return context_; }
  ServerState& state() { return state_; }

  /// Runs until shut_down().
  void run();
  /// ServerState::open_connection has counted the connection.
  void adopt(Socket socket, Port port);
  /// Closes everything; run() returns.
  void shut_down();

  /// Returns the ticket of a new call, valid until its answer or its deadline. `counted`: by Admission::try_enter.
  std::uint64_t open_call(Connection& connection, bool counted);
  CallHold& hold(std::uint64_t ticket) { return slot_of(ticket)->hold; }
  Exchange exchange(std::uint64_t ticket) { return {answers_, ticket}; }
  /// Returns the connection that waits for the answer; null if there is none.
  Connection* close_call(std::uint64_t ticket);
  /// The connection closes; its call continues without it.
  void detach(std::uint64_t ticket);
  /// Removes a closed connection.
  void forget(Connection& connection);

  EventFeed& events() { return events_; }
  /// As Connection::begin_drain, for each.
  void begin_drain();
  /// Answers 503 to every request that has no answer yet.
  void answer_rest();

  /// `Date: …\r\n`
  std::string_view date_line();
  std::string make_request_id();

 private:
  struct Slot {
    std::uint32_t generation = 0;
    bool open = false;
    bool counted = false;
    Connection* connection = nullptr;
    CallHold hold;
  };

  Slot* slot_of(std::uint64_t ticket);
  void deliver_answers();
  void resume(const AnswerQueue::Item& item);
  /// Ends the call. Answers with the fault, if a connection waits for the answer; `what` is for the log.
  void give_up(std::uint64_t ticket, Fault fault, std::string_view what = {});
  void give_up_overdue(Clock::time_point now);
  void arm_sweep();
  /// Checks all deadlines.
  void sweep();

  ServerState& state_;
  boost::asio::io_context context_;
  boost::asio::steady_timer sweep_timer_;
  std::chrono::milliseconds sweep_period_;
  std::shared_ptr<AnswerQueue> answers_;
  std::vector<AnswerQueue::Item> burst_;
  EventFeed events_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::string date_line_;
  std::time_t date_second_ = 0;
  std::uint64_t request_id_seed_;
};

}  // namespace sugang
