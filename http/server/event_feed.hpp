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

/// The source of one loop's event streams. Each requests one page when it has written the last, so nothing
/// gathers here for a client that reads slowly. Streams that stand at one place share one read and one rendering,
/// and all that have come to the journal's end share one wait: a crowd of followers costs the journal what one
/// does. On the loop's thread.
class EventFeed {
 public:
  /// The site may call back after the feed is gone; `loop` is closed by then.
  EventFeed(const Site& site, Admission& admission, std::shared_ptr<AnswerQueue> loop);

  /// Nothing: there are too many streams.
  std::unique_ptr<EventStream> open(Connection& connection, Position after, bool chunked);

 private:
  friend class EventStream;
  /// The stream gets its next page as soon as there is one.
  void ask(EventStream& stream);
  void leave(EventStream& stream);

  void read(EventStream& stream);
  void await_more(EventStream& stream);
  void on_page(const EventPage& page);
  void on_more();

  const Site& site_;
  Admission& admission_;
  std::shared_ptr<AnswerQueue> loop_;
  std::vector<EventStream*> streams_;
  /// One wait for all is under way, for records after `awaited_`.
  bool awaiting_ = false;
  Position awaited_ = 0;
};

}  // namespace sugang
