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
  return closed() || (probing_.load() == 0 && now_() >= probe_from_.load());
}

void PaymentBreaker::reset() {
  std::lock_guard lock{mutex_};
  close();
}

PaymentGateway::Done PaymentBreaker::watched(Done done) {
  return [this, call = begin(), done = std::move(done)](GatewayAnswer answer) {
    end(call, answer.outcome);
    done(std::move(answer));
  };
}

PaymentBreaker::Call PaymentBreaker::begin() {
  std::lock_guard lock{mutex_};
  Call call{.started = now_()};
  if (!silent_since_) silent_since_ = call.started;
  if (!closed() && available()) call.probe = probing_ = ++last_probe_;
  return call;
}

void PaymentBreaker::end(const Call& call, GatewayOutcome outcome) {
  std::lock_guard lock{mutex_};
  if (is_definitive(outcome) || outcome == GatewayOutcome::unreadable)
    end_answered(call);
  else
    end_unknown(call, outcome == GatewayOutcome::unanswered);
}

void PaymentBreaker::end_answered(const Call& call) {
  const auto now = now_();
  const bool slow = now - call.started >= settings_.slow_call_ms;
  unknowns_ = 0;
  silent_since_.reset();
  if (call.started >= closed_at_) slow_.add(now, slow);
  if (!closed()) {
    if (!slow) return close();
    if (call.probe != 0 && call.probe == probing_.load()) probe_failed(open_for_ * 2);
  } else if (slow && slow_.exceeds(settings_, now)) {
    open(settings_.open_min_ms);
  }
}

void PaymentBreaker::end_unknown(const Call& call, bool unanswered) {
  if (!closed()) {
    // Of the calls passed on while it is open, the probe's end alone counts: one outage does not double the wait as
    // often as there are calls.
    if (call.probe != 0 && call.probe == probing_.load()) probe_failed(unanswered ? open_for_ * 2 : open_for_);
    return;
  }
  const bool is_silent = silent_since_ && now_() - *silent_since_ >= settings_.slow_call_ms;
  if (++unknowns_ >= settings_.unknowns_max && (!unanswered || is_silent)) open(settings_.open_min_ms);
}

void PaymentBreaker::probe_failed(std::chrono::milliseconds open_for) {
  open(std::min(open_for, settings_.open_max_ms));
  // Last, so that no thread sees a probe ended and its next time not yet set.
  probing_ = 0;
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
  silent_since_.reset();
  closed_at_ = now_();
  slow_.clear();
  if (was_open && on_change_) on_change_(false);
}

void PaymentBreaker::SlowShare::add(Time now, bool slow) {
  const auto number = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  auto& second = seconds_[static_cast<std::size_t>(number % slow_window_s)];
  if (second.number != number) second = {.number = number};
  ++second.answers;
  second.slow += slow ? 1 : 0;
}

bool PaymentBreaker::SlowShare::exceeds(const BreakerSettings& settings, Time now) const {
  const auto number = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  std::uint64_t answers = 0, slow = 0;
  for (const auto& second : seconds_)
    if (second.number > number - slow_window_s) {
      answers += second.answers;
      slow += second.slow;
    }
  return answers >= settings.slow_calls_min && slow * 100 >= answers * settings.slow_percent_max;
}

}  // namespace sugang
