#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "domain/record.hpp"

namespace sugang {

/// A consumer's answer, once for each call: the records that it was given are done, or lost. From any thread.
class Done {
 public:
  using Answer = std::function<void(std::string lost)>;
  explicit Done(Answer answer) : answer_(std::move(answer)) {}

  /// What follows from the records is durable, or appended to the journal.
  void operator()() const { answer_({}); }
  /// What follows from one of them can't be made before the next start, however often it is tried.
  void lost(std::string why) const { answer_(std::move(why)); }

 private:
  Answer answer_;
};

/// Derives something from the events, beside the sagas and without delaying them. It is given the durable
/// records of the journal in order, behind a cursor that is durable too, so each record at least once: after a
/// crash, or when it took too long, some are repeated.
class Consumer {
 public:
  virtual ~Consumer() = default;

  /// Names it, and its cursor in the journal: for ever.
  virtual std::string_view name() const = 0;
  /// A consumer that remembers something of the outside keeps its cursor with that, in one write, and not in the
  /// journal: where it continues after a start. Nothing: the journal keeps the cursor.
  virtual std::optional<Position> kept_cursor() const { return std::nullopt; }
  /// Up to `position` there is nothing left to do. Called at a pace, for a consumer that keeps its cursor.
  virtual void keep_cursor(Position /*position*/) {}
  /// Whether it would do anything about the record. The others are not given to it.
  virtual bool concerns(const Record& record) const = 0;
  /// Takes up the records, which are there only during the call, and calls `done` once what follows from them is
  /// durable, or appended to the journal: at once or later, from any thread. The next come after that. When it
  /// throws, or never calls `done`, the same records are given again a while later, one at a time; a record that
  /// fails at every attempt is set aside, and the consumer continues behind it. When it throws JournalDamaged or
  /// calls that they are lost, they are given again at once, one at a time, and what is lost then is set aside.
  virtual void consume(std::span<const Record> records, Done done) = 0;
};

}  // namespace sugang
