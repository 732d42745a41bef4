#pragma once

#include <optional>
#include <string>

#include "domain/notice.hpp"
#include "views/paging.hpp"
#include "views/row_keys.hpp"

namespace sugang {

/// The notification boxes: a row per student and event, keyed by both, so that each is there once. Folded with the
/// enrollments, which know an event's student.
struct NotificationTable {
  explicit NotificationTable(Generation generation) : rows(ViewId::enrollments, generation, 'm') {}

  /// By student and position.
  Table rows;

  void put(WriteSet& changes, const Notice& notice) const;
};

/// Reads one generation; from any thread, beside the writer. Throws DecodeError on a row that is damaged.
class NotificationRows {
 public:
  NotificationRows(const KeyValueStore& store, Generation generation) : store_(store), table_(generation) {}

  /// Of events up to the position `until`; `next` in the answer is a key.
  Listing<Notice> list(const StudentId& student, Position until, KeyPage page) const;

 private:
  const KeyValueStore& store_;
  NotificationTable table_;
};

}  // namespace sugang
