#include "gateway/payment_breaker.hpp"

#include <algorithm>
#include <utility>

namespace sugang {

PaymentBreaker::PaymentBreaker(PaymentGateway& gateway, BreakerSettings settings, Clock now, OnChange on_change)
    : gateway_(gateway), settings_(settings), now_(std::move(now)), on_change_(std::move(on_change)) {}

void PaymentBreaker::charge(PaymentId key, Money amount, PaymentMethod method, Done done) {
  gateway_.charge(key, amount, method, watched(std::move(done)));
}

void PaymentBreaker::refund(PaymentId key, Money amount, Done done) {
  gateway_.refund(key, amount, watched(std::move(done)));
}

bool PaymentBreaker::available() const {
  return !open_.load() || (probing_.load() == 0 && now_() >= probe_from_.load());
}

PaymentGateway::Done PaymentBreaker::watched(Done done) {
  return [this, probe = begin(), done = std::move(done)](GatewayAnswer answer) {
    end(probe, answer.word);
    done(std::move(answer));
  };
}

PaymentBreaker::Probe PaymentBreaker::begin() {
  if (!open_.load()) return 0;
  std::lock_guard lock{mutex_};
  if (!available() || !open_.load()) return 0;
  probing_ = ++last_probe_;
  return last_probe_;
}

void PaymentBreaker::end(Probe probe, GatewayWord word) {
  // Nearly all calls: it was closed, and stays so.
  if (word != GatewayWord::unknown && !open_.load() && unknowns_.load() == 0) return;
  std::lock_guard lock{mutex_};
  if (word == GatewayWord::unknown)
    end_unknown(probe);
  else
    close();
}

void PaymentBreaker::reset() {
  std::lock_guard lock{mutex_};
  close();
}

void PaymentBreaker::end_unknown(Probe probe) {
  if (open_.load()) {
    // Of the calls passed on while it is open, the probe's end alone counts: one outage does not double the wait as
    // often as there are calls.
    if (probe == 0 || probe != probing_.load()) return;
    open(std::min(open_for_ * 2, settings_.open_max_ms));
    // Last, so that nobody sees a probe ended and its next time not yet set.
    probing_ = 0;
    return;
  }
  if (++unknowns_ >= settings_.unknowns_max) open(settings_.open_min_ms);
}

void PaymentBreaker::open(std::chrono::milliseconds duration) {
  open_for_ = duration;
  probe_from_ = now_() + duration;
  if (!open_.exchange(true) && on_change_) on_change_(true);
}

void PaymentBreaker::close() {
  const bool was_open = open_.exchange(false);
  probing_ = 0;
  unknowns_ = 0;
  if (was_open && on_change_) on_change_(false);
}

}  // namespace sugang
