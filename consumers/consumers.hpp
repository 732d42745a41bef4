#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/timers.hpp"
#include "consumers/consumer.hpp"
#include "domain/set_aside.hpp"
#include "storage/journal.hpp"
#include "storage/journal_tail.hpp"

namespace sugang {

/// Leads any number of consumers along the journal, each behind a cursor of its own. They are given the same chunk
/// where they stand at the same place, so a further consumer costs no further reading. None passes over what can't
/// be read: it stops in front of it, and reads again at intervals.
class Consumers {
 public:
  struct Limits {
    std::size_t chunk_records_max = 1'024;
    JournalTail::Gather gather{std::chrono::milliseconds{50}};
    /// A cursor costs a sync. It is written when something was done for so many records, or so long ago; where
    /// there was nothing to do, only after so many positions, since to pass them over again is cheap.
    std::size_t cursor_records = 1'000;
    Milliseconds cursor_interval{200};
    Position cursor_passed_over = 100'000;
    /// A consumer that has not called `done` for so long is given its records again.
    Milliseconds patience{30'000};
    /// A consumer that threw is given its records again after so long, doubled each time.
    Milliseconds retry_min{1'000};
    Milliseconds retry_max{60'000};
    /// A record that failed so often is set aside: with the times above, about four minutes after the first fault.
    std::uint32_t attempts_max = 10;
  };
  /// A fault of a consumer, for the log.
  using Report = std::function<void(std::string_view what)>;
  /// Makes durable that the consumer passes records over. Throws StorageError.
  using KeepAside = std::function<void(const SetAside&)>;
  /// Called once, when nothing can be kept aside; the process must end.
  using OnFailure = std::function<void(const std::string& why)>;

  /// `timers` decides when a cursor is due; its alarms only wake.
  Consumers(Journal& journal, Timers& timers, Limits limits, Report report, OnFailure on_failure,
            KeepAside keep_aside = {});
  ~Consumers();
  Consumers(const Consumers&) = delete;
  Consumers& operator=(const Consumers&) = delete;

  /// Before start(). It continues at its cursor, or begins at the first record when it has none. Its name is new.
  void add(Consumer& consumer);
  /// Starts the thread. Without it (tests, simulation) run_once() does the work.
  void start();
  /// Ends the thread and appends what cursors there are to write. Before the journal stops.
  void stop();
  /// One chunk for each consumer that is ready, and the cursors that are due. False: there was nothing to do.
  bool run_once();

  /// There may be new records. Cheap; from any thread.
  void wake() { tail_.waker()->wake(); }
  /// Paused, it is given nothing and its cursor stays; running again, it catches up. False: there is no such
  /// consumer. From any thread.
  bool pause(std::string_view name, bool paused);
  struct State {
    std::string name;
    /// Durable records that it has not done yet.
    Position lag = 0;
    /// It is stopped in front of records that can't be read, and continues when they can.
    bool stopped = false;
  };
  /// Of each, in the order in which they were added. From any thread.
  std::vector<State> states() const;

 private:
  /// Records that a consumer has and is not done with.
  struct Handed {
    struct Answer {
      std::atomic<bool> given{false};
      std::string lost;
    };
    std::shared_ptr<Answer> answer;
    Position first = 0;
    Position until = 0;
    Milliseconds since{};
    std::size_t records = 0;
  };
  struct Feed {
    Consumer* consumer = nullptr;
    std::string name;
    bool keeps_cursor = false;
    std::atomic<bool> paused{false};
    /// What follows from the records up to here is durable or appended.
    std::atomic<Position> done{0};
    /// What comes next can't be read.
    std::atomic<bool> stopped{false};
    Handed handed;
    /// By the uptime, as all times here.
    Milliseconds retry_at{};
    /// Of the read, or the record, that comes next.
    std::uint32_t failures = 0;
    /// Up to here records are given one at a time: a fault among them is still to be found.
    Position alone_until = 0;
    /// Behind which a start would continue; and what was done since.
    Position cursor = 0;
    std::size_t records_since_cursor = 0;
    Milliseconds unsaved_since{};
  };

  bool finish_handed(Feed& feed);
  bool hand_next(Feed& feed);
  bool hand_read(Feed& feed, std::span<const Record> records);
  void hand(Feed& feed, std::span<const Record> records, Position until);
  void advance(Feed& feed, Position position, std::size_t records);
  void fail(Feed& feed, std::string_view why);
  void lose(Feed& feed, std::string_view why);
  void stop_at_damage(Feed& feed, std::string_view why);
  void put_off(Feed& feed);
  void pass_over(Feed& feed, const Handed& handed, std::string_view why);
  void report(const Feed& feed, std::string_view what) const;
  static void single_out(Feed& feed, Position until);
  static bool alone(const Feed& feed);
  std::span<const Record> read_after(Position position, std::size_t limit);
  bool worth_saving(const Feed& feed) const;
  void save_cursors(bool all);
  void wake_at(Milliseconds when);

  Journal& journal_;
  Timers& timers_;
  const Limits limits_;
  const Report report_;
  const KeepAside keep_aside_;
  std::vector<std::unique_ptr<Feed>> feeds_;
  /// What was read last, from behind `chunk_after_`; a consumer inside it gets the rest of it.
  std::vector<Record> chunk_;
  Position chunk_after_ = 0;
  /// Of the last pass: the most that a consumer found, and whether some of them need not wait for more.
  std::size_t last_records_ = 0;
  bool more_ = false;
  /// When an alarm sounds that was set; the earliest, if any.
  std::optional<Milliseconds> alarm_;
  JournalTail tail_;
};

}  // namespace sugang
