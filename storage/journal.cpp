#include "storage/journal.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <unordered_set>
#include <utility>

#include "storage/journal_batch.hpp"
#include "storage/journal_keys.hpp"
#include "storage/journal_queue.hpp"
#include "storage/journal_reader.hpp"
#include "storage/journal_recovery.hpp"
#include "storage/request_expiry.hpp"
#include "storage/sequence_guard.hpp"

namespace sugang {
namespace {

using Queue = JournalQueue;

/// What was taken from the queue into one batch.
struct Gathered {
  /// What must wait for the batch's write.
  std::vector<Queue::Item> waiting;
  std::size_t bytes = 0;
  /// Of the last append; 0: none.
  Ticket ticket = 0;
};

Sequence last_sequence(const Recovered& recovered) {
  if (!recovered.tail.empty()) return recovered.tail.back().sequence;
  return recovered.snapshot ? recovered.snapshot->sequence : 0;
}

}  // namespace

Unreadable why_unreadable(const std::exception& fault) {
  return {.why = fault.what(),
          .known = dynamic_cast<const Quarantined*>(&fault) != nullptr,
          .passing = dynamic_cast<const JournalDamaged*>(&fault) == nullptr};
}

struct Journal::Impl {
  Impl(KeyValueStore& s, HeadFile& h, Limits l, ReadExecutor r, OnFailure f, std::atomic<Position>& d)
      : store(s), head(h), limits(l), reads(std::move(r)), on_failure(std::move(f)), durable(d), reader(s) {
    const auto recovered = recover_journal(store, head, limits);
    end = recovered.end;
    pending.insert(recovered.pending.begin(), recovered.pending.end());
    durable.store(end.position, std::memory_order_release);
  }

  bool commit();
  void commit_batch();
  Gathered gather(JournalBatch& batch);
  void write(JournalBatch& batch);
  void note_loaded();
  void release(Queue::Item& item);
  void release_wake(Queue::Wake wake);
  template <class Read>
  auto isolating(const AggregateId& id, Read read);
  template <class Read>
  auto noting(Read read);
  Recovered recover(const AggregateId& id, Position until);
  void release_look_up(Queue::LookUp look_up);
  Existence existence_of(const AggregateId& id);
  void read_away(std::function<void()> read);
  void fail(const std::string& why);
  void run();

  KeyValueStore& store;
  HeadFile& head;
  const Limits limits;
  const ReadExecutor reads;
  const OnFailure on_failure;
  std::atomic<Position>& durable;
  const JournalReader reader;
  Quarantine quarantine;
  std::vector<std::function<void(Position)>> listeners;

  JournalQueue queue;
  std::atomic<Ticket> durable_ticket{0};
  std::atomic<bool> failed{false};
  std::thread committer;

  // Owned by the thread that commits.
  std::mutex commit_mutex;
  std::deque<Queue::Item> taken;
  SequenceGuard sequences;
  JournalEnd end;
  std::unordered_set<AggregateId> pending;

  /// The store takes writes from one at a time: batches, and the expiry of requests.
  mutable std::mutex write_mutex;

