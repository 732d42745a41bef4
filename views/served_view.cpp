#include "views/served_view.hpp"

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

}  // namespace

void write_sorted(KeyValueStore& store, WriteSet& changes) {
  std::sort(changes.changes.begin(), changes.changes.end(),
            [](const WriteSet::Change& a, const WriteSet::Change& b) { return a.key < b.key; });
  store.write(changes, Sync::no);
}

std::string ServedView::recover(Position journal_end) {
  const auto value = ports_.store.get(views_space, serving_key(kind_.id));
  const auto why = value ? resume(*value, journal_end) : "";
  if (!value || !why.empty()) begin_anew();
  pin_ = make_pin(live_.generation);
  publish_position();
  return why.empty() ? why : kind_.name + ": rows are dropped and built again: " + why;
}

/// Returns why the rows can't serve; empty when they do.
std::string ServedView::resume(std::string_view generations, Position journal_end) {
  ByteReader in{generations};
  const auto format = in.be<std::uint8_t>();
  if (format != views_format)
    return "they are of format " + std::to_string(format) + ", this program writes " + std::to_string(views_format);
  const auto serving = in.be<Generation>();
  const auto building = in.be<Generation>();
  if (!in.ok() || !in.at_end()) throw DecodeError(kind_.name + ": which rows serve can't be read");
  live_ = Feed{.generation = serving};
  load(live_);
  if (live_.position > journal_end) return "they are ahead of the journal";
  // A crash may have come before the generations that no longer serve were erased.
  erase_generations(ports_.store, kind_.id, 0, serving);
  newest_ = std::max(serving, building);
  if (building != 0) build_ = Feed{.generation = building};
  building_ = build_.has_value();
  return {};
}

/// Whatever a crash leaves of this, the next start finds rows at position 0 or does it again.
void ServedView::begin_anew() {
  erase_generations(ports_.store, kind_.id, 0, std::numeric_limits<Generation>::max());
  live_ = Feed{.generation = newest_ = 1};
  write_generations(0);
  load(live_);
}

void ServedView::write_generations(Generation building) const {
  WriteSet changes;
  put_generations(changes, kind_.id, live_.generation, building);
  ports_.store.write(changes, Sync::no);
}

ServedView::Pin ServedView::make_pin(Generation generation) const {
  // The last reader of an old generation wakes the projector, which may then erase it.
  return {new Generation{generation}, [&wake = ports_.wake](const Generation* pinned) {
            delete pinned;
            wake();
          }};
}

ServedView::Pin ServedView::serving() const {
  const std::lock_guard lock{pin_mutex_};
  return pin_;
}

void ServedView::pause(bool paused) {
  paused_ = paused;
  if (paused) waits.give_up();
}

void ServedView::rows_damaged(Generation generation, std::string_view what) {
  if (generation != *serving() || building_ || given_up_) return;
  if (damaged_.exchange(generation) == generation) return;
  ports_.report(kind_.name + ": rows can't be read: " + std::string{what});
  ports_.wake();
}

/// The view as its rows are, once it is time to read them.
void ServedView::load(Feed& feed) const {
  if (feed.view || (!feed.stop.why.empty() && PositionWaits::Clock::now() < feed.stop.retry_at)) return;
  const auto value = ports_.store.get(views_space, position_key(kind_.id, feed.generation));
  auto view = kind_.make(feed.generation);
  feed.position = value ? number_of<Position>(*value) : 0;
  feed.view = std::move(view);
  feed.stop = {};
}

/// False: rows that `work` needs can't be read. Damaged ones are built again, others are read again later.
template <class Work>
bool ServedView::reads_rows(Feed& feed, Work work) {
  try {
    work();
    return true;
  } catch (const DamagedEntry& fault) {
    if (&feed != &live_) {
      drop_build(fault.what());
      return false;
    }
    frozen_ = true;
    feed.view.reset();
    feed.stop = {};
    rows_damaged(feed.generation, fault.what());
  } catch (const StorageError& fault) {
    // What the view has in memory may be half folded.
    feed.view.reset();
    if (feed.stop.why.empty()) ports_.report(kind_.name + ": rows can't be read now: " + fault.what());
    feed.stop = {feed.position, kind_.name + ": " + fault.what(), PositionWaits::Clock::now() + ports_.retry_ms};
  }
  return false;
}

