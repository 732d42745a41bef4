#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "domain/record.hpp"
#include "storage/head_file.hpp"
#include "storage/key_value_store.hpp"
#include "storage/quarantine.hpp"

namespace sugang {

/// The journal cannot be trusted: what was acknowledged is missing, or does not verify. The text names position
/// and file.
struct JournalDamaged : DamagedEntry {
  using DamagedEntry::DamagedEntry;
  JournalDamaged(const std::string& text, Position at, std::string in, std::string why)
      : DamagedEntry(text), position(at), file(std::move(in)), cause(std::move(why)) {}

  /// Where a read met it, and the error; set by reads alone. Position 0: unknown.
  Position position = 0;
  std::string file;
  std::string cause;
};

/// An earlier read of the same aggregate met damage: nothing was read.
struct Quarantined final : JournalDamaged {
  using JournalDamaged::JournalDamaged;
};

/// Why an aggregate can't be read.
struct Unreadable {
  std::string why;
  /// It was known before, and nothing was read.
  bool known = false;
  /// It is no damage: a later read may succeed.
  bool passing = false;
};
/// Of what a read of an aggregate threw.
Unreadable why_unreadable(const std::exception& fault);

/// An aggregate with an action still to take, which is resumed after a crash; or, with `pending` false, without one
/// from now on.
struct PendingAction {
  AggregateId aggregate;
  bool pending = true;
  bool operator==(const PendingAction&) const = default;
};

/// How far a reader of the journal has come: the effects of every record up to `position` are in this append
/// or one before it.
struct ConsumerCursor {
  std::string consumer;
  Position position = 0;
  bool operator==(const ConsumerCursor&) const = default;
};

/// An aggregate's whole state after the event `sequence`; travels in the append that it covers.
struct Snapshot {
  AggregateId aggregate;
  Sequence sequence = 0;
  std::string bytes;
};

/// Orders the appends of this process: 1, 2, 3, …; 0 stands before the first. Positions are given later, to what
/// becomes durable.
using Ticket = std::uint64_t;

/// What becomes durable together, or not at all.
struct Append {
  /// Records without positions, each with its aggregate's next sequence. May be empty: then the append only waits.
  std::vector<Record> records;
  /// Aggregates that begin with this append, and that no one has loaded.
  std::vector<AggregateId> created;
  std::vector<PendingAction> pending;
  std::vector<ConsumerCursor> cursors;
  std::optional<Snapshot> snapshot;
  /// Runs on the journal's thread once this append and all before it are durable, with the position of its last
  /// record, or of the newest record before it when it has none. It only posts; it may be lost in a crash.
  std::function<void(Position)> then;
};

/// What an aggregate wakes from: its newest snapshot, if any, and its own events after it.
struct Recovered {
  std::optional<Snapshot> snapshot;
  std::vector<Record> tail;
  /// Nothing else is there then.
  std::optional<Unreadable> unreadable;
};

/// Whether an aggregate has events, or why that can't be read: damage that was met just now, damage that was known
/// before, or a read that failed and may be retried.
enum class Existence : std::uint8_t { none, some, damaged, quarantined, unreadable };

/// All events of a node in one order, each batch with one fsync.
///
/// `append` is the one linearization point: appends get their tickets under one lock, and whatever is appended
/// later is durable later or together. Records get their positions when they are written.
///  `then` is the gate: nothing is sent outside but from there.
class Journal {
 public:
  struct Limits {
    /// A batch closes at this many encoded bytes; what came later goes into the next.
    std::size_t append_batch_bytes_max = 4 << 20;
    /// Pages hold the records; a wake reads whole pages.
    std::size_t page_bytes = 8 << 10;
    /// At start the newest pages, up to so many bytes, are verified before the journal opens; the rest by verify().
    std::uint64_t start_verify_bytes_max = 64ULL << 20;
  };

  /// Runs a read away from the journal's thread; in a simulation, at once.
  using ReadExecutor = std::function<void(std::function<void()>)>;
  /// Called once, on a failed write; the process must end.
  using OnFailure = std::function<void(const std::string& why)>;

