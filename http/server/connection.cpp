#include "http/server/connection.hpp"

#include <boost/asio/write.hpp>
#include <utility>

#include "http/server/field_text.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

/// Answers to pipelined requests are sent together; beyond this size they are sent before the next request.
constexpr std::size_t gathered_bytes_max = 64 << 10;

/// A larger buffer is freed when it is empty.
constexpr std::size_t kept_bytes_max = 64 << 10;

TraceContext trace_of(const Request& request) {
  return parse_traceparent(request.field(RequestField::traceparent).value_or(""));
}

/// Clears the buffer. A connection that stays open does not keep the memory of one long body or answer.
void release(std::string& bytes) {
  bytes.clear();
  if (bytes.capacity() > kept_bytes_max) std::string{}.swap(bytes);
}

}  // namespace

Connection::Connection(EventLoop& loop, EventLoop::Socket socket, Port port)
    : loop_(loop), socket_(std::move(socket)), port_(port) {
  boost::system::error_code error;
  if (const auto peer = socket_.remote_endpoint(error); !error) address_ = peer.address().to_string();
}

Connection::~Connection() { loop_.state().close_connection(port_); }

void Connection::start() {
  boost::system::error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
  socket_.non_blocking(true, ignored);
  set_deadline(loop_.state().limits.header_read_timeout_ms);
  advance();
}

void Connection::set_deadline(std::uint32_t timeout_ms) {
  deadline_ = Clock::now() + std::chrono::milliseconds{timeout_ms};
}

void Connection::set_idle_deadline() {
  const auto& limits = loop_.state().limits;
  set_deadline(phase_ == Phase::streaming ? limits.event_stream_keep_alive_ms : limits.idle_timeout_ms);
}

void Connection::advance() {
  if (advancing_) return;
  auto self = shared_from_this();
  advancing_ = true;
  while (step()) {
  }
  advancing_ = false;
  end_request_if_written();
}

bool Connection::step() {
  if (writing_) return false;
  if (out_.size() > gathered_bytes_max && !flush()) return false;
  switch (phase_) {
    case Phase::header: return step_header();
    case Phase::body: return step_body();
    case Phase::waiting: flush(); return false;
    case Phase::streaming: return step_stream();
    case Phase::closing:
      if (flush()) finish();
      return false;
    case Phase::lingering:
    case Phase::closed: return false;
  }
  return false;
}

bool Connection::step_header() {
  const auto& limits = loop_.state().limits;
  // Empty lines before a request are ignored (RFC 9112, 2.2).
  while (in_.bytes().starts_with("\r\n")) in_.consume(2);
  if (!in_.empty() && !header_begun_) {
    header_begun_ = true;
    started_ = Clock::now();
    set_deadline(limits.header_read_timeout_ms);
  }
  const auto found = scanner_.scan(in_.bytes());
  if (found == HeaderScanner::Found::bare_line_feed)
    return refuse(Fault::malformed, "a line feed without a carriage return");
  const bool ended = found == HeaderScanner::Found::end;
  if ((ended ? scanner_.size() : in_.bytes().size()) > limits.header_bytes_max)
    return refuse(Fault::header_too_large);
  if (ended) return accept_header();
  if (end_if_draining()) return true;
  if (flush()) read_more();
  return false;
}

bool Connection::accept_header() {
  // Copied, because the request's views point into it and in_ moves its bytes.
  header_.assign(in_.bytes().substr(0, scanner_.size()));
  in_.consume(scanner_.size());
  scanner_.reset();
  header_begun_ = false;
  parser_.emplace(request_, body_, loop_.state().limits.chunk_overhead_bytes_max);
  if (auto fault = framing_fault(header_)) return refuse(Fault::malformed, *fault);
  RequestParser::Error error;
  parser_->put(boost::asio::buffer(header_), error);
  if (parser_->field_repeated()) return refuse(Fault::malformed, "a field that may occur once occurs twice");
  if (error || !parser_->is_header_done() || request_.path.empty())
    return refuse(Fault::malformed, "the header is not HTTP");
  const auto& site = loop_.state().site;
  match_ = find_route(port_ == Port::client ? site.client_routes : site.management_routes, request_.method,
                      request_.path);
  request_.path_id = match_.path_id;
  return begin_body();
}

