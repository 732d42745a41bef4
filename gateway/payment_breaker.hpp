#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "gateway/payment_gateway.hpp"

namespace sugang {

struct BreakerSettings {
  /// Calls in a row without a definitive answer before the payment side counts as down; 1 or more. Calls that are
  /// only late count once the gateway has given no definitive answer at all for `slow_call_ms`.
  std::uint32_t unknowns_max = 5;
  /// How long it then counts as down before one call probes it; twice as long after each probe that no answer comes
  /// to, or a slow one. A gateway that answers with errors is there, and may recover at any moment.
  std::chrono::milliseconds open_min_ms{2'000};
  std::chrono::milliseconds open_max_ms{30'000};
  /// A definitive answer after so long is slow. When so many percent of at least `slow_calls_min` answers within
  /// `slow_window_s` are slow, the payment side counts as down too.
  std::chrono::milliseconds slow_call_ms{5'000};
  std::uint32_t slow_percent_max = 50;
  std::uint32_t slow_calls_min = 20;
};

/// A payment gateway, and whether it answers. It only observes: every call is passed on, also while it is open,
/// since a late answer may still be wanted. A caller that can wait asks `available()` first.
///
/// Any definitive answer that is not slow, of whichever call, closes it at once. An answer that concerns one
/// payment alone is one that the gateway gave: however often that payment is retried, the others are not kept
/// waiting. Outlives the calls that it passed on.
class PaymentBreaker : public PaymentGateway {
 public:
  /// One that never goes back. From any thread.
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// When it opens and when it closes; it only notes that, under the breaker's lock.
  using OnChange = std::function<void(bool open)>;

  PaymentBreaker(PaymentGateway& gateway, BreakerSettings settings, Clock now, OnChange on_change = {});

  void charge(PaymentId key, Money amount, PaymentMethod method, Done done) override;
  void refund(PaymentId key, Money amount, Done done) override;

  /// Closed, or it is time for a probe and none is under way. From any thread; takes no lock.
  bool available() const;
  bool closed() const { return !open_.load(); }
  /// An operator declares that the gateway is back.
  void reset();

 private:
  using Time = std::chrono::steady_clock::time_point;
  /// Names one call that probes; 0 is none.
  using Probe = std::uint64_t;
  struct Call {
    Probe probe = 0;
    Time started;
  };
  /// Definitive answers, a bucket for each second of the window.
  class SlowShare {
   public:
    static constexpr std::int64_t slow_window_s = 10;
    void add(Time now, bool slow);
    bool exceeds(const BreakerSettings& settings, Time now) const;
    void clear() { seconds_ = {}; }

   private:
    struct Second {
      std::int64_t number = -1;
      std::uint32_t answers = 0;
      std::uint32_t slow = 0;
    };
    std::array<Second, slow_window_s> seconds_{};
  };

  Done watched(Done done);
  Call begin();
  void end(const Call& call, GatewayOutcome outcome);
  void end_answered(const Call& call);
  void end_unknown(const Call& call, bool unanswered);
  void probe_failed(std::chrono::milliseconds open_for);
  void open(std::chrono::milliseconds duration);
  void close();

  PaymentGateway& gateway_;
  const BreakerSettings settings_;
  const Clock now_;
  const OnChange on_change_;

  // Written under the mutex only.
  std::mutex mutex_;
  std::atomic<bool> open_{false};
  /// While it is open: when the next call probes.
  std::atomic<Time> probe_from_{};
  std::atomic<Probe> probing_{0};
  Probe last_probe_ = 0;
  std::uint32_t unknowns_ = 0;
  /// Start of the first call since the last definitive answer.
  std::optional<Time> silent_since_;
  /// Answers to earlier calls do not show the gateway's present state.
  Time closed_at_{};
  SlowShare slow_;
  std::chrono::milliseconds open_for_{0};
};

}  // namespace sugang
