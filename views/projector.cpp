#include "views/projector.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/bytes.hpp"

namespace sugang {
namespace {

/// Which generation of a view serves and which one, if any, is being built: format (1) serving (4) building (4), 0
/// for none.
struct Generations {
  Generation serving = 0;
  Generation building = 0;
};

void put_generations(WriteSet& changes, ViewId view, Generations generations) {
  std::string value(1, static_cast<char>(views_format));
  put_be(value, generations.serving);
  put_be(value, generations.building);
  changes.put(views_space, serving_key(view), std::move(value));
}

void put_position(WriteSet& changes, ViewId view, Generation generation, Position position) {
  std::string value;
  put_be(value, position);
  changes.put(views_space, position_key(view, generation), std::move(value));
}

/// True also when what is there can't be read.
bool has_keys(const KeyValueStore& store, const std::string& from, const std::string& until) {
  bool found = false;
  try {
    store.scan(views_space, from, until, [&](std::string_view, std::string_view) { return !(found = true); });
  } catch (const StorageError&) {
    return true;
  }
  return found;
}

/// Erases generations ≥ `from` and < `until`.
void erase_generations(KeyValueStore& store, ViewId view, Generation from, Generation until) {
  const std::pair<std::string, std::string> ranges[]{
      {generation_prefix(view, from), generation_prefix(view, until)},
      {position_key(view, from), position_key(view, until)}};
  for (const auto& [first, last] : ranges)
    if (has_keys(store, first, last)) store.erase_range(views_space, first, last);
}

/// In the order of their keys, which a store takes in far faster: neighbours are inserted where the last one was.
void write_sorted(KeyValueStore& store, WriteSet& changes) {
  std::sort(changes.changes.begin(), changes.changes.end(),
            [](const WriteSet::Change& a, const WriteSet::Change& b) { return a.key < b.key; });
  store.write(changes, Sync::no);
}

void fold_after(View& view, Position after, const std::vector<Record>& records) {
  for (const auto& record : records)
    if (record.position > after) view.fold(record);
}

}  // namespace

Projector::Projector(RecordSource source, KeyValueStore& store, std::vector<ViewKind> kinds, Limits limits,
                     OnFailure on_failure)
    : source_(std::move(source)),
      store_(store),
      limits_(limits),
      on_failure_(std::move(on_failure)),
      waits_(limits.waits_max) {
  for (auto& kind : kinds) {
    auto served = std::make_unique<Served>();
    served->kind = std::move(kind);
    recover(*served);
    views_.push_back(std::move(served));
  }
  publish_position();
}

Projector::~Projector() { stop(); }

Projector::Feed Projector::make_feed(const ViewKind& kind, Generation generation) const {
  const auto value = store_.get(views_space, position_key(kind.id, generation));
  return {kind.make(generation), generation, value ? ByteReader{*value}.be<Position>() : 0};
}

Projector::Pin Projector::make_pin(Generation generation) {
  // The last reader of an old generation wakes the projector, which may then erase it.
  return {new Generation{generation}, [this](const Generation* pinned) {
            delete pinned;
            wake();
          }};
}

void Projector::recover(Served& served) {
  const auto id = served.kind.id;
  Generations generations;
  bool readable = false;
  try {
    if (const auto value = store_.get(views_space, serving_key(id))) {
      ByteReader in{*value};
      readable = in.be<std::uint8_t>() == views_format;
      generations.serving = in.be<Generation>();
      generations.building = in.be<Generation>();
    }
    served.live = make_feed(served.kind, generations.serving);
    if (generations.building != 0) served.build = make_feed(served.kind, generations.building);
  } catch (const StorageError&) {
    readable = false;
  }
  if (!readable || served.live.position > source_.end()) {
    // Whatever a crash leaves of this, the next start finds rows at position 0 or does it again.
    erase_generations(store_, id, 0, std::numeric_limits<Generation>::max());
    generations = {.serving = 1, .building = 0};
    served.build.reset();
    WriteSet changes;
    put_generations(changes, id, generations);
    store_.write(changes, Sync::no);
    served.live = make_feed(served.kind, generations.serving);
  } else {
    // A crash may have come before the generations that no longer serve were erased.
    erase_generations(store_, id, 0, generations.serving);
  }
  served.building = served.build.has_value();
  served.pin = make_pin(generations.serving);
}

void Projector::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Projector::stop() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  ended_ = true;
  waits_.give_up();
}