bool Connection::begin_body() {
  const auto& limits = loop_.state().limits;
  if (auto expect = request_.field(RequestField::expect); expect && !same_word(*expect, "100-continue"))
    return refuse(Fault::expectation_failed);
  const auto bytes_max = body_bytes_max(match_, request_, limits);
  if (parser_->content_length().value_or(0) > bytes_max) return refuse(Fault::content_too_large);
  if (is_import(match_, request_) && !(import_place_ = loop_.state().admission.try_enter_import())) {
    loop_.state().refused.fetch_add(1, std::memory_order_relaxed);
    return refuse(Fault::overloaded, "too many imports are under way");
  }
  if (parser_->is_done()) return handle_request();
  parser_->limit_body(bytes_max);
  parser_->eager(true);
  phase_ = Phase::body;
  set_deadline(limits.body_read_timeout_ms);
  if (request_.field(RequestField::expect) && !parser_->is_http_1_0() && in_.empty())
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
  return true;
}

bool Connection::step_body() {
  RequestParser::Error error;
  if (!in_.empty()) in_.consume(parser_->put(boost::asio::buffer(in_.bytes()), error));
  if (error && error != boost::beast::http::error::need_more) {
    if (parser_->body_too_large()) return refuse(Fault::content_too_large);
    return refuse(Fault::malformed, "the body's chunked framing is broken");
  }
  if (parser_->is_done()) return handle_request();
  // What is left in the buffer is the beginning of a chunk's header or of the trailer.
  if (in_.bytes().size() > loop_.state().limits.chunk_overhead_bytes_max)
    return refuse(Fault::malformed, "a chunk's header or the trailer is too long");
  if (end_if_draining()) return true;
  if (flush()) read_more();
  return false;
}

bool Connection::step_stream() {
  if (flush()) stream_->on_flushed();
  // The stream may have ended in that call; then its last bytes are still to be sent.
  return phase_ == Phase::closing;
}

bool Connection::handle_request() {
  auto& state = loop_.state();
  started_ = Clock::now();
  request_.body = body_;
  phase_ = Phase::waiting;
  const bool client = port_ == Port::client;
  // A pipelined request begins before the answer to the last one is written, so a connection is counted once, until
  // all its answers are written.
  if (client && !std::exchange(busy_, true)) state.begin_request();
  if (client && state.draining) {
    answer(state.refuse_for_now(Fault::draining, path()));
  } else if (client && !state.admission.try_enter()) {
    answer(state.refuse_for_now(Fault::overloaded, path()));
  } else {
    ticket_ = loop_.open_call(*this, client);
    if (auto handled = call_handler()) {
      loop_.close_call(ticket_);
      answer(std::move(*handled));
    }
  }
  return true;
}

Handled Connection::call_handler() {
  auto& state = loop_.state();
  Call call{.request = request_,
            .body = body_,
            .site = state.site,
            .backend = state.site.backend,
            .limits = state.limits,
            .admission = state.admission,
            .hold = loop_.hold(ticket_),
            .import_place = std::move(import_place_),
            .exchange = loop_.exchange(ticket_),
            .trace = trace_of(request_),
            .caller = caller_,
            .now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()),
            .draining = state.draining};
  return handle(match_, call);
}

void Connection::answer(Response response) {
  if (response.events_after && request_.method != Method::head) return begin_stream(response);
  // A drain closes the connection behind the last pipelined request that was read.
  const bool drained = loop_.state().draining && in_.empty();
  const bool keep_alive = !response.close && !parser_->wants_close() && !drained;
  put_answer(response, keep_alive);
  forget_request();
  phase_ = keep_alive ? Phase::header : Phase::closing;
  if (keep_alive) set_idle_deadline();
  advance();
}

void Connection::begin_stream(const Response& response) {
  auto& state = loop_.state();
  stream_ = loop_.events().open(*this, *response.events_after, !parser_->is_http_1_0());
  if (!stream_)
    return answer(state.refuse_for_now(Fault::overloaded, path(), "too many clients follow the events"));
  boost::system::error_code ignored;
  const auto send_bytes = static_cast<int>(state.limits.event_stream_send_bytes);
  socket_.set_option(boost::asio::socket_base::send_buffer_size{send_bytes}, ignored);
  put_answer(response, false);
  phase_ = Phase::streaming;
  // No answer can follow a stream, so later requests are discarded. Reading detects that the client has closed.
  in_.clear();
  read_more();
  send_more(stream_->opening(response.events_from_now));
}

void Connection::send_more(std::string_view bytes) {
  out_.append(bytes);
  if (!writing_) set_idle_deadline();
  advance();
}

void Connection::end_stream() {
  // A client that does not read would not see the end either.
  if (writing_) return close();
  out_.append(stream_->ending());
  stream_.reset();
  phase_ = Phase::closing;
  advance();
}

bool Connection::refuse(Fault fault, std::string_view detail) {
  put_answer(loop_.state().site.refuse(fault, path(), detail), false);
  in_.clear();
  scanner_.reset();
  import_place_ = nullptr;
  phase_ = Phase::closing;
  advance();
  return true;
}

