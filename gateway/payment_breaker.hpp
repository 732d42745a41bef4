#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>

#include "gateway/payment_gateway.hpp"

namespace sugang {

struct BreakerSettings {
  /// Calls in a row that end `unknown` before the payment side counts as down; 1 or more.
  std::uint32_t unknowns_max = 5;
  /// How long it then counts as down before one call probes it; twice as long after each probe that fails.
  std::chrono::milliseconds open_min_ms{2'000};
  std::chrono::milliseconds open_max_ms{30'000};
};

/// A payment gateway, and whether it answers. It only tells: every call is passed on, also while it is open, since
/// a charge or a refund that is owed has to be tried until the word on it is definitive. Whoever could still do
/// without a charge asks `available()` first.
///
/// Any definitive word, of whichever call, closes it at once: the company is there. Outlives the calls that it
/// passed on.
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
  /// Whoever looks after the company says that it is back.
  void reset();

 private:
  using Time = std::chrono::steady_clock::time_point;
  /// Names one call that probes; 0 is none.
  using Probe = std::uint64_t;

  Done watched(Done done);
  Probe begin();
  void end(Probe probe, GatewayWord word);
  void end_unknown(Probe probe);
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
  std::atomic<std::uint32_t> unknowns_{0};
  Probe last_probe_ = 0;
  std::chrono::milliseconds open_for_{0};
};

}  // namespace sugang
