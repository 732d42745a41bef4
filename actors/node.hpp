#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "actors/id_source.hpp"
#include "actors/timers.hpp"
#include "domain/record.hpp"
#include "gateway/payment_gateway.hpp"
#include "storage/journal.hpp"

namespace sugang {

class Directory;

/// Bounds and times of the actors' work.
struct ActorLimits {
  /// A course nobody spoke to for so long leaves memory.
  Milliseconds course_idle{30'000};
  /// Events between two snapshots of a course, at least; more when it has more claims than that.
  std::uint64_t snapshot_events_min = 1000;
  /// How long an unfinished charge keeps its seats: where the course refuses without payment, and where it defers.
  Milliseconds payment_deadline{15 * 60'000};
  Milliseconds deferred_payment_deadline{24 * 3'600'000};
  /// An outside call that ended without a definitive word is made again after so long, doubled each time.
  Milliseconds retry_min{200};
  Milliseconds retry_max{30'000};
  /// How long a POST waits for its saga's end unless it says.
  Milliseconds default_wait{5'000};
};

/// What every actor of this node stands on.
struct Node {
  Journal& journal;
  Directory& directory;
  Timers& timers;
  IdSource& ids;
  PaymentGateway& gateway;
  ActorLimits limits;
  /// Whether a charge can be made now: false while the payment side is paused.
  std::function<bool()> payments_available;
  /// A fault that an actor survived, for the log.
  std::function<void(std::string_view what)> report;
};

}  // namespace sugang
