#include "tests/http/wire_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>

namespace sugang {
namespace {

constexpr int patience_s = 5;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

std::string WireAnswer::problem() const {
  if (field("content-type") != "application/problem+json") return {};
  const auto type = json().at("type").get<std::string>();
  return type.substr(type.rfind('/') + 1);
}

WireClient::WireClient(std::uint16_t port, int receive_bytes) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval patience{patience_s, 0};
  int on = 1;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_bytes > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
}

WireClient::~WireClient() { ::close(socket_); }

bool WireClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // A server that has refused need not take the rest.
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void WireClient::end_sending() { ::shutdown(socket_, SHUT_WR); }

bool WireClient::receive() {
  char bytes[16384];
  const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
  if (count > 0)
    received_.append(bytes, static_cast<std::size_t>(count));
  else
    ended_ = count == 0 || errno == ECONNRESET;
  return count > 0;
}

std::optional<WireAnswer> WireClient::read_answer(bool head) {
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos)
    if (!receive()) return std::nullopt;
  WireAnswer answer;
  answer.status = std::stoi(received_.substr(9, 3));
  std::size_t at = received_.find("\r\n") + 2;
  while (at < end + 2) {
    const auto line_end = received_.find("\r\n", at);
    const auto line = received_.substr(at, line_end - at);
    const auto colon = line.find(": ");
    answer.fields[lower(line.substr(0, colon))] = line.substr(colon + 2);
    at = line_end + 2;
  }
  const auto length = answer.field("content-length");
  const std::size_t size = head || length.empty() ? 0 : std::stoul(length);
  while (received_.size() < end + 4 + size)
    if (!receive()) return std::nullopt;
  answer.body = received_.substr(end + 4, size);
  received_.erase(0, end + 4 + size);
  received_.shrink_to_fit();
  return answer;
}

std::optional<std::string> WireClient::read_chunk() {
  std::size_t end = 0;
  while ((end = received_.find("\r\n")) == std::string::npos)
    if (!receive()) return std::nullopt;
  const std::size_t begin = end + 2, size = std::stoul(received_.substr(0, end), nullptr, 16);
  while (received_.size() < begin + size + 2)
    if (!receive()) return std::nullopt;
  auto chunk = received_.substr(begin, size);
  EXPECT_EQ(received_.substr(begin + size, 2), "\r\n");
  received_.erase(0, begin + size + 2);
  return chunk;
}

std::string WireClient::read_until(std::string_view text) {
  std::size_t found = 0;
  while ((found = received_.find(text)) == std::string::npos && receive()) {
  }
  auto taken = received_.substr(0, found == std::string::npos ? found : found + text.size());
  received_.erase(0, taken.size());
  return taken;
}

std::vector<WireAnswer> WireClient::read_to_end() {
  std::vector<WireAnswer> answers;
  while (auto answer = read_answer()) answers.push_back(std::move(*answer));
  EXPECT_TRUE(ended_) << "the server did not close";
  EXPECT_EQ(received_, "");
  return answers;
}

bool WireClient::at_end() {
  while (receive()) {
  }
  return ended_ && received_.empty();
}

std::string render_request(std::string_view method, std::string_view target, const WireFields& fields,
                           const std::optional<std::string>& body) {
  std::string request;
  request.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  for (const auto& [name, value] : fields) request.append(name).append(": ").append(value).append("\r\n");
  if (body) request.append("Content-Length: ").append(std::to_string(body->size())).append("\r\n");
  request.append("\r\n");
  if (body) request.append(*body);
  return request;
}

}  // namespace sugang