  /// Recovers the end of the journal and verifies it against `head`. Throws JournalDamaged.
  Journal(KeyValueStore& store, HeadFile& head, Limits limits, ReadExecutor reads, OnFailure on_failure);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Starts the thread that commits. Without it (tests, simulation) commit_once() does, one batch a call.
  void start();
  /// Commits what was appended and ends the thread.
  void stop();
  /// Commits what has gathered, as one batch, and runs its `then`s. False if there was nothing.
  bool commit_once();

  /// Never blocks on I/O. From any thread. Each record follows its aggregate's last one, and the
  /// aggregate is loaded, or created by this append: anything else stops the node.
  Ticket append(Append append);

  /// Loads an aggregate: reads it behind all that was appended before. From then on it may be appended to, until
  /// `forget`. `done` runs on the read executor, whatever the read met.
  void wake(AggregateId id, std::function<void(Recovered)> done);
  /// As `wake`, for what is known to end at `sequence`: nothing to read.
  void wake_new(AggregateId id, Sequence sequence = 0);
  /// The aggregate left memory; its last append is durable, or is never followed by another.
  void forget(AggregateId id);

  // Reads of what is durable: from any thread; they may block on a disk. One that meets damage throws
  // JournalDamaged, and isolates what it was to read: from then on that throws Quarantined, and all else is read as
  // before. One that fails otherwise throws StorageError, isolates nothing, and may be retried.

  /// Every record on an enrollment's timeline, in journal order.
  std::vector<Record> timeline(EnrollmentId id) const;
  /// Which of these aggregates have events, behind all that was appended before the call; `done` runs on the read
  /// executor. No aggregate is woken.
  void known_behind_appends(std::vector<AggregateId> ids, std::function<void(std::vector<Existence>)> done);
  /// Every record of one aggregate, in order.
  std::vector<Record> history(const AggregateId& id) const;
  /// Records after `after`, up to `limit`, in order. What stands before damage is returned; throws when the damage
  /// comes first.
  std::vector<Record> read(Position after, std::size_t limit) const;
  /// What was pending at the last batch; for the start. Sagas come before others. Damage is noted and passed
  /// over, with the rest of its partition.
  std::vector<AggregateId> pending() const;
  /// The newest durable cursor of `consumer`; 0 when there is none. May block on a disk; from any thread.
  Position cursor(std::string_view consumer) const;

  Position durable_position() const { return durable_.load(std::memory_order_acquire); }
  /// Appends up to this one are durable.
  Ticket durable_ticket() const;
  /// `listener` runs on the journal's thread after every batch; it only posts. Before start().
  void on_durable(std::function<void(Position)> listener);

  /// What reads have met. Its listener is set before start().
  Quarantine& quarantine() const;

  struct Stats {
    std::uint64_t batches = 0;
    /// Those that wrote something.
    std::uint64_t appends = 0;
    /// Each holds the events of one append that share an envelope.
    std::uint64_t records = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t sync_micros = 0;
    /// Aggregates that are loaded, and so may be appended to.
    std::size_t loaded = 0;
  };
  Stats stats() const;
  /// Bytes that wait for the next batch; admission looks at it.
  std::size_t pending_bytes() const;

  /// Verifies every page and every derived key (index, snapshots, pending). `progress(position)` once in a while.
  /// Throws JournalDamaged at the first fault.
  void verify(const std::function<void(Position)>& progress = {}) const;
  /// Removes answers to keyed requests older than `before`, so that a repeat is a new request. One step of at most
  /// `entries_max` entries, from where the step before ended (""); returns where to continue, nothing when all is
  /// done. Damage is noted and passed over, with the rest of its partition.
  std::optional<std::string> expire_requests(TimePoint before, std::string from, std::size_t entries_max);

 private:
  struct Impl;
  /// Before impl_, which sets it at once.
  std::atomic<Position> durable_{0};
  std::unique_ptr<Impl> impl_;
};

}  // namespace sugang
