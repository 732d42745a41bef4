#include "views/projector.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace sugang {

Projector::Projector(RecordSource source, KeyValueStore& store, std::vector<ViewKind> kinds, Limits limits,
                     OnFailure on_failure)
    : source_(std::move(source)),
      store_(store),
      limits_(limits),
      on_failure_(std::move(on_failure)),
      ports_{.store = store,
             .read = [this](auto& stop, auto after, auto limit) { return read(stop, after, limit); },
             .retry_ms = limits.retry_ms,
             .report = [this](const auto& what) { report(what); },
             .on_store_damaged =
                 [this](const auto& why) {
                   if (on_store_damaged_) on_store_damaged_(why);
                 },
             .wake = [this] { wake(); }},
      tail_(
          limits.gather, [this] { return pass(); }, [this](const auto& why) { fail(why); }) {
  for (auto& kind : kinds) {
    const auto& view = views_.emplace_back(std::make_unique<ServedView>(std::move(kind), limits.waits_max, ports_));
    if (auto why = view->recover(source_.end()); !why.empty()) dropped_at_start_.push_back(std::move(why));
  }
}

Projector::~Projector() { stop(); }

void Projector::on_fault(OnFault on_fault) {
  on_fault_ = std::move(on_fault);
  for (const auto& what : std::exchange(dropped_at_start_, {})) report(what);
}

void Projector::report(const std::string& what) const {
  if (on_fault_) on_fault_(what);
}

void Projector::start() { tail_.start(); }

void Projector::stop() {
  tail_.stop();
  ended_ = true;
  give_up_waits();
}

void Projector::give_up_waits() {
  for (auto& view : views_) view->waits.give_up();
}

void Projector::pause(bool paused) {
  paused_.store(paused, std::memory_order_release);
  if (paused) give_up_waits();
  wake();
}

void Projector::pause(ViewId view, bool paused) {
  find(view).pause(paused);
  wake();
}

ServedView& Projector::find(ViewId view) const {
  return **std::find_if(views_.begin(), views_.end(), [&](const auto& each) { return each->id() == view; });
}

void Projector::rebuild(ViewId view) {
  find(view).request_rebuild();
  wake();
}

void Projector::when_reached(ViewId view, Position position, PositionWaits::Clock::time_point deadline,
                             PositionWaits::Done done) {
  auto& served = find(view);
  if (position <= this->position(view)) return done(true);
  if (paused() || served.paused() || ended_ || !served.waits.add(position, deadline, done)) return done(false);
  // A pass follows and looks at the waits, so a position or a pause that came in between is seen.
  tail_.waker()->urge();
  if (ended_) served.waits.give_up();
}

Position Projector::position() const {
  auto reached = std::numeric_limits<Position>::max();
  for (const auto& view : views_) reached = std::min(reached, view->position());
  return views_.empty() ? 0 : reached;
}

/// Those that the rows have reached, that are over, and that are no use.
void Projector::end_waits() {
  const auto now = PositionWaits::Clock::now();
  for (auto& view : views_) {
    view->waits.advance(view->position(), now);
    if (paused() || view->paused()) view->waits.give_up();
  }
}

/// Whatever is to be tried again.
std::vector<const ServedView::Stop*> Projector::stops() const {
  std::vector<const ServedView::Stop*> all;
  if (!live_stop_.why.empty()) all.push_back(&live_stop_);
  for (const auto& view : views_) view->add_stops(all);
  return all;
}

void Projector::publish_stop() {
  std::string why;
  for (const auto& view : views_)
    if (view->is_stuck()) why = view->name() + ": its rows are damaged";
  if (const auto all = stops(); !all.empty()) why = all.front()->why;
  std::lock_guard lock{stopped_by_mutex_};
  stopped_by_ = std::move(why);
}

std::string Projector::stopped_by() const {
  std::lock_guard lock{stopped_by_mutex_};
  return stopped_by_;
}

/// Nothing, while the journal can't be read on from there: a view can't skip what can't be read.
std::vector<Record> Projector::read(ServedView::Stop& stop, Position after, std::size_t limit) {
  const auto now = PositionWaits::Clock::now();
  const bool stopped = !stop.why.empty() && stop.after == after;
  if (stopped && now < stop.retry_at) return {};
  std::vector<Record> records;
  try {
    records = source_.read(after, std::min(limit, limits_.chunk_records_max));
  } catch (const std::exception& fault) {
    if (!stopped) report("the views stop behind position " + std::to_string(after) + ": " + fault.what());
    stop = {after, fault.what(), now + limits_.retry_ms};
    return {};
  }
  stop = {};
  return records;
}

bool Projector::advance_live() {
  std::vector<ServedView*> following;
  Position front = 0;
  for (auto& view : views_) {
    if (view->paused() || !view->follows()) continue;
    following.push_back(view.get());
    front = std::max(front, view->position());
  }
  bool worked = false;
  for (auto* view : following) worked = view->catch_up(front) || worked;
  more_ = worked;
  std::erase_if(following, [&](const ServedView* view) { return !view->has_reached(front); });
  if (following.empty()) {
    live_stop_ = {};
    return worked;
  }
  const auto end = source_.end();
  const auto records = read(live_stop_, front, limits_.chunk_records_max);
  last_records_ = records.size();
  if (records.empty()) return worked;
  WriteSet changes;
  for (auto* view : following) view->fold(records, changes);
  write_sorted(store_, changes);
  for (auto* view : following) view->publish_position();
  // Less than there was stands before damage, which the next pass meets.
  more_ = more_ || records.back().position < end;
  return true;
}

bool Projector::run_once() {
  more_ = false;
  bool worked = false;
  if (!paused()) {
    for (auto& view : views_) view->begin_rebuild();
    worked = advance_live();
    for (auto& view : views_)
      if (view->advance_build()) worked = more_ = true;
  }
  for (auto& view : views_) view->erase_retired();
  publish_stop();
  end_waits();
  return worked;
}

JournalTail::Pass Projector::pass() {
  run_once();
  JournalTail::Pass pass{.records = last_records_, .more = more_};
  const auto again = [&](PositionWaits::Clock::time_point at) {
    pass.again_at = std::min(pass.again_at.value_or(at), at);
  };
  for (const auto& view : views_) {
    const auto deadline = view->waits.next_deadline();
    if (!deadline) continue;
    again(*deadline);
    // A read that waits for a position does not wait for more to gather.
    pass.records = 0;
  }
  if (!paused())
    for (const auto* stop : stops()) again(stop->retry_at);
  return pass;
}

void Projector::fail(const std::string& why) {
  ended_ = true;
  give_up_waits();
  if (on_failure_) on_failure_("views: " + why);
}

}  // namespace sugang
