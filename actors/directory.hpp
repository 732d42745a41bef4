#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "actors/caf_messages.hpp"
#include "domain/record.hpp"
#include "storage/journal.hpp"

namespace sugang {

/// An aggregate's actor in memory, as the directory and the actor share it.
struct Resident {
  AggregateId id;
  caf::actor actor;
  /// Messages sent and not yet worked off. Counted up under the directory's lock, down by the actor.
  std::atomic<std::uint32_t> unprocessed{0};
  /// The actor's last append; it must be durable before the actor leaves.
  std::atomic<Ticket> last_append{0};
  /// The actor waits for nothing and has nothing to do.
  std::atomic<bool> may_unload{false};
  /// The journal checks its sequences.
  std::atomic<bool> checked{false};
  /// Stands in one of the directory's lists of those about to leave.
  std::atomic<bool> listed{false};
  /// By the uptime.
  std::atomic<Milliseconds> idle_since{Milliseconds{0}};
  /// How long it stays with nothing to do, once there is something to keep: `stays`.
  Milliseconds stay{0};
  /// There is an aggregate behind the id. Any client can name ids that were never registered, so those are unloaded
  /// at once.
  std::atomic<bool> stays{false};

  Milliseconds stay_now() const { return stays.load(std::memory_order_relaxed) ? stay : Milliseconds{0}; }
};

/// Finds, or wakes, the actor that owns an id. The only way to send to an aggregate: a message is handed over under
/// the same lock that an actor leaves under, so none is lost between two lives of an aggregate, and messages from
/// one sender arrive in the order in which they were sent, with no relay between.
class Directory {
 public:
  using Spawn = std::function<caf::actor(caf::actor_system&, std::shared_ptr<Resident>)>;

  Directory(caf::actor_system& system, Journal& journal);
  ~Directory();

  /// Before the first send.
  void host(AggregateKind kind, Milliseconds stay, Spawn spawn);

  template <class Message>
  void send(const AggregateId& to, Message message) {
    deliver(to, caf::make_message(std::move(message)), true);
  }
  /// Only to an actor that is in memory; one that wakes later reads the journal behind all appended before.
  template <class Message>
  void send_if_resident(const AggregateId& to, Message message) {
    deliver(to, caf::make_message(std::move(message)), false);
  }

  /// To all aggregates of a kind that are in memory; none is loaded for it.
  template <class Message>
  void send_to_residents(AggregateKind kind, const Message& message) {
    deliver_to_residents(kind, caf::make_message(message));
  }

  /// Called by an actor at the end of a turn, with whether it waits for nothing and has nothing to do; `counted` if
  /// the turn worked off a message of `send`. `resident->stays` is set before.
  void end_turn(const std::shared_ptr<Resident>& resident, bool ready_to_unload, bool counted, Milliseconds uptime);
  /// Lets go of those that are ready, have stayed their time and whose last append is durable. Called at a pace.
  void sweep(Milliseconds uptime);
  /// Ends all actors, whatever they do, and takes no more messages: the end of the process, or a crash in a
  /// simulation.
  void close();

  std::size_t residents() const;
  /// Messages in the mailboxes of all residents, and those being worked off.
  std::size_t messages_pending() const;
  /// Messages sent to actors so far.
  std::uint64_t messages_sent() const { return messages_sent_.load(std::memory_order_relaxed); }

 private:
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<AggregateId, std::shared_ptr<Resident>> residents;
  };
  struct Host {
    Milliseconds stay{0};
    Spawn spawn;
  };
  static constexpr std::size_t shard_count = 64;

  void deliver(const AggregateId& to, caf::message message, bool wakes);
  /// Under the lock of the resident's shard.
  void hand_over(Resident& resident, caf::message message);
  void deliver_to_residents(AggregateKind kind, const caf::message& message);
  Shard& shard_of(const AggregateId& id);
  /// True if the resident is off the list: gone, or busy again and to be listed anew by the end of its turn.
  bool try_unload(Resident& resident, Milliseconds uptime, Ticket durable);
  /// Takes a list's residents out; those that are not off it are listed again by how long they stay now.
  void sweep_list(std::vector<std::shared_ptr<Resident>>& list, Milliseconds uptime, Ticket durable);
  /// Under unloading_mutex_.
  std::vector<std::shared_ptr<Resident>>& list_of(const Resident& resident);

  caf::actor_system& system_;
  Journal& journal_;
  std::array<Host, std::variant_size_v<Event>> hosts_;
  std::array<Shard, shard_count> shards_;
  std::atomic<bool> closed_{false};
  std::atomic<std::size_t> messages_pending_{0};
  std::atomic<std::uint64_t> messages_sent_{0};
  std::mutex unloading_mutex_;
  std::vector<std::shared_ptr<Resident>> unloading_;
  /// Those that stay a while: looked at seldom, for there may be many.
  std::vector<std::shared_ptr<Resident>> idling_;
  Milliseconds idling_seen_{0};
};

}  // namespace sugang
