#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "views/listing.hpp"
#include "views/paging.hpp"
#include "views/row_keys.hpp"
#include "views/view.hpp"

namespace sugang {

struct NotificationTables {
  explicit NotificationTables(Generation generation)
      : rows(ViewId::notifications, generation, 'r'), outstanding(ViewId::notifications, generation, 'o') {}

  /// By student and position.
  Table rows;
  /// By student and the event told of: the position of what somebody is still to bring to her.
  Table outstanding;

  std::string row_key(const std::string& student, Position position) const;
  std::string outstanding_key(const std::string& student, EventId about) const;
};

/// A row per notification, in the order in which a student was told. Most lie in the box and are sent by that: they
/// cost one write. What goes outward is looked up once more, when there is word of its arrival.
class NotificationsView : public View {
 public:
  NotificationsView(const KeyValueStore& store, Generation generation) : store_(store), tables_(generation) {}
  void fold(const Record& record) override;
  void flush(WriteSet& changes) override;

 private:
  struct Outstanding {
    std::optional<Position> position;
    bool is_stored = false;
  };
  void queue(const Record& record, const NotificationQueued& event);
  void settle(const std::string& student, EventId about, NotificationState state, const std::string& error);
  std::optional<Position> take_outstanding(const std::string& key);
  NotificationRow* changed_row(const std::string& key);

  const KeyValueStore& store_;
  NotificationTables tables_;
  // What the chunk has changed, by key.
  std::unordered_map<std::string, NotificationRow> rows_;
  std::unordered_map<std::string, Outstanding> outstanding_;
};

/// Reads one generation; from any thread, beside the writer. Throws DecodeError on a row that is damaged.
class NotificationRows {
 public:
  NotificationRows(const KeyValueStore& store, Generation generation) : store_(store), tables_(generation) {}

  /// A page after the row with the key `after`; `next` in the answer is a key.
  Listing<NotificationRow> list(const StudentId& student, std::optional<std::string> after, std::size_t limit,
                                const ListBounds& bounds) const;

 private:
  const KeyValueStore& store_;
  NotificationTables tables_;
};

}  // namespace sugang
