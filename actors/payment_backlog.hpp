#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <unordered_set>

#include "actors/timers.hpp"
#include "domain/ids.hpp"

namespace sugang {

/// Sagas whose call waits because the payment side is paused or down. None of them retries by itself: one alarm
/// looks after all. While the breaker is open, one saga at a time makes the call that probes; once it is closed,
/// all resume at a pace, so that a gateway that comes back is not overrun. Lost in a crash: the sagas are pending
/// in the journal. From any thread.
class PaymentBacklog {
 public:
  struct Limits {
    Milliseconds look_interval_ms{250};
    /// Looks between two probes, should the first never have become a call. Not a time: clocks are set back.
    std::uint32_t looks_between_probes = 4;
    std::size_t resumed_at_once = 500;
  };
  struct PaymentSide {
    /// A call may leave now: the side is up, or it is time for a probe.
    std::function<bool()> available;
    /// It is up.
    std::function<bool()> up;
  };
  using Resume = std::function<void(EnrollmentId)>;

  PaymentBacklog(Timers& timers, Limits limits, PaymentSide side, Resume resume);

  /// Once, however often it is added.
  void add(EnrollmentId saga);
  /// It makes no such call any more.
  void remove(EnrollmentId saga);
  std::size_t size() const;

 private:
  void look_later();
  void look();

  Timers& timers_;
  const Limits limits_;
  const PaymentSide side_;
  const Resume resume_;
  mutable std::mutex mutex_;
  std::deque<EnrollmentId> waiting_;
  std::unordered_set<EnrollmentId> listed_;
  std::uint32_t looks_until_probe_ = 0;
};

}  // namespace sugang
