#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/server/event_loop.hpp"
#include "http/server/event_stream.hpp"
#include "http/server/framing_policy.hpp"
#include "http/server/read_buffer.hpp"
#include "http/server/request.hpp"
#include "http/server/request_parser.hpp"
#include "http/server/router.hpp"

namespace sugang {

/// One client's connection. It reads a request, hands it on, writes the answer and reads the next: requests that
/// arrive early wait in its buffer, and it reads nothing more while it waits, so a client cannot pile up work.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = EventLoop::Clock;

  Connection(EventLoop& loop, EventLoop::Socket socket, Port port);
  ~Connection();

  void start();
  /// The answer to the request under way.
  void answer(Response response);
  /// More of the stream under way, framed.
  void send_more(std::string_view bytes);
  /// Ends the stream under way; what was sent is still written.
  void end_stream();
  /// Ends a stream, and refuses a request that has come in part: its rest would come for nothing.
  void begin_drain();
  void check_deadline(Clock::time_point now);
  /// At once; what is under way is forgotten.
  void close();
  /// Of the request under way.
  std::string path() const { return std::string{request_.path}; }

  /// Where the loop's list has it.
  std::size_t place = 0;

 private:
  enum class Phase : std::uint8_t { header, body, waiting, streaming, closing, lingering, closed };

  /// Does what can be done with the bytes there are, then reads or writes.
  void advance();
  // A step; false when there is nothing to do but wait.

  bool step();
  bool step_header();
  bool accept_header();
  bool begin_body();
  bool step_body();
  bool step_stream();
  bool handle_request();

  Handled call_handler();
  /// An answer to bytes that are no request; the connection ends with it. True: the next step sends it.
  bool refuse(Fault fault, std::string_view detail = {});
  /// While the server drains nothing more is read from a client whose requests are answered.
  bool ends_with_drain();
  void begin_stream(const Response& response);
  void put_answer(const Response& response, bool keep_alive);
  /// The next request knows nothing of the last.
  void forget_request();

  void read_more();
  void on_read(boost::system::error_code error, std::size_t count);
  /// True when all that was to be sent is with the kernel.
  bool flush();
  void finish();
  void settle_if_written();
  void set_deadline(std::uint32_t timeout_ms);
  /// For a client to whom all was written.
  void set_rest_deadline();

  EventLoop& loop_;
  EventLoop::Socket socket_;
  const Port port_;
  Phase phase_ = Phase::header;
  Clock::time_point deadline_;

  ReadBuffer in_;
  HeaderScanner scanner_;
  std::string header_;
  std::string body_;
  Request request_;
  std::optional<RequestParser> parser_;
  RouteMatch match_;
  /// Of a catalogue under way.
  ImportPlace import_place_;
  /// Of the request under way.
  std::string caller_;
  /// The client's address, once for all its requests.
  std::string address_;
  std::uint64_t ticket_ = 0;
  /// While streaming.
  std::unique_ptr<EventStream> stream_;
  /// When the request had been read; while it is read, when it began.
  Clock::time_point started_;

  std::string out_;
  std::string sending_;
  bool advancing_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool header_begun_ = false;
  /// The request under way counts as unanswered.
  bool busy_ = false;
  /// What the client still sends is thrown away before the close, so that it can read the answer.
  bool linger_ = false;
};

}  // namespace sugang
