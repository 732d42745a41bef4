#include "consumers/curl_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

namespace sugang {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// A tiny HTTP server on a free port of the loopback: one answer per connection; for `/hang` none.
class LocalServer {
 public:
  LocalServer() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, plain, &size) != 0)
      throw std::runtime_error("no local server");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { run(); }};
  }
  ~LocalServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (int each : hanging_) ::close(each);
  }

  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  std::vector<std::string> requests() {
    const std::lock_guard lock{mutex_};
    return requests_;
  }
  /// What each path is answered with.
  static std::string answer_to(const std::string& path) {
    if (path == "/moved") return "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n";
    if (path == "/gone") return "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";
    if (path == "/endless") return "HTTP/1.1 200 OK\r\n\r\n" + std::string(1 << 20, 'x');
    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
  }

 private:
  void run() {
    for (int peer = ::accept(listener_, nullptr, nullptr); peer >= 0;
         peer = ::accept(listener_, nullptr, nullptr)) {
      const auto request = read_request(peer);
      if (request.empty()) {
        // The caller ended between its connect and its request.
        ::close(peer);
        continue;
      }
      const auto path = request.substr(5, request.find(' ', 5) - 5);
      {
        const std::lock_guard lock{mutex_};
        requests_.push_back(request);
      }
      if (path == "/hang") {
        hanging_.push_back(peer);
        continue;
      }
      const auto answer = answer_to(path);
      for (std::size_t sent = 0; sent < answer.size();) {
        const auto count = ::send(peer, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) break;
        sent += static_cast<std::size_t>(count);
      }
      ::close(peer);
    }
  }
  static std::string read_request(int peer) {
    std::string request;
    char bytes[4096];
    for (;;) {
      if (const auto end = request.find("\r\n\r\n"); end != std::string::npos) {
        const auto length = request.find("Content-Length: ");
        const auto wanted =
            length == std::string::npos ? 0 : std::strtoul(request.c_str() + length + 16, nullptr, 10);
        if (request.size() >= end + 4 + wanted) return request;
      }
      const auto count = ::recv(peer, bytes, sizeof bytes, 0);
      if (count <= 0) return request;
      request.append(bytes, static_cast<std::size_t>(count));
    }
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> hanging_;
  std::thread thread_;
};

std::future<WebhookAnswer> post(CurlTransport& transport, const std::string& url,
                                Milliseconds timeout = Milliseconds{20'000}) {
  auto promise = std::make_shared<std::promise<WebhookAnswer>>();
  transport.post({.url = url,
                  .headers = {{"content-type", "application/json"}, {"webhook-id", "evt_1"}},
                  .body = "{\"type\":\"enrollment.confirmed\"}",
                  .timeout = timeout},
                 [promise](WebhookAnswer answer) { promise->set_value(std::move(answer)); });
  return promise->get_future();
}

WebhookAnswer answer_of(std::future<WebhookAnswer> answer) {
  if (answer.wait_for(std::chrono::seconds{30}) != std::future_status::ready)
    return {std::nullopt, "no word at all"};
  return answer.get();
}

TEST(CurlTransport, PostsTheBodyAndTheHeaders) {
  LocalServer server;
  CurlTransport transport;
  const auto answer = answer_of(post(transport, server.url("/hook?a=b")));
  EXPECT_EQ(answer.status, 200) << answer.error;
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_THAT(server.requests()[0],
              AllOf(StartsWith("POST /hook?a=b HTTP/1.1\r\n"), HasSubstr("\r\ncontent-type: application/json\r\n"),
                    HasSubstr("\r\nwebhook-id: evt_1\r\n"),
                    HasSubstr("\r\n\r\n{\"type\":\"enrollment.confirmed\"}"), Not(HasSubstr("Expect"))));
}

TEST(CurlTransport, FollowsNoRedirect) {
  LocalServer server;
  CurlTransport transport;
  EXPECT_EQ(answer_of(post(transport, server.url("/moved"))).status, 302);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(CurlTransport, ReportsTheStatusWhateverTheBody) {
  LocalServer server;
  CurlTransport transport;
  EXPECT_EQ(answer_of(post(transport, server.url("/gone"))).status, 410);
  EXPECT_EQ(answer_of(post(transport, server.url("/endless"))).status, 200);
}

TEST(CurlTransport, OneThatHangsEndsAtItsTimeoutAndOthersGoOnMeanwhile) {
  LocalServer server;
  CurlTransport transport;
  auto hanging = post(transport, server.url("/hang"), Milliseconds{2'000});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(answer_of(post(transport, server.url("/ok"))).status, 200);
  EXPECT_EQ(hanging.wait_for(std::chrono::seconds{0}), std::future_status::timeout) << "answered too early";
  const auto answer = answer_of(std::move(hanging));
  EXPECT_EQ(answer.status, std::nullopt);
  EXPECT_THAT(answer.error, HasSubstr("timed out"));
}

TEST(CurlTransport, ReportsWhyThereIsNoAnswer) {
  CurlTransport transport;
  std::string closed;
  {
    LocalServer server;
    closed = server.url("/");
  }
  for (const auto& url : {closed, std::string{"not a url"}, std::string{}}) {
    const auto answer = answer_of(post(transport, url));
    EXPECT_EQ(answer.status, std::nullopt) << url;
    EXPECT_THAT(answer.error, Not(IsEmpty())) << url;
    EXPECT_NE(answer.error, "no word at all") << url;
  }
  for (const std::string url : {"ftp://127.0.0.1/x", "file:///etc/hostname", "gopher://127.0.0.1/"})
    EXPECT_THAT(answer_of(post(transport, url)).error, HasSubstr("rotocol")) << url;
}

TEST(CurlTransport, ItsEndAnswersWhatIsOut) {
  LocalServer server;
  std::future<WebhookAnswer> hanging;
  {
    CurlTransport transport;
    hanging = post(transport, server.url("/hang"));
  }
  EXPECT_EQ(answer_of(std::move(hanging)).error, "the server stopped");
}

}  // namespace
}  // namespace sugang
