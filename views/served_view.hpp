#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/record.hpp"
#include "storage/key_value_store.hpp"
#include "views/position_waits.hpp"
#include "views/row_keys.hpp"
#include "views/view.hpp"

namespace sugang {

/// What the projector needs to know of a view: where its rows are, and how to make one that folds a generation.
struct ViewKind {
  std::string name;
  ViewId id{};
  std::function<std::unique_ptr<View>(Generation)> make;
};

/// In the order of their keys, which a store takes in far faster: neighbours are inserted where the last one was.
void write_sorted(KeyValueStore& store, WriteSet& changes);

/// The rows of one view: the generation that serves and, while it is rebuilt, a new one beside it. When the new one
/// has caught up it serves instead, and the old rows are erased once no read uses them.
class ServedView {
 public:
  /// A generation that is being read; its rows stay until the last copy is gone. Not to be kept.
  using Pin = std::shared_ptr<const Generation>;
  /// Where the journal, or rows, could not be read on, and when to try again.
  struct Stop {
    Position after = 0;
    std::string why;
    PositionWaits::Clock::time_point retry_at{};
  };
  struct Ports {
    KeyValueStore& store;
    /// Records after a position, up to a limit, in order. None when there are none, or `stop` says why.
    std::function<std::vector<Record>(Stop& stop, Position after, std::size_t limit)> read;
    /// After rows that can't be read they are read again so much later.
    std::chrono::milliseconds retry_ms;
    /// A fault that the views outlive.
    std::function<void(const std::string& what)> report;
    /// The view can't be built again in its store.
    std::function<void(const std::string& why)> on_store_damaged;
    /// There is work; from any thread.
    std::function<void()> wake;
  };

  /// `ports` outlive it, and every pin.
  ServedView(ViewKind kind, std::size_t waits_max, const Ports& ports)
      : waits(waits_max), kind_(std::move(kind)), ports_(ports) {}

  /// Before all else. Returns why rows were dropped; empty when none were. Throws as Projector's constructor.
  std::string recover(Position journal_end);

  // From any thread.

  ViewId id() const { return kind_.id; }
  const std::string& name() const { return kind_.name; }
  /// What the serving rows have reached.
  Position position() const { return position_.load(std::memory_order_acquire); }
  Pin serving() const;
  bool paused() const { return paused_; }
  void pause(bool paused);
  void request_rebuild() { rebuild_requested_ = true; }
  bool rebuilding() const { return rebuild_requested_ || building_; }
  void rows_damaged(Generation generation, std::string_view what);

  PositionWaits waits;

  // On the projector's thread.

  void begin_rebuild();
  /// Whether its live rows can be folded on.
  bool follows();
  bool has_reached(Position position) const { return live_.view && live_.position >= position; }
  /// One chunk for a view that was paused, is new to the program or was built again: the others do not wait for it.
  bool catch_up(Position front);
  /// Into the live rows. Of a view whose rows can't be read nothing is written.
  void fold(const std::vector<Record>& records, WriteSet& changes);
  /// What was folded is written.
  void publish_position() { position_.store(live_.position, std::memory_order_release); }
  /// One chunk. False: there was nothing to do, or it has stopped.
  bool advance_build();
  void erase_retired();
  /// Whatever is to be tried again: nothing while it is paused.
  void add_stops(std::vector<const Stop*>& stops) const;
  /// Its live rows are damaged, and can't be built again.
  bool is_stuck() const { return frozen_ && given_up_; }

 private:
  /// One generation and how far it is.
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
  /// An old generation that reads may still use.
  struct Retired {
    Generation generation = 0;
    std::weak_ptr<const Generation> readers;
  };

  std::string resume(std::string_view generations, Position journal_end);
  void begin_anew();
  void load(Feed& feed) const;
  template <class Work>
  bool reads_rows(Feed& feed, Work work);
  bool fold_into(Feed& feed, const std::vector<Record>& records, WriteSet& changes);
  void write_generations(Generation building) const;
  void begin_build(bool for_damage, bool second_try);
  void drop_build(const std::string& why);
  void give_up();
  void serve_build();
  Pin make_pin(Generation generation) const;

  const ViewKind kind_;
  const Ports& ports_;
  Feed live_;
  std::optional<Feed> build_;
  std::vector<Retired> retired_;
  /// The newest generation that was begun.
  Generation newest_ = 0;
  /// The live rows can't be folded on, since some are damaged; they serve until a build does.
  bool frozen_ = false;

  std::atomic<Position> position_{0};
  std::atomic<bool> paused_{false};
  std::atomic<bool> rebuild_requested_{false};
  std::atomic<bool> building_{false};
  /// The newest generation in which a reader or the fold met damage.
  std::atomic<Generation> damaged_{0};
  /// It can't be built again in this store.
  std::atomic<bool> given_up_{false};
  mutable std::mutex pin_mutex_;
  Pin pin_;
};

}  // namespace sugang
