#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "domain/record.hpp"

namespace sugang {

/// Somebody who makes something of what happened, beside the sagas and never in their way. It is given the durable
/// records of the journal in order, behind a cursor that is durable too, so each record at least once: after a
/// crash, or when it took too long, some come again.
class Consumer {
 public:
  virtual ~Consumer() = default;

  /// Names its cursor in the journal: for ever.
  virtual std::string_view name() const = 0;
  /// Whether it would do anything about the record. The others are not given to it. Pure.
  virtual bool concerns(const Record& record) const = 0;
  /// Takes up the records, which are there only during the call, and calls `done` once what follows from them is
  /// durable, or appended to the journal: at once or later, from any thread. The next come after that. When it
  /// throws, or never calls `done`, the same records are given again a while later, one at a time; a record that
  /// fails at every attempt is set aside, and the consumer goes on behind it.
  virtual void consume(std::span<const Record> records, std::function<void()> done) = 0;
};

}  // namespace sugang
