#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "actors/callers.hpp"
#include "actors/id_source.hpp"
#include "actors/payment_backlog.hpp"
#include "actors/timers.hpp"
#include "domain/component.hpp"
#include "domain/record.hpp"
#include "gateway/payment_gateway.hpp"
#include "storage/journal.hpp"

namespace sugang {

class Directory;

/// Bounds and times of the actors' work.
struct ActorLimits {
  /// A course that is idle for so long is unloaded.
  Milliseconds course_idle{30'000};
  /// The same for a student's ledger and box, of which there are many.
  Milliseconds calendar_idle{1'000};
  /// Events between two snapshots of a course, at least; more when it has more claims than that.
  std::uint64_t snapshot_events_min = 1000;
  /// How long an unfinished charge keeps its seats: where the course refuses without payment, and where it defers.
  Milliseconds payment_deadline{15 * 60'000};
  Milliseconds deferred_payment_deadline{24 * 3'600'000};
  /// How long an enrollment stays on the waitlist; a course that closes dismisses it before.
  Milliseconds waitlist_deadline{90LL * 24 * 3'600'000};
  /// How long a saga waits for a staff member's step; for a class's result, counted from the end of the class.
  Milliseconds staff_deadline{7LL * 24 * 3'600'000};
  /// Charges that wait for the payment side to come back, at most.
  std::uint32_t deferred_payments_max = 100'000;
  /// After so many attempts without a definitive answer a saga is listed as stuck, and retried at `retry_max`.
  std::uint32_t stuck_attempts = 4;
  /// Courses of an import that are looked up, staged and registered at a time; others' turns come in between.
  std::size_t import_chunk_rows = 1'000;
  /// Enrollments of a cancelled course that are revoked at a time.
  std::size_t revoked_at_once = 64;
  /// An outside call that ended without a definitive answer is retried after so long, doubled each time.
  Milliseconds retry_min{200};
  Milliseconds retry_max{30'000};
  /// How long a POST without a preference waits for its saga's end.
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
  const Components& components;
  /// Whether a call to the gateway may leave now: false while the payment side is paused, or down and not to be
  /// probed.
  std::function<bool()> payments_available;
  /// Sagas whose call to the gateway waits.
  PaymentBacklog& payment_backlog;
  Callers& callers;
  /// Charges that wait for the payment side to come back.
  std::atomic<std::uint32_t>& deferred_payments;
  /// A fault that an actor survived, for the log.
  std::function<void(std::string_view what)> report;
};

}  // namespace sugang
