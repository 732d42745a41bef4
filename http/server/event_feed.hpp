#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http/server/admission.hpp"
#include "http/server/exchange.hpp"
#include "http/server/site.hpp"

namespace sugang {

class Connection;
class EventStream;

/// The source of one loop's event streams. A stream requests its next page when the last one is sent, so no pages
/// pile up for a slow client. Streams at the same position share one read and one rendering, and all streams at the
/// journal's end share one wait: many followers cost the journal as much as one. Runs on the loop's thread.
class EventFeed {
 public:
  /// The site may call back after the feed is destroyed: `queue` is closed by then, and drops the call.
  EventFeed(const Site& site, Admission& admission, std::shared_ptr<AnswerQueue> queue);

  /// Null: there are too many streams.
  std::unique_ptr<EventStream> open(Connection& connection, Position after, bool chunked);

 private:
  friend class EventStream;
  /// The stream gets its next page as soon as there is one.
  void request_page(EventStream& stream);
  void leave(EventStream& stream);

  void read(EventStream& stream);
  void await_more(EventStream& stream);
  void on_page(const EventPage& page);
  void on_more();

  const Site& site_;
  Admission& admission_;
  std::shared_ptr<AnswerQueue> queue_;
  std::vector<EventStream*> streams_;
  /// The shared wait is under way, for records after `awaited_`.
  bool awaiting_ = false;
  Position awaited_ = 0;
};

}  // namespace sugang
