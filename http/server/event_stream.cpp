#include "http/server/event_stream.hpp"

#include <charconv>

#include "http/server/connection.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {

EventStream::EventStream(EventFeed& feed, Connection& connection, Position after, bool chunked)
    : feed_(feed), connection_(connection), after_(after), chunked_(chunked) {}

EventStream::~EventStream() { feed_.leave(*this); }

void EventStream::on_flushed() {
  // Last: it destroys this stream.
  if (ends_) return connection_.end_stream();
  if (state_ == State::writing) feed_.request_page(*this);
}

void EventStream::take(const EventPage& page) {
  after_ = page.next;
  at_end_ = page.at_end;
  ends_ = page.ends;
  if (page.text.empty()) return feed_.request_page(*this);
  state_ = State::writing;
  // Last: if the connection fails, it destroys this stream.
  connection_.send_more(frame(page.text));
}

std::string EventStream::opening(bool with_position) const {
  const std::string id = with_position ? "id: " + position_text(after_) + "\n" : "";
  return frame(id + "retry: 1000\n\n");
}

std::string EventStream::keep_alive() const { return frame(": keep-alive\n\n"); }
std::string EventStream::ending() const { return chunked_ ? "0\r\n\r\n" : ""; }

std::string EventStream::frame(std::string_view text) const {
  if (!chunked_) return std::string{text};
  char size[16];
  std::string chunk{size, std::to_chars(size, size + sizeof size, text.size(), 16).ptr};
  chunk.reserve(chunk.size() + text.size() + 4);
  return chunk.append("\r\n").append(text).append("\r\n");
}

}  // namespace sugang