  mutable std::mutex stats_mutex;
  Stats stats;
};

/// True when something was taken from the queue and the journal still stands.
bool Journal::Impl::commit() {
  const std::lock_guard lock{commit_mutex};
  if (failed.load()) return false;
  queue.take(taken);
  if (taken.empty()) return false;
  try {
    commit_batch();
  } catch (const std::exception& error) {
    fail(error.what());
  }
  return !failed.load();
}

void Journal::Impl::commit_batch() {
  JournalBatch batch{end, limits.page_bytes, pending};
  auto gathered = gather(batch);
  if (batch.writes()) write(batch);
  note_loaded();
  if (gathered.ticket != 0) durable_ticket.store(gathered.ticket, std::memory_order_release);
  if (batch.writes())
    for (const auto& listener : listeners) listener(end.position);
  queue.settle(gathered.bytes);
  for (auto& item : gathered.waiting) {
    if (failed.load()) return;
    release(item);
  }
}

/// Moves the next items into the batch, in order.
Gathered Journal::Impl::gather(JournalBatch& batch) {
  Gathered gathered;
  gathered.waiting.reserve(taken.size());
  for (; !taken.empty(); taken.pop_front()) {
    auto& item = taken.front();
    if (auto* placed = std::get_if<PlacedAppend>(&item)) {
      const auto size = placed->size_bytes();
      if (gathered.bytes > 0 && gathered.bytes + size > limits.append_batch_bytes_max) break;
      gathered.bytes += size;
      gathered.ticket = placed->ticket;
      sequences.accept(placed->append.records, placed->append.created);
      batch.add(*placed);
      if (!placed->append.then) continue;
    } else if (auto* wake = std::get_if<Queue::Wake>(&item)) {
      wake->wake = sequences.begin_wake(wake->id);
    } else if (const auto* learn = std::get_if<Queue::Learn>(&item)) {
      sequences.learn(learn->id, learn->wake, learn->sequence);
      continue;
    } else if (const auto* fresh = std::get_if<Queue::WakeNew>(&item)) {
      sequences.wake_new(fresh->id, fresh->sequence);
      continue;
    } else if (const auto* forgotten = std::get_if<Queue::Forget>(&item)) {
      sequences.forget(forgotten->id);
      continue;
    }
    gathered.waiting.push_back(std::move(item));
  }
  return gathered;
}

void Journal::Impl::write(JournalBatch& batch) {
  const auto changes = batch.finish();
  std::uint64_t bytes = 0;
  for (const auto& change : changes.changes) bytes += change.key.size() + (change.value ? change.value->size() : 0);
  const auto began = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock{write_mutex};
    store.write(changes, Sync::yes);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  const bool moved = batch.end() != end;
  end = batch.end();
  // Behind the sync and never before it: the head may lag, but what it names is durable.
  if (moved) head.store({end.position, end.chain});
  for (const auto& [aggregate, is_pending] : batch.pending_changes()) {
    if (is_pending)
      pending.insert(aggregate);
    else
      pending.erase(aggregate);
  }
  durable.store(end.position, std::memory_order_release);
  const std::lock_guard lock{stats_mutex};
  ++stats.batches;
  stats.appends += batch.appends();
  stats.records += batch.records();
  stats.events += batch.events();
  stats.bytes += bytes;
  stats.sync_micros +=
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
}

void Journal::Impl::note_loaded() {
  const std::lock_guard lock{stats_mutex};
  stats.loaded = sequences.size();
}

/// All that stands before the item, and itself, is durable.
void Journal::Impl::release(Queue::Item& item) {
  if (auto* placed = std::get_if<PlacedAppend>(&item)) {
    placed->append.then(placed->last);
  } else if (auto* wake = std::get_if<Queue::Wake>(&item)) {
    release_wake(std::move(*wake));
  } else if (auto* look_up = std::get_if<Queue::LookUp>(&item)) {
    release_look_up(std::move(*look_up));
  }
}

void Journal::Impl::release_look_up(Queue::LookUp look_up) {
  read_away([this, look_up = std::move(look_up)] {
    std::vector<Existence> found;
    found.reserve(look_up.ids.size());
    for (const auto& id : look_up.ids) found.push_back(existence_of(id));
    look_up.done(std::move(found));
  });
}

void Journal::Impl::release_wake(Queue::Wake wake) {
  read_away([this, wake = std::move(wake), until = end.position] {
    auto recovered = recover(wake.id, until);
    // Before `done`, which is the first that can append to it.
    if (!recovered.unreadable) queue.push(Queue::Learn{wake.id, wake.wake, last_sequence(recovered)});
    wake.done(std::move(recovered));
  });
}

/// Damage isolates what was to be read; nothing else is harmed by it.
template <class Read>
auto Journal::Impl::isolating(const AggregateId& id, Read read) {
  const auto group = group_of(id);
  quarantine.check(group);
  try {
    return read(group);
  } catch (const JournalDamaged& fault) {
    quarantine.isolate(group, to_text(id), fault);
    throw;
  }
}

/// Damage that concerns no aggregate alone is counted.
template <class Read>
auto Journal::Impl::noting(Read read) {
  try {
    return read();
  } catch (const JournalDamaged& fault) {
    quarantine.note(fault);
    throw;
  }
}

Recovered Journal::Impl::recover(const AggregateId& id, Position until) {
  Recovered recovered;
  try {
    return isolating(id, [&](const std::string&) { return reader.recover(id, until); });
  } catch (const std::exception& fault) {
    recovered.unreadable = why_unreadable(fault);
  }
  return recovered;
}

Existence Journal::Impl::existence_of(const AggregateId& id) {
  try {
    return isolating(id, [&](const std::string& group) { return reader.is_known(group); }) ? Existence::some
                                                                                           : Existence::none;
  } catch (const Quarantined&) {
    return Existence::quarantined;
  } catch (const JournalDamaged&) {
    return Existence::damaged;
  } catch (const std::exception&) {
    return Existence::unreadable;
  }
}

void Journal::Impl::read_away(std::function<void()> read) {
  reads([this, read = std::move(read)] {
    if (failed.load()) return;
    try {
      read();
    } catch (const std::exception& error) {
      fail(error.what());
    }
  });
}

void Journal::Impl::fail(const std::string& why) {
  if (!failed.exchange(true) && on_failure) on_failure(why);
}

void Journal::Impl::run() {
  while (!failed.load() && queue.wait()) {
    while (commit()) {
    }
  }
}

Journal::Journal(KeyValueStore& store, HeadFile& head, Limits limits, ReadExecutor reads, OnFailure on_failure)
    : impl_(std::make_unique<Impl>(store, head, limits, std::move(reads), std::move(on_failure), durable_)) {}

Journal::~Journal() { stop(); }

void Journal::start() {
  impl_->committer = std::thread{[this] { impl_->run(); }};
}

void Journal::stop() {
  if (!impl_->committer.joinable()) return;
  impl_->queue.stop();
  impl_->committer.join();
}

bool Journal::commit_once() { return impl_->commit(); }

Ticket Journal::append(Append append) { return impl_->queue.push(PlacedAppend{std::move(append)}); }

void Journal::wake(AggregateId id, std::function<void(Recovered)> done) {
  impl_->queue.push(Queue::Wake{std::move(id), std::move(done)});
}

void Journal::wake_new(AggregateId id, Sequence sequence) {
  impl_->queue.push(Queue::WakeNew{std::move(id), sequence});
}

void Journal::forget(AggregateId id) { impl_->queue.push(Queue::Forget{std::move(id)}); }

Ticket Journal::durable_ticket() const { return impl_->durable_ticket.load(std::memory_order_acquire); }

std::vector<Record> Journal::timeline(EnrollmentId id) const {
  return impl_->isolating(
      id, [&](const std::string& group) { return impl_->reader.group(group, 0, durable_position()); });
}

void Journal::known_behind_appends(std::vector<AggregateId> ids, std::function<void(std::vector<Existence>)> done) {
  impl_->queue.push(Queue::LookUp{std::move(ids), std::move(done)});
}

std::vector<Record> Journal::history(const AggregateId& id) const {
  auto records = impl_->isolating(
      id, [&](const std::string& group) { return impl_->reader.group(group, 0, durable_position()); });
  std::erase_if(records, [&](const Record& record) { return record.aggregate != id; });
  return records;
}

std::vector<Record> Journal::read(Position after, std::size_t limit) const {
  return impl_->noting([&] { return impl_->reader.read(after, durable_position(), limit); });
}

std::vector<AggregateId> Journal::pending() const {
  return impl_->reader.pending([this](const JournalDamaged& fault) { impl_->quarantine.note(fault); });
}

Position Journal::cursor(std::string_view consumer) const {
  return impl_->noting([&] { return impl_->reader.cursor(consumer); });
}

void Journal::on_durable(std::function<void(Position)> listener) {
  impl_->listeners.push_back(std::move(listener));
}

Journal::Stats Journal::stats() const {
  const std::lock_guard lock{impl_->stats_mutex};
  return impl_->stats;
}

std::size_t Journal::pending_bytes() const { return impl_->queue.pending_bytes(); }

void Journal::verify(const std::function<void(Position)>& progress) const {
  try {
    verify_journal(impl_->store, durable_position(), VerifyDepth::meaning, progress);
  } catch (const JournalDamaged&) {
    throw;
  } catch (const DamagedEntry& error) {
    throw JournalDamaged(std::string{"journal damaged: "} + error.what() + "; acknowledged up to position " +
                         std::to_string(durable_position()) + " (file " + impl_->store.locate(error.what()) + ")");
  }
}

std::optional<std::string> Journal::expire_requests(TimePoint before, std::string from, std::size_t entries_max) {
  auto& store = impl_->store;
  auto found = [&](const DamagedEntry& fault, const std::string& key) {
    impl_->quarantine.note(damage_at(store, 0, index_space, key, fault));
  };
  auto erase = [&](WriteSet changes) {
    // In the same write, so that verify() knows which requests the index may lack: those of the latest time ever.
    auto latest = before;
    if (const auto mark = store.get(marks_space, requests_expired_mark))
      latest = std::max(latest, TimePoint{Milliseconds{std::stoll(*mark)}});
    changes.put(marks_space, std::string{requests_expired_mark}, std::to_string(latest.time_since_epoch().count()));
    const std::lock_guard lock{impl_->write_mutex};
    store.write(changes, Sync::no);
  };
  return find_expired_requests(store, before, std::move(from), entries_max, erase, found);
}

Quarantine& Journal::quarantine() const { return impl_->quarantine; }

}  // namespace sugang
