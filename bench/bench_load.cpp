// A load generator that costs little beside the server it measures: one thread, keep-alive connections with one
// request under way each, requests built once with only their counters rewritten, answers read no further than
// status and length. Prints one JSON line with the figures.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string target;
  std::string path = "/v1/enrollments";
  /// `{n}` counts the requests, `{c}` is n modulo `courses`.
  std::string body = R"({"courseId":"bench","studentId":"s{n}","seats":1})";
  std::uint64_t courses = 1;
  std::uint64_t first = 0;
  std::size_t connections = 100;
  double warmup_s = 0;
  double seconds = 10;
  /// 0: as many as fit into `seconds`.
  std::uint64_t requests = 0;
};

/// Exits, with a message, when the command line is no good.
Options parse(int argc, char** argv) {
  Options options;
  CLI::App program{"A load generator that costs little beside the server it measures.", "bench_load"};
  program.add_option("--target", options.target, "ADDR:PORT")->required();
  program.add_option("--path", options.path);
  program.add_option("--body", options.body, "{n} counts the requests, {c} is n modulo --courses");
  program.add_option("--courses", options.courses)->check(CLI::PositiveNumber);
  program.add_option("--first", options.first, "the first n");
  program.add_option("--connections", options.connections);
  program.add_option("--warmup-seconds", options.warmup_s);
  program.add_option("--seconds", options.seconds);
  program.add_option("--requests", options.requests, "instead of --seconds");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& refused) {
    constexpr int exit_usage = 2;
    std::exit(program.exit(refused) == EXIT_SUCCESS ? EXIT_SUCCESS : exit_usage);
  }
  return options;
}

/// A request as bytes, with fixed-width holes for the counters, so that its length never changes.
class RequestTemplate {
 public:
  explicit RequestTemplate(const Options& options) : courses_(options.courses) {
    std::string body = options.body;
    std::vector<std::pair<std::size_t, char>> holes;
    for (std::size_t at = 0; (at = body.find('{', at)) != std::string::npos; ++at) {
      if (body.compare(at, 3, "{n}") != 0 && body.compare(at, 3, "{c}") != 0) continue;
      const char what = body[at + 1];
      const std::size_t width = what == 'n' ? number_digits : course_digits;
      body.replace(at, 3, width, '0');
      holes.emplace_back(at, what);
    }
    bytes = "POST " + options.path + " HTTP/1.1\r\nHost: " + options.target +
            "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    for (auto [at, what] : holes) (what == 'n' ? numbers_ : course_numbers_).push_back(bytes.size() + at);
    bytes += body;
  }

  void number(std::string& request, std::uint64_t n) const {
    for (auto at : numbers_) write(request, at, number_digits, n);
    for (auto at : course_numbers_) write(request, at, course_digits, n % courses_);
  }

  std::string bytes;

 private:
  static constexpr std::size_t number_digits = 9;
  static constexpr std::size_t course_digits = 4;

  static void write(std::string& request, std::size_t at, std::size_t digits, std::uint64_t value) {
    for (std::size_t i = digits; i-- > 0; value /= 10) request[at + i] = static_cast<char>('0' + value % 10);
  }

  std::uint64_t courses_;
  std::vector<std::size_t> numbers_;
  std::vector<std::size_t> course_numbers_;
};

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char want, char got) { return want == (got >= 'A' && got <= 'Z' ? got + 32 : got); });
}

struct AnswerHead {
  int status = 0;
  std::size_t bytes = 0;  ///< head and body
};

/// Nothing while the head is not complete. Throws when it is not the HTTP/1.1 that our servers speak.
std::optional<AnswerHead> parse_head(std::string_view received) {
  const auto end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  AnswerHead head;
  if (!received.starts_with("HTTP/1.1 ")) throw std::runtime_error("not an HTTP/1.1 answer");
  std::from_chars(received.data() + 9, received.data() + 12, head.status);
  constexpr std::string_view length_field = "\r\ncontent-length:";
  for (auto at = received.find("\r\n"); at < end; at = received.find("\r\n", at + 2)) {
    if (!starts_with_ignoring_case(received.substr(at), length_field)) continue;
    auto digits = received.substr(at + length_field.size(), end - at - length_field.size());
    digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
    std::size_t length = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), length);
    head.bytes = end + 4 + length;
    return head;
  }
  throw std::runtime_error("an answer without Content-Length");
}

