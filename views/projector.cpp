#include "views/projector.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/bytes.hpp"
#include "storage/codec.hpp"

namespace sugang {
namespace {

/// Format (1), the generation that serves (4), and the one that is built (4), 0 for none.
void put_generations(WriteSet& changes, ViewId view, Generation serving, Generation building) {
  std::string value(1, static_cast<char>(views_format));
  put_be(value, serving);
  put_be(value, building);
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

void fold(View& view, const std::vector<Record>& records) {
  for (const auto& record : records) view.fold(record);
}

}  // namespace

Projector::Projector(RecordSource source, KeyValueStore& store, std::vector<ViewKind> kinds, Limits limits,
                     OnFailure on_failure)
    : source_(std::move(source)), store_(store), limits_(limits), on_failure_(std::move(on_failure)) {
  for (auto& kind : kinds) {
    auto served = std::make_unique<Served>(limits.waits_max);
    served->kind = std::move(kind);
    recover(*served);
    views_.push_back(std::move(served));
  }
  publish_position();
}

Projector::~Projector() { stop(); }

void Projector::on_fault(OnFault on_fault) {
  on_fault_ = std::move(on_fault);
  for (const auto& what : std::exchange(dropped_at_start_, {})) report(what);
}

void Projector::report(const std::string& what) const {
  if (on_fault_) on_fault_(what);
}

/// The view as its rows are, once it is time to read them.
void Projector::load(const Served& served, Feed& feed) const {
  if (feed.view || (!feed.stop.why.empty() && PositionWaits::Clock::now() < feed.stop.retry_at)) return;
  const auto value = store_.get(views_space, position_key(served.kind.id, feed.generation));
  auto view = served.kind.make(feed.generation);
  feed.position = value ? number_of<Position>(*value) : 0;
  feed.view = std::move(view);
  feed.stop = {};
}

/// False: rows that `work` needs can't be read. Damaged ones are built again, others are read again later.
template <class Work>
bool Projector::reads_rows(Served& served, Feed& feed, Work work) {
  try {
    work();
    return true;
  } catch (const DamagedEntry& fault) {
    if (&feed != &served.live) {
      drop_build(served, fault.what());
      return false;
    }
    served.frozen = true;
    feed.view.reset();
    feed.stop = {};
    rows_damaged(served.kind.id, feed.generation, fault.what());
  } catch (const StorageError& fault) {
    put_off(served, feed, fault.what());
  }
  return false;
}

/// What the view has in memory may be half folded.
void Projector::put_off(const Served& served, Feed& feed, const std::string& why) {
  feed.view.reset();
  if (feed.stop.why.empty()) report(served.kind.name + ": rows can't be read now: " + why);
  feed.stop = {feed.position, served.kind.name + ": " + why, PositionWaits::Clock::now() + limits_.retry_ms};
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
  const auto value = store_.get(views_space, serving_key(id));
  Generations generations{.serving = 1, .building = 0};
  std::string why;
  if (value) {
    ByteReader in{*value};
    const auto format = in.be<std::uint8_t>();
    if (format != views_format) {
      why =
          "they are of format " + std::to_string(format) + ", this program writes " + std::to_string(views_format);
    } else {
      generations = {.serving = in.be<Generation>(), .building = in.be<Generation>()};
      if (!in.ok() || !in.at_end()) throw DecodeError(served.kind.name + ": which rows serve can't be read");
      served.live = Feed{.generation = generations.serving};
      load(served, served.live);
      if (served.live.position > source_.end()) why = "they are ahead of the journal";
    }
  }
  if (!value || !why.empty()) {
    drop_rows(served, why);
    generations = {.serving = 1, .building = 0};
  } else {
    // A crash may have come before the generations that no longer serve were erased.
    erase_generations(store_, id, 0, generations.serving);
  }
  served.newest = std::max(generations.serving, generations.building);
  if (generations.building != 0) served.build = Feed{.generation = generations.building};
  served.building = served.build.has_value();
  served.pin = make_pin(generations.serving);
}

/// Whatever a crash leaves of this, the next start finds rows at position 0 or does it again.
void Projector::drop_rows(Served& served, const std::string& why) {
  const auto id = served.kind.id;
  if (!why.empty()) dropped_at_start_.push_back(served.kind.name + ": rows are dropped and built again: " + why);
  erase_generations(store_, id, 0, std::numeric_limits<Generation>::max());
  WriteSet changes;
  put_generations(changes, id, 1, 0);
  store_.write(changes, Sync::no);
  served.live = Feed{.generation = 1};
  load(served, served.live);
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
  for (auto& served : views_) served->waits.give_up();
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
  if (paused)
    for (auto& served : views_) served->waits.give_up();
  wake();
}

void Projector::pause(ViewId view, bool paused) {
  auto& served = find(view);
  served.paused = paused;
  if (paused) served.waits.give_up();
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

void Projector::when_reached(ViewId view, Position position, PositionWaits::Clock::time_point deadline,
                             PositionWaits::Done done) {
  auto& served = find(view);
  if (position <= this->position(view)) return done(true);
  if (paused() || served.paused || ended_ || !served.waits.add(position, deadline, done)) return done(false);
  // A pass follows and looks at the waits, so a position or a pause that came in between is seen.
  woken_.store(true, std::memory_order_release);
  rouse();
  if (ended_) served.waits.give_up();
}

Position Projector::position() const {
  auto reached = std::numeric_limits<Position>::max();
  for (const auto& served : views_) reached = std::min(reached, served->position.load(std::memory_order_acquire));
  return views_.empty() ? 0 : reached;
}

void Projector::publish_position() {
  for (auto& served : views_) served->position.store(served->live.position, std::memory_order_release);
}

/// Those that the rows have reached, that are over, and that are no use.
void Projector::end_waits() {
  const auto now = PositionWaits::Clock::now();
  for (auto& served : views_) {
    served->waits.advance(served->live.position, now);
    if (paused() || served->paused) served->waits.give_up();
  }
}

/// Whatever is to be tried again: nothing of a view that is paused.
std::vector<const Projector::Stop*> Projector::stops() const {
  std::vector<const Stop*> all{&live_stop_};
  for (const auto& served : views_) {
    if (served->paused) continue;
    all.push_back(&served->live.stop);
    if (served->build) all.push_back(&served->build->stop);
  }
  std::erase_if(all, [](const Stop* stop) { return stop->why.empty(); });
  return all;
}

void Projector::publish_stop() {
  std::string why;
  for (const auto& served : views_)
    if (served->frozen && served->given_up) why = served->kind.name + ": its rows are damaged";
  if (const auto all = stops(); !all.empty()) why = all.front()->why;
  std::lock_guard lock{pins_mutex_};
  stopped_by_ = std::move(why);
}

void Projector::begin_rebuilds() {
  for (auto& each : views_) {
    auto& served = *each;
    if (served.paused) continue;
    const bool asked = served.rebuild_requested;
    if (asked) {
      served.building = true;
      served.given_up = served.rebuild_requested = false;
    }
    if (served.build) continue;
    const bool damaged = served.damaged == served.live.generation && !served.given_up;
    if (damaged && !asked && served.live.for_damage)
      give_up(served);
    else if (asked || damaged)
      begin_build(served, damaged && !asked, false);
  }
}

/// Its rows are read in advance_build.
void Projector::begin_build(Served& served, bool for_damage, bool second_try) {
  served.building = true;
  WriteSet changes;
  put_generations(changes, served.kind.id, served.live.generation, ++served.newest);
  store_.write(changes, Sync::no);
  served.build = Feed{.generation = served.newest, .for_damage = for_damage, .second_try = second_try};
}

/// A build that met damage is begun once more, in other rows; the second one is the last.
void Projector::drop_build(Served& served, const std::string& why) {
  const auto dropped = *std::exchange(served.build, std::nullopt);
  report(served.kind.name + ": damage is met while it is built again: " + why);
  if (dropped.second_try)
    give_up(served);
  else
    begin_build(served, true, true);
  erase_generations(store_, served.kind.id, dropped.generation, dropped.generation + 1);
  more_ = true;
}

/// No rebuild follows another for ever: what the store gives stays as it is.
void Projector::give_up(Served& served) {
  WriteSet changes;
  put_generations(changes, served.kind.id, served.live.generation, 0);
  store_.write(changes, Sync::no);
  served.given_up = true;
  served.building = false;
  const auto what = served.kind.name + ": it can't be built again in its store, which the next start has to drop";
  report(what);
  if (on_store_damaged_) on_store_damaged_(what);
}

void Projector::rows_damaged(ViewId view, Generation generation, std::string_view what) {
  auto& served = find(view);
  if (generation != *serving(view) || served.building || served.given_up) return;
  if (served.damaged.exchange(generation) == generation) return;
  report(served.kind.name + ": rows can't be read: " + std::string{what});
  wake();
}

std::string Projector::stopped_by() const {
  std::lock_guard lock{pins_mutex_};
  return stopped_by_;
}

/// Nothing, while the journal can't be read on from there: a view can't skip what can't be read.
std::vector<Record> Projector::read(Stop& stop, Position after, std::size_t limit) {
  const auto now = PositionWaits::Clock::now();
  const bool stopped = !stop.why.empty() && stop.after == after;
  if (stopped && now < stop.retry_at) return {};
  std::vector<Record> records;
  try {
    records = source_.read(after, limit);
  } catch (const std::exception& fault) {
    if (!stopped) report("the views stop behind position " + std::to_string(after) + ": " + fault.what());
    stop = {after, fault.what(), now + limits_.retry_ms};
    return {};
  }
  stop = {};
  return records;
}

/// Whether its live rows can be folded on.
bool Projector::follows(Served& served) {
  if (!served.frozen) reads_rows(served, served.live, [&] { load(served, served.live); });
  return served.live.view != nullptr;
}

bool Projector::advance_live() {
  std::vector<Served*> following;
  Position front = 0;
  for (auto& served : views_) {
    if (served->paused || !follows(*served)) continue;
    following.push_back(served.get());
    front = std::max(front, served->live.position);
  }
  bool worked = false;
  for (auto* served : following) worked = catch_up(*served, front) || worked;
  std::erase_if(following,
                [&](const Served* served) { return !served->live.view || served->live.position < front; });
  if (following.empty()) {
    live_stop_ = {};
    return worked;
  }
  const auto end = source_.end();
  const auto records = read(live_stop_, front, limits_.chunk_records_max);
  last_records_ = records.size();
  if (records.empty()) return worked;
  WriteSet changes;
  for (auto* served : following) fold_live(*served, records, changes);
  write_sorted(store_, changes);
  publish_position();
  // Less than there was stands before damage, which the next pass meets.
  more_ = more_ || records.back().position < end;
  return true;
}

/// One chunk for a view that was paused, is new to the program or was built again: the others do not wait for it.
bool Projector::catch_up(Served& served, Position front) {
  auto& live = served.live;
  if (live.position >= front) return false;
  const auto behind = std::min<std::size_t>(front - live.position, limits_.chunk_records_max);
  const auto records = read(live.stop, live.position, behind);
  if (records.empty()) return false;
  WriteSet changes;
  fold_live(served, records, changes);
  write_sorted(store_, changes);
  publish_position();
  more_ = true;
  return true;
}

/// Of a view whose rows can't be read nothing is written.
void Projector::fold_live(Served& served, const std::vector<Record>& records, WriteSet& changes) {
  auto& live = served.live;
  WriteSet own;
  const bool folded = reads_rows(served, live, [&] {
    fold(*live.view, records);
    live.view->flush(own);
  });
  if (!folded) return;
  live.position = records.back().position;
  put_position(own, served.kind.id, live.generation, live.position);
  for (auto& change : own.changes) changes.changes.push_back(std::move(change));
}

bool Projector::advance_build(Served& served) {
  if (!served.build || served.paused) return false;
  auto& build = *served.build;
  if (!reads_rows(served, build, [&] { load(served, build); })) return more_;
  if (!build.view) return false;
  const auto behind = served.live.position - build.position;
  WriteSet changes;
  if (behind > 0) {
    const auto records = read(build.stop, build.position, std::min<std::size_t>(behind, limits_.chunk_records_max));
    if (records.empty()) return false;
    const bool folded = reads_rows(served, build, [&] {
      fold(*build.view, records);
      build.view->flush(changes);
    });
    if (!folded) return more_;
    build.position = records.back().position;
  }
  put_position(changes, served.kind.id, build.generation, build.position);
  const bool caught_up = build.position == served.live.position;
  if (caught_up) put_generations(changes, served.kind.id, build.generation, 0);
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
  served.live.stop = {};
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
  publish_stop();
  end_waits();
  return worked;
}

void Projector::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const bool gathers = last_records_ >= limits_.gather_records_min;
  const auto gathered = PositionWaits::Clock::now() + (gathers ? limits_.gather_ms : std::chrono::milliseconds{0});
  auto roused = [&] { return stopping_ || woken_.load(std::memory_order_acquire); };
  std::optional<PositionWaits::Clock::time_point> deadline;
  const auto until = [&](PositionWaits::Clock::time_point at) { deadline = std::min(deadline.value_or(at), at); };
  for (const auto& served : views_)
    if (const auto at = served->waits.next_deadline()) until(*at);
  if (!paused())
    for (const auto* stop : stops()) until(stop->retry_at);
  if (deadline)
    wake_.wait_until(lock, *deadline, roused);
  else
    wake_.wait(lock, roused);
  // A read that waits for a position does not wait for more to gather.
  const auto awaited = [](const auto& served) { return !served->waits.empty(); };
  wake_.wait_until(lock, gathered, [&] { return stopping_ || std::any_of(views_.begin(), views_.end(), awaited); });
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
    for (auto& served : views_) served->waits.give_up();
    if (on_failure_) on_failure_(std::string{"views: "} + failure.what());
  }
}

}  // namespace sugang