void Projector::wake() {
  if (!woken_.exchange(true, std::memory_order_acq_rel)) rouse();
}

void Projector::rouse() {
  // The lock keeps the notification from falling between the thread's look at the flag and its sleep.
  { std::lock_guard lock{mutex_}; }
  wake_.notify_all();
}

void Projector::pause(bool paused) {
  paused_.store(paused, std::memory_order_release);
  if (paused) waits_.give_up();
  wake();
}

Projector::Served& Projector::find(ViewId view) const {
  return **std::find_if(views_.begin(), views_.end(), [&](const auto& served) { return served->kind.id == view; });
}

void Projector::rebuild(ViewId view) {
  find(view).rebuild_requested = true;
  wake();
}

bool Projector::rebuilding(ViewId view) const {
  const auto& served = find(view);
  return served.rebuild_requested || served.building;
}

Projector::Pin Projector::serving(ViewId view) const {
  std::lock_guard lock{pins_mutex_};
  return find(view).pin;
}

void Projector::when_reached(Position position, PositionWaits::Clock::time_point deadline,
                             PositionWaits::Done done) {
  if (position <= this->position()) return done(true);
  if (paused() || ended_ || !waits_.add(position, deadline, done)) return done(false);
  // A pass follows and looks at the waits, so a position or a pause that came in between is seen.
  woken_.store(true, std::memory_order_release);
  rouse();
  if (ended_) waits_.give_up();
}

void Projector::publish_position() {
  Position reached = views_.empty() ? 0 : views_.front()->live.position;
  for (const auto& served : views_) reached = std::min(reached, served->live.position);
  position_.store(reached, std::memory_order_release);
}

void Projector::begin_rebuilds() {
  for (auto& served : views_) {
    if (!served->rebuild_requested) continue;
    served->building = true;
    served->rebuild_requested = false;
    if (served->build) continue;
    const auto next = served->live.generation + 1;
    WriteSet changes;
    put_generations(changes, served->kind.id, {served->live.generation, next});
    store_.write(changes, Sync::no);
    served->build = make_feed(served->kind, next);
  }
}

void Projector::rows_damaged(ViewId view, std::string_view what) {
  auto& served = find(view);
  if (served.building || served.rebuild_requested.exchange(true)) return;
  if (on_fault_)
    on_fault_(served.kind.name + ": rows can't be read, the view is built again: " + std::string{what});
  wake();
}

std::string Projector::stopped_by() const {
  std::lock_guard lock{pins_mutex_};
  return stopped_by_;
}

/// Nothing, while the journal can't be read on from there: a view can't pass over what nobody can read.
std::vector<Record> Projector::read(Stop& stop, Position after, std::size_t limit) {
  const auto now = PositionWaits::Clock::now();
  const bool stopped = !stop.why.empty() && stop.after == after;
  if (stopped && now < stop.retry_at) return {};
  std::vector<Record> records;
  std::string why;
  try {
    records = source_.read(after, limit);
  } catch (const std::exception& fault) {
    why = fault.what();
    if (!stopped && on_fault_) on_fault_("the views stop behind position " + std::to_string(after) + ": " + why);
  }
  if (why.empty() && stop.why.empty()) return records;
  stop = {after, why, now + limits_.retry_ms};
  std::lock_guard lock{pins_mutex_};
  stopped_by_ = why;
  return records;
}