bool ServedView::fold_into(Feed& feed, const std::vector<Record>& records, WriteSet& changes) {
  WriteSet own;
  const bool folded = reads_rows(feed, [&] {
    for (const auto& record : records) feed.view->fold(record);
    feed.view->flush(own);
  });
  if (!folded) return false;
  feed.position = records.back().position;
  std::string position;
  put_be(position, feed.position);
  own.put(views_space, position_key(kind_.id, feed.generation), std::move(position));
  for (auto& change : own.changes) changes.changes.push_back(std::move(change));
  return true;
}

bool ServedView::follows() {
  if (!frozen_) reads_rows(live_, [&] { load(live_); });
  return live_.view != nullptr;
}

void ServedView::fold(const std::vector<Record>& records, WriteSet& changes) { fold_into(live_, records, changes); }

bool ServedView::catch_up(Position front) {
  if (live_.position >= front) return false;
  const auto records = ports_.read(live_.stop, live_.position, front - live_.position);
  if (records.empty()) return false;
  WriteSet changes;
  fold(records, changes);
  write_sorted(ports_.store, changes);
  publish_position();
  return true;
}

void ServedView::begin_rebuild() {
  if (paused_) return;
  const bool asked = rebuild_requested_;
  if (asked) {
    building_ = true;
    given_up_ = rebuild_requested_ = false;
  }
  if (build_) return;
  const bool damaged = damaged_ == live_.generation && !given_up_;
  if (damaged && !asked && live_.for_damage)
    give_up();
  else if (asked || damaged)
    begin_build(damaged && !asked, false);
}

/// Its rows are read in advance_build.
void ServedView::begin_build(bool for_damage, bool second_try) {
  building_ = true;
  write_generations(++newest_);
  build_ = Feed{.generation = newest_, .for_damage = for_damage, .second_try = second_try};
}

/// A build that met damage is begun once more, in other rows; the second one is the last.
void ServedView::drop_build(const std::string& why) {
  const auto dropped = *std::exchange(build_, std::nullopt);
  ports_.report(kind_.name + ": damage is met while it is built again: " + why);
  if (dropped.second_try)
    give_up();
  else
    begin_build(true, true);
  erase_generations(ports_.store, kind_.id, dropped.generation, dropped.generation + 1);
}

/// No rebuild follows another for ever: what the store gives stays as it is.
void ServedView::give_up() {
  write_generations(0);
  given_up_ = true;
  building_ = false;
  const auto what = kind_.name + ": it can't be built again in its store, which the next start has to drop";
  ports_.report(what);
  ports_.on_store_damaged(what);
}

bool ServedView::advance_build() {
  if (!build_ || paused_) return false;
  const auto generation = build_->generation;
  // By damage; another may have been begun.
  const auto is_dropped = [&] { return !build_ || build_->generation != generation; };
  if (!reads_rows(*build_, [&] { load(*build_); })) return is_dropped();
  if (!build_->view) return false;
  WriteSet changes;
  if (const auto behind = live_.position - build_->position; behind > 0) {
    const auto records = ports_.read(build_->stop, build_->position, behind);
    if (records.empty()) return false;
    if (!fold_into(*build_, records, changes)) return is_dropped();
  }
  const bool caught_up = build_->position == live_.position;
  if (caught_up) put_generations(changes, kind_.id, generation, 0);
  write_sorted(ports_.store, changes);
  if (caught_up) serve_build();
  return true;
}

void ServedView::serve_build() {
  retired_.push_back({live_.generation, pin_});
  auto pin = make_pin(build_->generation);
  {
    const std::lock_guard lock{pin_mutex_};
    pin_.swap(pin);
  }
  live_ = *std::exchange(build_, std::nullopt);
  live_.stop = {};
  building_ = false;
  frozen_ = false;
  publish_position();
}

void ServedView::erase_retired() {
  std::erase_if(retired_, [&](const Retired& old) {
    if (!old.readers.expired()) return false;
    erase_generations(ports_.store, kind_.id, old.generation, old.generation + 1);
    return true;
  });
}

void ServedView::add_stops(std::vector<const Stop*>& stops) const {
  if (paused_) return;
  if (!live_.stop.why.empty()) stops.push_back(&live_.stop);
  if (build_ && !build_->stop.why.empty()) stops.push_back(&build_->stop);
}

}  // namespace sugang
