#include "actors/directory.hpp"

namespace sugang {
namespace {

constexpr Milliseconds idling_look_interval{500};

}  // namespace

Directory::Directory(caf::actor_system& system, Journal& journal) : system_(system), journal_(journal) {}

Directory::~Directory() { close(); }

void Directory::host(AggregateKind kind, Milliseconds stay, Spawn spawn) {
  hosts_[static_cast<std::size_t>(kind)] = {stay, std::move(spawn)};
}

Directory::Shard& Directory::shard_of(const AggregateId& id) {
  return shards_[std::hash<AggregateId>{}(id) % shard_count];
}

void Directory::deliver(const AggregateId& to, caf::message message, bool wakes) {
  auto& shard = shard_of(to);
  std::lock_guard lock{shard.mutex};
  if (closed_ || (!wakes && !shard.residents.contains(to))) return;
  auto& resident = shard.residents[to];
  if (!resident) {
    const auto& host = hosts_[static_cast<std::size_t>(to.kind)];
    resident = std::make_shared<Resident>();
    resident->id = to;
    resident->stay = host.stay;
    resident->actor = host.spawn(system_, resident);
  }
  hand_over(*resident, std::move(message));
}

void Directory::hand_over(Resident& resident, caf::message message) {
  resident.unprocessed.fetch_add(1, std::memory_order_relaxed);
  messages_pending_.fetch_add(1, std::memory_order_relaxed);
  messages_sent_.fetch_add(1, std::memory_order_relaxed);
  caf::anon_send(resident.actor, std::move(message));
}

void Directory::deliver_to_residents(AggregateKind kind, const caf::message& message) {
  for (auto& shard : shards_) {
    std::lock_guard lock{shard.mutex};
    for (auto& [id, resident] : shard.residents)
      if (id.kind == kind) hand_over(*resident, message);
  }
}

void Directory::end_turn(const std::shared_ptr<Resident>& resident, bool ready_to_unload, bool counted,
                         Milliseconds uptime) {
  resident->idle_since.store(uptime, std::memory_order_relaxed);
  resident->may_unload.store(ready_to_unload, std::memory_order_release);
  if (counted) {
    resident->unprocessed.fetch_sub(1, std::memory_order_release);
    messages_pending_.fetch_sub(1, std::memory_order_relaxed);
  }
  // Listed only after the count: a sweep that still saw the message and took it off the list is followed by this.
  if (!ready_to_unload || resident->listed.exchange(true)) return;
  std::lock_guard lock{unloading_mutex_};
  list_of(*resident).push_back(resident);
}

std::vector<std::shared_ptr<Resident>>& Directory::list_of(const Resident& resident) {
  return resident.stay_now() == Milliseconds{0} ? unloading_ : idling_;
}

bool Directory::try_unload(Resident& resident, Milliseconds uptime, Ticket durable) {
  auto& shard = shard_of(resident.id);
  std::lock_guard lock{shard.mutex};
  resident.listed.store(false);
  auto it = shard.residents.find(resident.id);
  if (it == shard.residents.end() || it->second.get() != &resident) return true;
  if (resident.unprocessed.load(std::memory_order_acquire) != 0 ||
      !resident.may_unload.load(std::memory_order_acquire))
    return true;
  const bool stays = uptime - resident.idle_since.load(std::memory_order_relaxed) < resident.stay_now() ||
                     resident.last_append.load(std::memory_order_acquire) > durable;
  // Still idle: it keeps its place, unless a turn that just ended has listed it anew.
  if (stays) return resident.listed.exchange(true);
  if (resident.checked.load(std::memory_order_relaxed)) {
    // Under the lock, so that the next life's wake queues behind this.
    journal_.forget(resident.id);
    // An enrollment's actor owns the saga's sequence too.
    if (resident.id.kind == AggregateKind::enrollment) journal_.forget(SagaId{resident.id.uid});
  }
  shard.residents.erase(it);
  resident.actor = nullptr;
  return true;
}

void Directory::sweep(Milliseconds uptime) {
  const auto durable = journal_.durable_ticket();
  sweep_list(unloading_, uptime, durable);
  if (uptime - idling_seen_ >= idling_look_interval) {
    idling_seen_ = uptime;
    sweep_list(idling_, uptime, durable);
  }
}

void Directory::sweep_list(std::vector<std::shared_ptr<Resident>>& list, Milliseconds uptime, Ticket durable) {
  std::vector<std::shared_ptr<Resident>> looked_at;
  {
    std::lock_guard lock{unloading_mutex_};
    looked_at.swap(list);
  }
  std::erase_if(looked_at, [&](const auto& resident) { return try_unload(*resident, uptime, durable); });
  std::lock_guard lock{unloading_mutex_};
  for (auto& resident : looked_at) list_of(*resident).push_back(std::move(resident));
}

void Directory::close() {
  closed_ = true;
  for (auto& shard : shards_) {
    std::unordered_map<AggregateId, std::shared_ptr<Resident>> gone;
    {
      std::lock_guard lock{shard.mutex};
      gone.swap(shard.residents);
    }
    for (auto& [id, resident] : gone) {
      caf::anon_send_exit(resident->actor, caf::exit_reason::kill);
      resident->actor = nullptr;
    }
  }
  std::lock_guard lock{unloading_mutex_};
  unloading_.clear();
  idling_.clear();
}

std::size_t Directory::messages_pending() const { return messages_pending_.load(std::memory_order_relaxed); }

std::size_t Directory::residents() const {
  std::size_t count = 0;
  for (const auto& shard : shards_) {
    std::lock_guard lock{shard.mutex};
    count += shard.residents.size();
  }
  return count;
}

}  // namespace sugang