class Connection {
 public:
  Connection(const Options& options, const RequestTemplate& requests)
      : requests_(requests), request_(requests.bytes) {
    const auto colon = options.target.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(options.target.substr(colon + 1))));
    if (inet_pton(AF_INET, options.target.substr(0, colon).c_str(), &address.sin_addr) != 1)
      throw std::runtime_error("not an IPv4 address: " + options.target);
    fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect: " + std::string(std::strerror(errno)));
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(fd); }

  void send(std::uint64_t n) {
    requests_.number(request_, n);
    sent_at = Clock::now();
    // A few hundred bytes on a connection with nothing under way always fit into the socket's buffer.
    if (::send(fd, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size()))
      throw std::runtime_error("send: " + std::string(std::strerror(errno)));
  }

  /// The answer's status once it is complete.
  std::optional<int> receive() {
    const auto count = ::recv(fd, buffer_.data() + filled_, buffer_.size() - filled_, MSG_DONTWAIT);
    if (count == 0) throw std::runtime_error("the server closed the connection");
    if (count < 0) {
      if (errno == EAGAIN) return std::nullopt;
      throw std::runtime_error("recv: " + std::string(std::strerror(errno)));
    }
    filled_ += static_cast<std::size_t>(count);
    const auto head = parse_head({buffer_.data(), filled_});
    if (!head) return std::nullopt;
    if (head->bytes > buffer_.size()) throw std::runtime_error("an answer longer than expected");
    if (filled_ < head->bytes) return std::nullopt;
    filled_ = 0;
    return head->status;
  }

  int fd = -1;
  Clock::time_point sent_at;

 private:
  const RequestTemplate& requests_;
  std::string request_;
  std::array<char, 16 << 10> buffer_{};
  std::size_t filled_ = 0;
};

struct Measured {
  double seconds = 0;
  std::uint64_t next = 0;
  std::vector<std::uint32_t> latencies_us;
  std::map<int, std::uint64_t> statuses;
};

Measured run(const Options& options) {
  const RequestTemplate requests(options);
  const int poll = ::epoll_create1(0);
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < options.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(options, requests));
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.ptr = connections.back().get();
    ::epoll_ctl(poll, EPOLL_CTL_ADD, connections.back()->fd, &interest);
  }

  Measured measured;
  measured.next = options.first;
  const auto start = Clock::now();
  const auto measure_from = start + std::chrono::duration<double>(options.warmup_s);
  const auto until = measure_from + std::chrono::duration<double>(options.seconds);
  const auto more = [&](Clock::time_point now) {
    return options.requests ? measured.next - options.first < options.requests : now < until;
  };

  std::size_t under_way = 0;
  for (auto& connection : connections) {
    if (!more(Clock::now())) break;
    connection->send(measured.next++);
    ++under_way;
  }
  std::array<epoll_event, 128> events{};
  Clock::time_point last = start;
  while (under_way > 0) {
    constexpr int silence_max_ms = 60'000;
    const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), silence_max_ms);
    if (count == 0) throw std::runtime_error("no answer for " + std::to_string(silence_max_ms) + " ms");
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      const auto status = connection.receive();
      if (!status) continue;
      const auto now = Clock::now();
      if (now >= measure_from) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - connection.sent_at).count();
        measured.latencies_us.push_back(static_cast<std::uint32_t>(took));
        last = now;
      }
      ++measured.statuses[*status];
      --under_way;
      if (more(now)) {
        connection.send(measured.next++);
        ++under_way;
      }
    }
  }
  ::close(poll);
  measured.seconds = std::chrono::duration<double>(last - measure_from).count();
  return measured;
}

void print(Measured measured) {
  auto& latencies = measured.latencies_us;
  std::sort(latencies.begin(), latencies.end());
  const auto quantile = [&](double q) {
    return latencies.empty() ? 0
                             : latencies[static_cast<std::size_t>(q * static_cast<double>(latencies.size() - 1))];
  };
  std::cout << "{\"requests\": " << latencies.size() << ", \"seconds\": " << measured.seconds << ", \"perSecond\": "
            << (measured.seconds > 0 ? static_cast<double>(latencies.size()) / measured.seconds : 0)
            << ", \"p50Micros\": " << quantile(0.5) << ", \"p99Micros\": " << quantile(0.99)
            << ", \"maxMicros\": " << quantile(1) << ", \"next\": " << measured.next << ", \"statuses\": {";
  const char* separator = "";
  for (auto [status, count] : measured.statuses) {
    std::cout << separator << '"' << status << "\": " << count;
    separator = ", ";
  }
  std::cout << "}}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    print(run(parse(argc, argv)));
  } catch (const std::exception& error) {
    std::cerr << "bench_load: " << error.what() << '\n';
    return 1;
  }
}
