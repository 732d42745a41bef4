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

/// One client's connection: reads a request, calls its handler, writes the answer, continues with the next request.
/// Nothing is read while an answer is awaited, so a client that sends many requests at once fills only the read
/// buffer.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = EventLoop::Clock;

  Connection(EventLoop& loop, EventLoop::Socket socket, Port port);
  ~Connection();

  void start();
  /// Answers the request under way.
  void answer(Response response);
  /// Sends more of the event stream. The bytes are framed.
  void send_more(std::string_view bytes);
  /// Ends the event stream. A client that has not taken all earlier bytes is cut off.
  void end_stream();
  /// Ends an event stream, and refuses a request of which only a part has arrived.
  void begin_drain();
  void check_deadline(Clock::time_point now);
  /// Closes the socket at once. A later answer to the request under way is dropped.
  void close();
  /// The path of the request under way.
  std::string path() const { return std::string{request_.path}; }

  /// Index in the loop's list of connections.
  std::size_t loop_index = 0;

 private:
  enum class Phase : std::uint8_t { header, body, waiting, streaming, closing, lingering, closed };

  /// Takes steps until one has to wait.
  void advance();
  // A step returns false when it has to wait for a read, a write or an answer.
  bool step();
  bool step_header();
  bool accept_header();
  bool begin_body();
  bool step_body();
  bool step_stream();
  bool handle_request();

  Handled call_handler();
  /// Answers what is not a complete, acceptable request, and ends the connection. Returns true: the next step sends
  /// the answer.
  bool refuse(Fault fault, std::string_view detail = {});
  /// While the server drains: refuses a request of which only a part has arrived, or closes behind the last answer.
  /// False: the connection stays open.
  bool end_if_draining();
  void begin_stream(const Response& response);
  void put_answer(const Response& response, bool keep_alive);
  /// Resets what belongs to one request.
  void forget_request();

  void read_more();
  void on_read(boost::system::error_code error, std::size_t count);
  /// Sends out_. True when the kernel has taken all of it.
  bool flush();
  /// Ends the answers, and closes once the client has closed.
  void finish();
  /// Stops counting the connection as unanswered, once all its answers are written or it is closed.
  void end_request_if_written();
  void set_deadline(std::uint32_t timeout_ms);
  /// For a client that has received everything: until it is idle too long, or a stream needs its keep-alive.
  void set_idle_deadline();

  EventLoop& loop_;
  EventLoop::Socket socket_;
  const Port port_;
  Phase phase_ = Phase::header;
  Clock::time_point deadline_;
  /// Applies in its place while a write is under way.
  Clock::time_point write_deadline_;

  ReadBuffer in_;
  HeaderScanner scanner_;
  /// request_ has views of it.
  std::string header_;
  std::string body_;
  Request request_;
  std::optional<RequestParser> parser_;
  RouteMatch match_;
  /// Set while an import is read.
  ImportPlace import_place_;
  /// See Call::caller.
  std::string caller_;
  /// The client's network address.
  std::string address_;
  std::uint64_t ticket_ = 0;
  /// Set in Phase::streaming.
  std::unique_ptr<EventStream> stream_;
  /// When the request was complete; until then, when its first byte arrived.
  Clock::time_point started_;

  /// Not sent yet.
  std::string out_;
  /// The bytes of an asynchronous write.
  std::string sending_;
  bool advancing_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool header_begun_ = false;
  /// Counted in ServerState::begin_request.
  bool busy_ = false;
};

}  // namespace sugang
