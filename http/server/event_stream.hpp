#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/server/event_feed.hpp"

namespace sugang {

/// One client's stream of events (Server-Sent Events, WHATWG HTML 9.2): its position in the journal, and the
/// framing of its bytes. Created by the feed, owned by its connection.
class EventStream {
 public:
  /// The last page is being sent; the next one is requested; or awaited, at the journal's end.
  enum class State : std::uint8_t { writing, reading, waiting };

  EventStream(EventFeed& feed, Connection& connection, Position after, bool chunked);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// The kernel has taken all bytes of the stream. Requests the next page, or ends the stream.
  void on_flushed();

  // Bytes to send, framed.

  /// `with_position`: as an id, for a client that reconnects before its first event.
  std::string opening(bool with_position) const;
  std::string keep_alive() const;
  /// Shows the client that the stream has ended and was not cut off.
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
