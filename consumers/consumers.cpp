#include "consumers/consumers.hpp"

#include <algorithm>

#include "actors/backoff.hpp"

namespace sugang {

Consumers::Consumers(Journal& journal, Timers& timers, Limits limits, Report report, OnFailure on_failure,
                     KeepAside keep_aside)
    : journal_(journal),
      timers_(timers),
      limits_(limits),
      report_(std::move(report)),
      keep_aside_(std::move(keep_aside)),
      tail_(
          limits.gather,
          [this] {
            run_once();
            return JournalTail::Pass{.records = last_records_, .more = more_};
          },
          [on_failure = std::move(on_failure)](const auto& why) {
            if (on_failure) on_failure("consumers: " + why);
          }) {}

Consumers::~Consumers() { stop(); }

void Consumers::add(Consumer& consumer) {
  auto feed = std::make_unique<Feed>();
  feed->consumer = &consumer;
  feed->name = consumer.name();
  const auto kept = consumer.kept_cursor();
  feed->keeps_cursor = kept.has_value();
  // A journal that was restored may end before what a store of its own remembers.
  feed->cursor = kept ? std::min(*kept, journal_.durable_position()) : journal_.cursor(feed->name);
  feed->done = feed->cursor;
  feeds_.push_back(std::move(feed));
}

void Consumers::start() { tail_.start(); }

void Consumers::stop() {
  if (!tail_.stop()) return;
  for (auto& feed : feeds_) finish_handed(*feed);
  save_cursors(true);
}

bool Consumers::run_once() {
  last_records_ = 0;
  more_ = false;
  bool worked = false;
  for (auto& feed : feeds_) worked = finish_handed(*feed) || worked;
  for (auto& feed : feeds_) worked = hand_next(*feed) || worked;
  for (auto& feed : feeds_) worked = finish_handed(*feed) || worked;
  save_cursors(false);
  return worked;
}

/// True: the consumer has done what it was given last.
bool Consumers::finish_handed(Feed& feed) {
  const auto answer = feed.handed.answer;
  if (!answer || !answer->given.load(std::memory_order_acquire)) return false;
  if (!answer->lost.empty()) {
    lose(feed, answer->lost);
  } else {
    const auto handed = std::exchange(feed.handed, {});
    advance(feed, handed.until, handed.records);
  }
  return true;
}

bool Consumers::hand_next(Feed& feed) {
  const auto now = timers_.uptime();
  if (feed.handed.answer && feed.handed.since + limits_.patience <= now) fail(feed, "has not come to an end");
  if (feed.handed.answer) wake_at(feed.handed.since + limits_.patience);
  if (feed.retry_at > now) wake_at(feed.retry_at);
  if (feed.handed.answer || feed.retry_at > now || feed.paused.load(std::memory_order_acquire)) return false;
  std::span<const Record> records;
  try {
    const auto limit = alone(feed) ? 1 : limits_.chunk_records_max;
    records = read_after(feed.done.load(std::memory_order_relaxed), limit);
  } catch (const std::exception& fault) {
    stop_at_damage(feed, fault.what());
    return true;
  }
  if (feed.stopped.exchange(false)) feed.failures = 0;
  return hand_read(feed, records);
}

bool Consumers::hand_read(Feed& feed, std::span<const Record> records) {
  last_records_ = std::max(last_records_, records.size());
  if (records.empty()) return false;
  more_ = more_ || chunk_.size() >= limits_.chunk_records_max || alone(feed);
  auto until = records.back().position;
  std::vector<Record> concerning;
  for (const auto& record : records) {
    if (!is_public(record) || !feed.consumer->concerns(record)) continue;
    concerning.push_back(record);
    if (!alone(feed)) continue;
    until = record.position;
    break;
  }
  if (concerning.empty()) {
    advance(feed, until, 0);
  } else {
    hand(feed, concerning, until);
  }
  return true;
}

bool Consumers::alone(const Feed& feed) { return feed.done.load(std::memory_order_relaxed) < feed.alone_until; }

void Consumers::hand(Feed& feed, std::span<const Record> records, Position until) {
  auto answer = std::make_shared<Handed::Answer>();
  feed.handed = {.answer = answer,
                 .first = records.front().position,
                 .until = until,
                 .since = timers_.uptime(),
                 .records = records.size()};
  try {
    feed.consumer->consume(records, Done{[answer, waker = tail_.waker()](std::string lost) {
                             answer->lost = std::move(lost);
                             answer->given.store(true, std::memory_order_release);
                             waker->wake();
                           }});
  } catch (const JournalDamaged& fault) {
    return lose(feed, fault.what());
  } catch (const std::exception& fault) {
    return fail(feed, fault.what());
  }
  wake_at(feed.handed.since + limits_.patience);
}

void Consumers::advance(Feed& feed, Position position, std::size_t records) {
  if (!worth_saving(feed)) feed.unsaved_since = timers_.uptime();
  feed.records_since_cursor += records;
  feed.failures = 0;
  feed.retry_at = {};
  feed.done.store(position, std::memory_order_release);
}

void Consumers::fail(Feed& feed, std::string_view why) {
  const auto handed = std::exchange(feed.handed, {});
  report(feed, why);
  put_off(feed);
  if (handed.records > 1) return single_out(feed, handed.until);
  if (feed.failures >= limits_.attempts_max) pass_over(feed, handed, why);
}

/// No retry before the next start would find more, so none is made.
void Consumers::lose(Feed& feed, std::string_view why) {
  const auto handed = std::exchange(feed.handed, {});
  more_ = true;
  if (handed.records > 1) return single_out(feed, handed.until);
  ++feed.failures;
  pass_over(feed, handed, why);
}

/// Records that fail together are given again one by one, so that the one that fails is found. What they did
/// together counts against none of them.
void Consumers::single_out(Feed& feed, Position until) {
  feed.alone_until = until;
  feed.failures = 0;
}

/// What stands before the damage was given.
void Consumers::stop_at_damage(Feed& feed, std::string_view why) {
  if (!feed.stopped.exchange(true)) {
    feed.failures = 0;
    report(feed, "stopped in front of what can't be read: " + std::string{why});
  }
  put_off(feed);
}

/// Durable before the cursor passes it.
void Consumers::pass_over(Feed& feed, const Handed& handed, std::string_view why) {
  const SetAside entry{.consumer = feed.name,
                       .first = handed.first,
                       .last = handed.first,
                       .at = timers_.now(),
                       .attempts = feed.failures,
                       .error = std::string{why}};
  if (keep_aside_) keep_aside_(entry);
  advance(feed, handed.until, 1);
}

void Consumers::report(const Feed& feed, std::string_view what) const {
  report_(feed.name + ": behind position " + std::to_string(feed.done.load()) + ": " + std::string{what});
}

/// It is given the same again, later.
void Consumers::put_off(Feed& feed) {
  feed.retry_at = timers_.uptime() + backoff(limits_.retry_min, limits_.retry_max, ++feed.failures, 0);
  wake_at(feed.retry_at);
}

std::span<const Record> Consumers::read_after(Position position, std::size_t limit) {
  if (position < chunk_after_ || position >= chunk_after_ + chunk_.size()) {
    chunk_ = journal_.read(position, limit);
    chunk_after_ = position;
  }
  return std::span<const Record>{chunk_}.subspan(position - chunk_after_);
}

bool Consumers::worth_saving(const Feed& feed) const {
  return feed.records_since_cursor > 0 || feed.done - feed.cursor >= limits_.cursor_passed_over;
}

/// Behind whatever the consumers appended, in one append: where one cursor is due, the others ride along.
void Consumers::save_cursors(bool all) {
  const auto now = timers_.uptime();
  Append append;
  bool due = all;
  const auto saves = [&](const Feed& feed) { return worth_saving(feed) || (all && feed.done > feed.cursor); };
  for (const auto& feed : feeds_) {
    if (!saves(*feed)) continue;
    const auto due_at = feed->unsaved_since + limits_.cursor_interval;
    due = due || feed->records_since_cursor >= limits_.cursor_records || due_at <= now;
    if (!feed->keeps_cursor) append.cursors.push_back({feed->name, feed->done});
    if (!due) wake_at(due_at);
  }
  if (!due) return;
  if (!append.cursors.empty()) journal_.append(std::move(append));
  for (auto& feed : feeds_) {
    if (!saves(*feed)) continue;
    if (feed->keeps_cursor) feed->consumer->keep_cursor(feed->done);
    feed->cursor = feed->done;
    feed->records_since_cursor = 0;
  }
}

void Consumers::wake_at(Milliseconds when) {
  if (alarm_ && *alarm_ > timers_.uptime() && *alarm_ <= when) return;
  alarm_ = when;
  timers_.after(when - timers_.uptime(), [waker = tail_.waker()] { waker->wake(); });
}

bool Consumers::pause(std::string_view name, bool paused) {
  const auto it = std::find_if(feeds_.begin(), feeds_.end(), [&](const auto& feed) { return feed->name == name; });
  if (it == feeds_.end()) return false;
  (*it)->paused.store(paused, std::memory_order_release);
  wake();
  return true;
}

std::vector<Consumers::State> Consumers::states() const {
  std::vector<State> states;
  for (const auto& feed : feeds_) {
    // In this order: `done` never overtakes what is durable.
    const auto done = feed->done.load(std::memory_order_acquire);
    states.push_back({.name = feed->name,
                      .lag = journal_.durable_position() - done,
                      .stopped = feed->stopped.load(std::memory_order_relaxed)});
  }
  return states;
}

}  // namespace sugang