bool Connection::end_if_draining() {
  if (port_ != Port::client || !loop_.state().draining) return false;
  // The rest of the request would be read only to be refused.
  if (phase_ == Phase::body || !in_.empty()) return refuse(Fault::draining);
  if (busy_) phase_ = Phase::closing;
  return busy_;
}

void Connection::begin_drain() {
  if (phase_ == Phase::streaming) return end_stream();
  if (phase_ == Phase::header || phase_ == Phase::body) advance();
}

void Connection::forget_request() {
  request_ = {};
  parser_.reset();
  match_ = {};
  import_place_ = nullptr;
  caller_.clear();
  release(body_);
}

void Connection::put_answer(const Response& response, bool keep_alive) {
  const auto given = request_.field(RequestField::x_request_id);
  const auto id = given && is_valid_request_id(*given) ? std::string{*given} : loop_.make_request_id();
  write_response(response,
                 {.request_id = id,
                  .date_line = loop_.date_line(),
                  .head_only = request_.method == Method::head,
                  .keep_alive = keep_alive,
                  .http_1_0 = parser_ && parser_->is_http_1_0()},
                 out_);
  if (const auto& observer = loop_.state().observer) {
    const auto wait = parse_prefer(request_.field(RequestField::prefer).value_or("")).effective_wait();
    const auto route = match_.route ? match_.route->path : phase_ == Phase::waiting ? "unrouted" : "unread";
    observer->answered({.method = to_text(request_.method),
                        .route = route,
                        .status = response.status,
                        .took = Clock::now() - started_,
                        .chose_to_wait = wait > std::chrono::seconds{0},
                        .problem = problem_name(response),
                        .fault = response.fault,
                        .request_id = id,
                        .trace = trace_of(request_),
                        .address = address_,
                        .caller = caller_});
  }
}

void Connection::read_more() {
  if (reading_ || phase_ == Phase::closed) return;
  reading_ = true;
  socket_.async_read_some(in_.prepare(),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
                            self->on_read(error, count);
                          });
}

void Connection::on_read(boost::system::error_code error, std::size_t count) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (error) return close();
  if (phase_ == Phase::lingering || phase_ == Phase::streaming) return read_more();
  if (phase_ == Phase::closing) return;
  in_.commit(count);
  advance();
}

bool Connection::flush() {
  if (writing_) return false;
  if (out_.empty()) return true;
  boost::system::error_code error;
  const auto sent = socket_.write_some(boost::asio::buffer(out_), error);
  if (sent == out_.size()) {
    release(out_);
    return true;
  }
  if (error && error != boost::asio::error::would_block) {
    close();
    return false;
  }
  writing_ = true;
  write_deadline_ = Clock::now() + std::chrono::milliseconds{loop_.state().limits.write_timeout_ms};
  sending_.assign(out_, sent);
  release(out_);
  boost::asio::async_write(socket_, boost::asio::buffer(sending_),
                           [self = shared_from_this()](boost::system::error_code failed, std::size_t) {
                             self->writing_ = false;
                             release(self->sending_);
                             if (self->phase_ == Phase::closed) return;
                             if (failed) return self->close();
                             // That of a request which has begun goes on.
                             if (!self->header_begun_ && self->phase_ != Phase::body) self->set_idle_deadline();
                             self->advance();
                           });
  return false;
}

/// A close with bytes unread resets the connection, which can take the answer from the client (RFC 9112, 9.6). So
/// whatever still comes is read, until the client closes.
void Connection::finish() {
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
  phase_ = Phase::lingering;
  in_.clear();
  set_deadline(loop_.state().limits.linger_timeout_ms);
  end_request_if_written();
  read_more();
}

void Connection::end_request_if_written() {
  if (!busy_ || (phase_ != Phase::closed && (phase_ == Phase::waiting || writing_ || !out_.empty()))) return;
  busy_ = false;
  loop_.state().end_request();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  auto self = shared_from_this();
  if (phase_ == Phase::waiting) loop_.detach(ticket_);
  phase_ = Phase::closed;
  stream_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);
  loop_.forget(*this);
  end_request_if_written();
}

void Connection::check_deadline(Clock::time_point now) {
  if (now < (writing_ ? write_deadline_ : deadline_) || phase_ == Phase::closed) return;
  if (writing_ || phase_ == Phase::lingering || phase_ == Phase::closing) return close();
  // The deadline of the call applies, which the loop checks.
  if (phase_ == Phase::waiting) return;
  if (phase_ == Phase::streaming) return send_more(stream_->keep_alive());
  if (phase_ == Phase::header && !header_begun_) return close();
  refuse(Fault::request_timeout);
}

}  // namespace sugang
