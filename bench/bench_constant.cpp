// The ceiling: one thread of plain Beast that reads each request whole and answers always the same.
// usage: bench_constant [ADDR:PORT]   Prints one JSON line when it listens, as sugangd does.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

namespace {

/// As long as a confirmed enrollment, so that both servers write about as many bytes.
const std::string answer_body(640, 'x');

http::response<http::string_body> constant_answer() {
  http::response<http::string_body> answer{http::status::created, 11};
  answer.set(http::field::content_type, "application/json");
  answer.keep_alive(true);
  answer.body() = answer_body;
  answer.prepare_payload();
  return answer;
}

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : stream_(std::move(socket)) {}

  void read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->write();
    });
  }

 private:
  void write() {
    http::async_write(stream_, answer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->read();
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> answer_ = constant_answer();
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
    if (error) return;
    socket.set_option(tcp::no_delay(true));
    std::make_shared<Session>(std::move(socket))->read();
    accept(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string listen = argc > 1 ? argv[1] : "127.0.0.1:0";
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) {
    std::cerr << "usage: bench_constant [ADDR:PORT]\n";
    return 2;
  }
  asio::io_context context{1};
  tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::make_address(listen.substr(0, colon)),
                                                static_cast<unsigned short>(std::stoi(listen.substr(colon + 1)))}};
  asio::signal_set signals{context, SIGTERM, SIGINT};
  signals.async_wait([&context](beast::error_code, int) { context.stop(); });
  accept(acceptor);
  std::cout << "{\"ready\": true, \"listen\": \"" << listen.substr(0, colon) << ':'
            << acceptor.local_endpoint().port() << "\"}" << std::endl;
  context.run();
}
