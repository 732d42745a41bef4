#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "domain/record.hpp"
#include "storage/journal_tail.hpp"
#include "storage/key_value_store.hpp"
#include "views/record_source.hpp"
#include "views/served_view.hpp"

namespace sugang {

/// Tails the journal and folds it into the views' rows. Rows and the position that they have reached are one write,
/// so a restart continues where the rows are. It is not synced: what a crash takes is folded again.
class Projector {
 public:
  struct Limits {
    std::size_t chunk_records_max = 16'384;
    /// So that an enrollment's row is written once and not for each of its steps; unless a read waits for a
    /// position.
    JournalTail::Gather gather{std::chrono::milliseconds{100}};
    std::size_t waits_max = 10'000;
    /// After damage in the journal the same place is read again so much later.
    std::chrono::milliseconds retry_ms{60'000};
  };
  using Pin = ServedView::Pin;
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
  void wake() { tail_.waker()->wake(); }
  /// Paused, the rows stay as they are and keep serving. From any thread.
  void pause(bool paused);
  bool paused() const { return paused_.load(std::memory_order_acquire); }
  /// This view alone: the others continue, and it catches up by itself afterwards.
  void pause(ViewId view, bool paused);

  /// Builds the view again from the first record. One that is under way continues. From any thread.
  void rebuild(ViewId view);
  bool rebuilding(ViewId view) const { return find(view).rebuilding(); }
  /// A reader met damage in this generation: it is built again, unless it was built for that already. From any
  /// thread.
  void rows_damaged(ViewId view, Generation generation, std::string_view what) {
    find(view).rows_damaged(generation, what);
  }
  /// Why views don't advance: the error of reading the journal, or rows. Empty: none.
  std::string stopped_by() const;

  /// What the serving rows of the view have reached. Read it before pinning, then the rows show at least that.
  Position position(ViewId view) const { return find(view).position(); }
  /// What the serving rows of every view have reached.
  Position position() const;
  Pin serving(ViewId view) const { return find(view).serving(); }
  /// Calls `done` once: when the view has reached the position, or at the deadline, or at once when it is no use to
  /// wait. On the projector's thread, or on the caller's when it is known at once.
  void when_reached(ViewId view, Position position, PositionWaits::Clock::time_point deadline,
                    PositionWaits::Done done);

 private:
  std::vector<Record> read(ServedView::Stop& stop, Position after, std::size_t limit);
  bool advance_live();
  void end_waits();
  void give_up_waits();
  void publish_stop();
  std::vector<const ServedView::Stop*> stops() const;
  void report(const std::string& what) const;
  JournalTail::Pass pass();
  void fail(const std::string& why);
  ServedView& find(ViewId view) const;

  const RecordSource source_;
  KeyValueStore& store_;
  const Limits limits_;
  const OnFailure on_failure_;
  OnFault on_fault_;
  OnFailure on_store_damaged_;
  std::vector<std::string> dropped_at_start_;
  const ServedView::Ports ports_;
  // Before the views: the end of a pin wakes.
  JournalTail tail_;
  std::vector<std::unique_ptr<ServedView>> views_;
  /// Records in the last pass over the journal's end; and whether it left work behind that need not be waited for.
  std::size_t last_records_ = 0;
  ServedView::Stop live_stop_;
  bool more_ = false;

  std::atomic<bool> paused_{false};
  /// No pass will follow: stopped, or failed.
  std::atomic<bool> ended_{false};
  mutable std::mutex stopped_by_mutex_;
  std::string stopped_by_;
};

}  // namespace sugang