bool Projector::advance_live() {
  // Views that are new to the program begin at 0; those further on skip what they have.
  std::optional<Position> after;
  for (const auto& served : views_)
    if (!served->frozen) after = std::min(after.value_or(served->live.position), served->live.position);
  if (!after) return false;
  const auto records = read(live_stop_, *after, limits_.chunk_records_max);
  last_records_ = records.size();
  if (records.empty()) return false;
  WriteSet changes;
  for (auto& served : views_)
    if (!served->frozen && !fold_live(*served, records, changes)) served->frozen = true;
  write_sorted(store_, changes);
  publish_position();
  more_ = more_ || records.size() >= limits_.chunk_records_max;
  return true;
}

/// False: rows that it needs can't be read, and nothing of it is written.
bool Projector::fold_live(Served& served, const std::vector<Record>& records, WriteSet& changes) {
  auto& live = served.live;
  WriteSet own;
  try {
    fold_after(*live.view, live.position, records);
    live.view->flush(own);
  } catch (const StorageError& fault) {
    rows_damaged(served.kind.id, fault.what());
    return false;
  }
  live.position = std::max(live.position, records.back().position);
  put_position(own, served.kind.id, live.generation, live.position);
  for (auto& change : own.changes) changes.changes.push_back(std::move(change));
  return true;
}

bool Projector::advance_build(Served& served) {
  if (!served.build) return false;
  auto& build = *served.build;
  const auto behind = served.live.position - build.position;
  WriteSet changes;
  if (behind > 0) {
    const auto records = read(build.stop, build.position, std::min<std::size_t>(behind, limits_.chunk_records_max));
    if (records.empty()) return false;
    fold_after(*build.view, build.position, records);
    build.view->flush(changes);
    build.position = records.back().position;
  }
  put_position(changes, served.kind.id, build.generation, build.position);
  const bool caught_up = build.position == served.live.position;
  if (caught_up) put_generations(changes, served.kind.id, {build.generation, 0});
  write_sorted(store_, changes);
  more_ = true;
  if (!caught_up) return true;

  retired_.push_back({served.kind.id, served.live.generation, served.pin});
  auto pin = make_pin(build.generation);
  {
    std::lock_guard lock{pins_mutex_};
    served.pin.swap(pin);
  }
  served.live = std::move(build);
  served.build.reset();
  served.building = false;
  served.frozen = false;
  publish_position();
  return true;
}

void Projector::erase_retired() {
  std::erase_if(retired_, [&](const Retired& old) {
    if (!old.readers.expired()) return false;
    erase_generations(store_, old.view, old.generation, old.generation + 1);
    return true;
  });
}

bool Projector::run_once() {
  more_ = false;
  bool worked = false;
  if (!paused()) {
    begin_rebuilds();
    worked = advance_live();
    for (auto& served : views_) worked = advance_build(*served) || worked;
  }
  erase_retired();
  waits_.advance(position(), PositionWaits::Clock::now());
  if (paused()) waits_.give_up();
  return worked;
}

void Projector::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const bool gathers = last_records_ >= limits_.gather_records_min;
  const auto gathered = PositionWaits::Clock::now() + (gathers ? limits_.gather_ms : std::chrono::milliseconds{0});
  auto roused = [&] { return stopping_ || woken_.load(std::memory_order_acquire); };
  if (const auto deadline = waits_.next_deadline())
    wake_.wait_until(lock, *deadline, roused);
  else
    wake_.wait(lock, roused);
  // Whoever waits for a position has no time to gather.
  wake_.wait_until(lock, gathered, [&] { return stopping_ || !waits_.empty(); });
  woken_.store(false, std::memory_order_release);
}

void Projector::run() {
  try {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
      lock.unlock();
      run_once();
      lock.lock();
      if (!more_ && !stopping_) wait_for_work(lock);
    }
  } catch (const std::exception& failure) {
    ended_ = true;
    waits_.give_up();
    if (on_failure_) on_failure_(std::string{"views: "} + failure.what());
  }
}

}  // namespace sugang
