#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/record.hpp"
#include "storage/key_value_store.hpp"
#include "views/position_waits.hpp"
#include "views/row_keys.hpp"
#include "views/view.hpp"

namespace sugang {

/// The journal as the projector sees it: durable records after a position, up to a limit, in order; and the
/// position of the last durable one.
struct RecordSource {
  std::function<std::vector<Record>(Position after, std::size_t limit)> read;
  std::function<Position()> end;
};

/// What the projector needs to know of a view: where its rows are, and how to make one that folds a generation.
struct ViewKind {
  std::string name;
  ViewId id{};
  std::function<std::unique_ptr<View>(Generation)> make;
};

/// Tails the journal and folds it into the views' rows. Rows and the position that they have reached are one write,
/// so a restart continues where the rows are. It is not synced: what a crash takes is folded again.
///
/// A view is rebuilt as a new generation of rows beside the one that serves; when the new one has caught up it
/// serves instead, and the old rows are erased once no read uses them.
class Projector {
 public:
  struct Limits {
    std::size_t chunk_records_max = 16'384;
    /// Under load, unless a read waits for a position, records gather for so long, so that an enrollment's row is
    /// written once and not for each of its steps.
    std::chrono::milliseconds gather_ms{100};
    /// It is no load when a pass finds fewer records than this: then the next may follow at once.
    std::size_t gather_records_min = 16;
    std::size_t waits_max = 10'000;
    /// After damage in the journal the same place is read again so much later.
    std::chrono::milliseconds retry_ms{60'000};
  };
  /// A generation that is being read; its rows stay until the last copy is gone. Not to be kept.
  using Pin = std::shared_ptr<const Generation>;
  /// Called once, when the rows can't be written; the process must end.
  using OnFailure = std::function<void(const std::string& why)>;
  /// A fault that the views outlive, for the log.
  using OnFault = std::function<void(std::string_view what)>;

  /// Resumes at the stored positions, and continues rebuilds that were under way. Rows of another format, or of
  /// a journal that is not this one (they are ahead of it), are dropped. Throws DamagedEntry when what it reads is
  /// damaged: the store is to be dropped, since a rebuild would read beside the same damage. Throws StorageError.
  Projector(RecordSource source, KeyValueStore& store, std::vector<ViewKind> kinds, Limits limits,
            OnFailure on_failure);
  ~Projector();
  Projector(const Projector&) = delete;
  Projector& operator=(const Projector&) = delete;

  /// Both before start(). A fault that the constructor met is reported at once.
  void on_fault(OnFault on_fault);
  /// A view can't be built again in its store, which is to be dropped before the next start.
  void on_store_damaged(OnFailure on_store_damaged) { on_store_damaged_ = std::move(on_store_damaged); }
  /// Starts the thread. Without it (tests, simulation) run_once() does the work.
  void start();
  /// Ends the thread; waits for a position end as not reached.
  void stop();
  /// One chunk for the serving rows and one for each rebuild. False: there was nothing to do.
  bool run_once();

  /// There may be new records. Cheap; from any thread.
  void wake();
  /// Paused, the rows stay as they are and keep serving. From any thread.
  void pause(bool paused);
  bool paused() const { return paused_.load(std::memory_order_acquire); }
  /// This view alone: the others continue, and it catches up by itself afterwards.
  void pause(ViewId view, bool paused);

  /// Builds the view again from the first record. One that is under way continues. From any thread.
  void rebuild(ViewId view);
  bool rebuilding(ViewId view) const;
  /// A reader met damage in this generation: it is built again, unless it was built for that already. From any
  /// thread.
  void rows_damaged(ViewId view, Generation generation, std::string_view what);
  /// Why views don't advance: the error of reading the journal, or rows. Empty: none.
  std::string stopped_by() const;

