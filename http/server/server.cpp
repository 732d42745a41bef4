#include "http/server/server.hpp"

#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <thread>
#include <vector>

#include "http/server/connection.hpp"
#include "http/server/event_loop.hpp"
#include "http/server/response.hpp"

namespace sugang {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Without a free file descriptor accept() fails at once; a retry without a pause would spin.
constexpr std::chrono::milliseconds accept_retry{100};

std::string text_of(const tcp::endpoint& endpoint) {
  const auto host = endpoint.address().to_string();
  const auto port = ":" + std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + host + "]" + port : host + port;
}

}  // namespace

struct Server::Impl {
  struct Listener {
    Listener(EventLoop& loop, const ListenAddress& address, Port which)
        : acceptor(listen(loop, address)),
          retry(loop.context()),
          port(which),
          endpoint(acceptor.local_endpoint()) {}
    tcp::acceptor acceptor;
    asio::steady_timer retry;
    Port port;
    tcp::endpoint endpoint;
  };

  /// Throws std::system_error, which names the address.
  static tcp::acceptor listen(EventLoop& loop, const ListenAddress& address) {
    try {
      return {loop.context(), tcp::endpoint{asio::ip::make_address(address.host), address.port}};
    } catch (const boost::system::system_error& error) {
      throw std::system_error{error.code(), address.host + ":" + std::to_string(address.port)};
    }
  }

  Impl(Site site, const ServerSettings& settings, std::shared_ptr<RequestObserver> observer)
      : state(std::move(site), settings.limits, std::move(observer)),
        loops(make_loops(state, settings.threads)),
        client(*loops.front(), settings.client, Port::client),
        management(*loops.front(), settings.management, Port::management) {}

  static std::vector<std::unique_ptr<EventLoop>> make_loops(ServerState& state, std::size_t count) {
    std::vector<std::unique_ptr<EventLoop>> loops;
    for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
      loops.push_back(std::make_unique<EventLoop>(state));
    return loops;
  }

  void accept(Listener& listener) {
    auto& loop = *loops[next_loop++ % loops.size()];
    listener.acceptor.async_accept(loop.context(),
                                   [this, &listener, &loop](boost::system::error_code error, tcp::socket socket) {
                                     if (error == asio::error::operation_aborted || !listener.acceptor.is_open())
                                       return;
                                     if (error) return accept_later(listener, error);
                                     take(std::move(socket), listener.port, loop);
                                     accept(listener);
                                   });
  }

  void accept_later(Listener& listener, const boost::system::error_code& error) {
    if (state.observer) state.observer->accept_failed(to_text(listener.port), error.message());
    listener.retry.expires_after(accept_retry);
    listener.retry.async_wait([this, &listener](boost::system::error_code cancelled) {
      if (!cancelled) accept(listener);
    });
  }

  void take(tcp::socket socket, Port port, EventLoop& loop) {
    if (!state.open_connection(port)) return refuse(std::move(socket), port);
    asio::dispatch(loop.context(), [&loop, port, accepted = std::move(socket)]() mutable {
      loop.adopt(std::move(accepted), port);
    });
  }

  /// Answers 503 with one write, for which a new socket always has room, and closes.
  void refuse(tcp::socket socket, Port port) {
    if (state.observer) state.observer->connection_refused(to_text(port), state.connections_max(port));
    std::string bytes;
    auto& loop = *loops.front();
    const auto id = loop.make_request_id();
    constexpr std::string_view why = "too many connections are open";
    write_response(port == Port::client ? state.refuse_for_now(Fault::overloaded, {}, why)
                                        : state.site.refuse(Fault::overloaded, {}, why),
                   {.request_id = id, .date_line = loop.date_line(), .keep_alive = false}, bytes);
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(bytes), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    // To close over unread bytes sends a reset, which may overtake the answer.
    std::array<char, 16 << 10> unread;
    socket.read_some(asio::buffer(unread), ignored);
  }

  void start() {
    accept(client);
    accept(management);
    for (auto& loop : loops) threads.emplace_back([&loop] { loop->run(); });
  }

  void drain() {
    state.draining = true;
    for (auto& loop : loops) asio::post(loop->context(), [&loop] { loop->begin_drain(); });
  }

  void answer_rest() {
    for (auto& loop : loops) asio::post(loop->context(), [&loop] { loop->answer_rest(); });
  }

  void stop() {
    if (threads.empty()) return;
    asio::post(loops.front()->context(), [this] {
      boost::system::error_code ignored;
      client.acceptor.close(ignored);
      management.acceptor.close(ignored);
      client.retry.cancel();
      management.retry.cancel();
    });
    for (auto& loop : loops) asio::post(loop->context(), [&loop] { loop->shut_down(); });
    for (auto& thread : threads) thread.join();
    threads.clear();
  }

  ServerState state;
  std::vector<std::unique_ptr<EventLoop>> loops;
  Listener client;
  Listener management;
  std::vector<std::thread> threads;
  std::size_t next_loop = 0;
};

Server::Server(Site site, ServerSettings settings, std::shared_ptr<RequestObserver> observer)
    : impl_(std::make_unique<Impl>(std::move(site), settings, std::move(observer))) {}

Server::~Server() { stop(); }

void Server::start() { impl_->start(); }

std::string Server::client_address() const { return text_of(impl_->client.endpoint); }
std::string Server::management_address() const { return text_of(impl_->management.endpoint); }

void Server::drain() { impl_->drain(); }

bool Server::await_answered(std::chrono::milliseconds within) { return impl_->state.await_answered(within); }

void Server::answer_rest() { impl_->answer_rest(); }

void Server::stop() { impl_->stop(); }

ServerStats Server::stats() const {
  const auto& state = impl_->state;
  return {state.admission.in_flight(), state.admission.streams(), state.refused.load()};
}

}  // namespace sugang
