#include "http/event_feed.hpp"

#include <algorithm>

#include "http/event_stream.hpp"
#include "http/problem.hpp"
#include "http/representation.hpp"
#include "http/request_fields.hpp"

namespace sugang {
namespace {

constexpr std::size_t page_events_max = 100;
constexpr std::size_t event_bytes_typical = 640;

void append_event(std::string& text, const Record& record) {
  text.append("id: ").append(position_text(record.position));
  text.append("\nevent: ").append(event_name(record.event)).append("\ndata: ");
  // On one line: JSON escapes what would break it.
  JsonWriter json{text};
  write_event(json, record);
  text.append("\n\n");
}

/// The last that a client gets: it comes back with its last id, but not at once.
EventPage last_page(Position after, ServiceError error) {
  EventPage page{.after = after, .next = after, .ends = true};
  const auto problem = to_answer({.problem = problem_of(error), .instance = "/v1/events"});
  page.text.append("retry: 60000\nevent: problem\ndata: ").append(problem.body).append("\n\n");
  return page;
}

EventPage render(Position after, const ReadResult<EventsRead>& read) {
  if (const auto* error = std::get_if<ServiceError>(&read)) return last_page(after, *error);
  const auto& found = std::get<0>(read);
  EventPage page{.after = after, .next = found.next, .at_end = found.at_end};
  page.text.reserve(found.records.size() * event_bytes_typical);
  for (const auto& record : found.records)
    if (is_public(record)) append_event(page.text, record);
  return page;
}

}  // namespace

using State = EventStream::State;

EventFeed::EventFeed(Backend& backend, Admission& admission, std::shared_ptr<AnswerQueue> loop)
    : backend_(backend), admission_(admission), loop_(std::move(loop)) {}

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

void EventFeed::ask(EventStream& stream) {
  // Where others wait the journal has been: one that stands before that has more to read, though it saw an end.
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
  backend_.query(
      Pending<ReadEvents>{{stream.after_, page_events_max},
                          [this, after = stream.after_, loop = loop_](const ReadEvents::Result& read) {
                            auto page = std::make_shared<const EventPage>(render(after, read));
                            loop->push({AnswerQueue::no_ticket, {}, [this, page](bool) { on_page(*page); }});
                          }});
}

void EventFeed::on_page(const EventPage& page) {
  // A stream that fails leaves, and no other moves: the list only shrinks at the place that is looked at.
  for (std::size_t i = streams_.size(); i-- > 0;)
    if (streams_[i]->state_ == State::reading && streams_[i]->after_ == page.after) streams_[i]->take(page);
}

void EventFeed::await_more(EventStream& stream) {
  stream.state_ = State::waiting;
  if (awaiting_) return;
  awaiting_ = true;
  awaited_ = stream.after_;
  backend_.await_events(awaited_, [this, loop = loop_] {
    loop->push({AnswerQueue::no_ticket, {}, [this](bool) { on_more(); }});
  });
}

void EventFeed::on_more() {
  awaiting_ = false;
  for (auto* stream : streams_)
    if (stream->state_ == State::waiting) read(*stream);
}

}  // namespace sugang