  /// What the serving rows of the view have reached. Read it before pinning, then the rows show at least that.
  Position position(ViewId view) const { return find(view).position.load(std::memory_order_acquire); }
  /// What the serving rows of every view have reached.
  Position position() const;
  Pin serving(ViewId view) const;
  /// Calls `done` once: when the view has reached the position, or at the deadline, or at once when it is no use to
  /// wait. On the projector's thread, or on the caller's when it is known at once.
  void when_reached(ViewId view, Position position, PositionWaits::Clock::time_point deadline,
                    PositionWaits::Done done);

 private:
  /// Which generation of a view serves and which one, if any, is being built.
  struct Generations {
    Generation serving = 0;
    Generation building = 0;
  };
  /// Where the journal, or rows, could not be read on, and when to try again.
  struct Stop {
    Position after = 0;
    std::string why;
    PositionWaits::Clock::time_point retry_at{};
  };
  /// One generation of one view and how far it is.
  struct Feed {
    Generation generation = 0;
    /// It was begun because of damage; and because of damage in a build before it.
    bool for_damage = false;
    bool second_try = false;
    /// Nothing until its rows have been read, and again after a read that failed and may be retried.
    std::unique_ptr<View> view = nullptr;
    Position position = 0;
    /// Set when its own reading has stopped.
    Stop stop = {};
  };
  struct Served {
    explicit Served(std::size_t waits_max) : waits(waits_max) {}
    ViewKind kind;
    Feed live;
    std::optional<Feed> build;
    Pin pin;
    PositionWaits waits;
    /// The live rows', for readers.
    std::atomic<Position> position{0};
    std::atomic<bool> paused{false};
    std::atomic<bool> rebuild_requested{false};
    std::atomic<bool> building{false};
    /// The newest generation in which a reader or the fold met damage.
    std::atomic<Generation> damaged{0};
    /// It can't be built again in this store.
    std::atomic<bool> given_up{false};
    /// The newest generation that was begun.
    Generation newest = 0;
    /// The live rows can't be folded on, since some are damaged; they serve until a build does.
    bool frozen = false;
  };
  /// An old generation that reads may still use.
  struct Retired {
    ViewId view{};
    Generation generation = 0;
    std::weak_ptr<const Generation> readers;
  };

  void recover(Served& served);
  void drop_rows(Served& served, const std::string& why);
  void load(const Served& served, Feed& feed) const;
  template <class Work>
  bool reads_rows(Served& served, Feed& feed, Work work);
  void put_off(const Served& served, Feed& feed, const std::string& why);
  Pin make_pin(Generation generation);
  void begin_rebuilds();
  void begin_build(Served& served, bool for_damage, bool second_try);
  void drop_build(Served& served, const std::string& why);
  void give_up(Served& served);
  std::vector<Record> read(Stop& stop, Position after, std::size_t limit);
  bool advance_live();
  bool catch_up(Served& served, Position front);
  bool follows(Served& served);
  void fold_live(Served& served, const std::vector<Record>& records, WriteSet& changes);
  bool advance_build(Served& served);
  void erase_retired();
  void publish_position();
  void end_waits();
  void publish_stop();
  std::vector<const Stop*> stops() const;
  void report(const std::string& what) const;
  void rouse();
  void run();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  Served& find(ViewId view) const;

  const RecordSource source_;
  KeyValueStore& store_;
  const Limits limits_;
  const OnFailure on_failure_;
  OnFault on_fault_;
  OnFailure on_store_damaged_;
  std::vector<std::string> dropped_at_start_;
  // Before the views: the end of a pin wakes.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> woken_{false};
  bool stopping_ = false;
  std::vector<std::unique_ptr<Served>> views_;
  std::vector<Retired> retired_;
  /// Records in the last pass over the journal's end; and whether it left work behind that need not be waited for.
  std::size_t last_records_ = 0;
  Stop live_stop_;
  bool more_ = false;

  std::atomic<bool> paused_{false};
  /// No pass will follow: stopped, or failed.
  std::atomic<bool> ended_{false};
  mutable std::mutex pins_mutex_;
  /// Under pins_mutex_.
  std::string stopped_by_;
  std::thread thread_;
};

}  // namespace sugang
