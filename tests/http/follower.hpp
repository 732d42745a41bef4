#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/http/wire_client.hpp"

namespace sugang {

/// One event, or a comment, as it stood in the stream.
struct Frame {
  std::string id, event, data, comment, retry;
};
inline std::ostream& operator<<(std::ostream& out, const Frame& frame) {
  return out << frame.id << ' ' << frame.event;
}

inline Frame parse_frame(const std::string& text) {
  Frame frame;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon), value = line.substr(colon + 2);
    (name == "id"      ? frame.id
     : name == "event" ? frame.event
     : name == "data"  ? frame.data
     : name == "retry" ? frame.retry
                       : frame.comment) = value;
  }
  return frame;
}

/// A client that follows the events.
class Follower {
 public:
  Follower(std::uint16_t port, const std::string& target, WireFields fields = {}, int receive_bytes = 0)
      : client_(port, receive_bytes) {
    fields.emplace_back("Accept", "text/event-stream");
    client_.send(render_request("GET", target, fields));
  }

  /// The answer's header, before anything of the stream.
  const WireAnswer& answer() {
    if (!answer_) answer_ = client_.read_answer();
    EXPECT_TRUE(answer_);
    return *answer_;
  }
  /// The next frame; nothing when none comes, or the stream has ended.
  std::optional<Frame> next() {
    answer();
    std::size_t end = 0;
    while ((end = text_.find("\n\n")) == std::string::npos) {
      const auto chunk = client_.read_chunk();
      if (!chunk) return std::nullopt;
      if (chunk->empty()) {
        ended_whole_ = true;
        return std::nullopt;
      }
      text_ += *chunk;
    }
    const auto frame = parse_frame(text_.substr(0, end));
    text_.erase(0, end + 2);
    return frame;
  }
  /// The next events, without comments and what else is none.
  std::vector<Frame> next_events(std::size_t count) {
    std::vector<Frame> events;
    while (events.size() < count) {
      auto frame = next();
      if (!frame) {
        ADD_FAILURE() << "the stream stopped after " << events.size() << " events of " << count;
        break;
      }
      if (!frame->id.empty()) events.push_back(std::move(*frame));
    }
    return events;
  }
  bool ended_whole() const { return ended_whole_; }
  WireClient& wire() { return client_; }

 private:
  WireClient client_;
  std::optional<WireAnswer> answer_;
  std::string text_;
  bool ended_whole_ = false;
};

inline std::vector<std::string> ids_of(const std::vector<Frame>& frames) {
  std::vector<std::string> ids;
  for (const auto& frame : frames) ids.push_back(frame.id);
  return ids;
}

}  // namespace sugang
