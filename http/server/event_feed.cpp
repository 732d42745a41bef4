#include "http/server/event_feed.hpp"

#include <algorithm>

#include "http/server/event_stream.hpp"

namespace sugang {
using State = EventStream::State;

EventFeed::EventFeed(const Site& site, Admission& admission, std::shared_ptr<AnswerQueue> queue)
    : site_(site), admission_(admission), queue_(std::move(queue)) {}

std::unique_ptr<EventStream> EventFeed::open(Connection& connection, Position after, bool chunked) {
  if (!admission_.try_enter_stream()) return nullptr;
  auto stream = std::make_unique<EventStream>(*this, connection, after, chunked);
  streams_.push_back(stream.get());
  return stream;
}

void EventFeed::leave(EventStream& stream) {
  std::erase(streams_, &stream);
  admission_.leave_stream();
}

void EventFeed::request_page(EventStream& stream) {
  // The journal has reached awaited_. A stream before it has more to read, though its last page was at the end.
  const bool passed = awaiting_ && stream.after_ < awaited_;
  if (stream.at_end_ && !passed)
    await_more(stream);
  else
    read(stream);
}

void EventFeed::read(EventStream& stream) {
  const bool under_way = std::any_of(streams_.begin(), streams_.end(), [&](const EventStream* other) {
    return other != &stream && other->state_ == State::reading && other->after_ == stream.after_;
  });
  stream.state_ = State::reading;
  if (under_way) return;
  site_.read_events(stream.after_, [this, queue = queue_](EventPage page) {
    auto shared = std::make_shared<const EventPage>(std::move(page));
    queue->push({AnswerQueue::no_ticket, {}, [this, shared](bool) { on_page(*shared); }});
  });
}

void EventFeed::on_page(const EventPage& page) {
  // Backwards: take() may remove its stream from the list, and no other.
  for (std::size_t i = streams_.size(); i-- > 0;)
    if (streams_[i]->state_ == State::reading && streams_[i]->after_ == page.after) streams_[i]->take(page);
}

void EventFeed::await_more(EventStream& stream) {
  stream.state_ = State::waiting;
  if (awaiting_) return;
  awaiting_ = true;
  awaited_ = stream.after_;
  site_.await_events(awaited_, [this, queue = queue_] {
    queue->push({AnswerQueue::no_ticket, {}, [this](bool) { on_more(); }});
  });
}

void EventFeed::on_more() {
  awaiting_ = false;
  for (auto* stream : streams_)
    if (stream->state_ == State::waiting) read(*stream);
}

}  // namespace sugang
