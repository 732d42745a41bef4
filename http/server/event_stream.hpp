#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/server/event_feed.hpp"

namespace sugang {

/// One client's stream of events (Server-Sent Events, WHATWG HTML 9.2): where it stands in the journal, and how its
/// bytes are framed. Made by the feed, owned by its connection.
class EventStream {
 public:
  /// What it does until its next page: sends the last, has requested it, or is at the journal's end.
  enum class State : std::uint8_t { writing, reading, waiting };

  EventStream(EventFeed& feed, Connection& connection, Position after, bool chunked);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// All that it gave is with the kernel: the next page may come.
  void go_on();

  // Bytes for the connection.
  /// With the position, for a client that comes back before it has seen an event.
  std::string opening(bool with_position) const;
  std::string keep_alive() const;
  /// The stream is whole; the client may continue with another server.
  std::string ending() const;

 private:
  friend class EventFeed;
  void take(const EventPage& page);
  std::string frame(std::string_view text) const;

  EventFeed& feed_;
  Connection& connection_;
  Position after_;
  const bool chunked_;
  bool at_end_ = false;
  bool ends_ = false;
  State state_ = State::writing;
};

}  // namespace sugang
