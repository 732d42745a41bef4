#include "gateway/embedded_gateway.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sugang {
namespace {

constexpr const char* stopped = "the gateway has stopped";

/// Order of a heap whose front is due first.
constexpr auto due_later = [](const auto& a, const auto& b) { return a.due > b.due; };

}  // namespace

EmbeddedGateway::EmbeddedGateway(ChargeLedger& ledger, Limits limits, OnFailure on_failure, Clock now,
                                 std::uint64_t seed)
    : ledger_(ledger), limits_(limits), on_failure_(std::move(on_failure)), now_(std::move(now)), random_(seed) {}

EmbeddedGateway::~EmbeddedGateway() { stop(); }

void EmbeddedGateway::start() {
  thread_ = std::thread{[this] { run(); }};
}

void EmbeddedGateway::stop() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  give_up();
}

void EmbeddedGateway::charge(PaymentId key, Money amount, PaymentMethod method, Done done) {
  submit({.is_refund = false, .key = key, .amount = amount, .method = method, .done = std::move(done)});
}

void EmbeddedGateway::refund(PaymentId key, Money amount, Done done) {
  submit({.is_refund = true, .key = key, .amount = amount, .done = std::move(done)});
}

void EmbeddedGateway::submit(Call call) {
  const char* refusal = nullptr;
  {
    std::lock_guard lock{mutex_};
    if (stopping_) {
      refusal = stopped;
    } else if (calls_waiting_ >= limits_.calls_waiting_max) {
      refusal = "too many calls wait for the gateway";
    } else {
      ++calls_waiting_;
      queue_.push_back(std::move(call));
      // The call that finds the queue empty wakes; what comes meanwhile is taken with it.
      if (queue_.size() == 1) wake_.notify_one();
      return;
    }
  }
  call.done({GatewayOutcome::unknown, refusal});
}

GatewaySettings EmbeddedGateway::settings() const {
  std::lock_guard lock{mutex_};
  return settings_;
}

void EmbeddedGateway::set_settings(GatewaySettings settings) {
  std::lock_guard lock{mutex_};
  settings_ = settings;
}

void EmbeddedGateway::pause(bool paused) {
  std::lock_guard lock{mutex_};
  paused_ = paused;
}

bool EmbeddedGateway::paused() const {
  std::lock_guard lock{mutex_};
  return paused_;
}

std::optional<EmbeddedGateway::Batch> EmbeddedGateway::take_batch() {
  std::unique_lock lock{mutex_};
  auto roused = [&] { return stopping_ || !queue_.empty(); };
  if (delayed_.empty())
    wake_.wait(lock, roused);
  else
    wake_.wait_until(lock, delayed_.front().due, roused);
  if (stopping_) return std::nullopt;
  Batch batch{.calls = {}, .settings = settings_, .paused = paused_};
  if (queue_.size() <= limits_.batch_calls_max) {
    batch.calls.swap(queue_);
  } else {
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(limits_.batch_calls_max);
    batch.calls.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
  }
  return batch;
}

void EmbeddedGateway::run() {
  while (auto batch = take_batch()) {
    if (failed_)
      refuse(batch->calls, "the gateway's ledger failed");
    else if (batch->paused)
      refuse(batch->calls, "payments are paused");
    else if (!batch->calls.empty())
      decide(batch->calls, batch->settings);
    answer_due();
  }
}

void EmbeddedGateway::refuse(std::vector<Call>& calls, const std::string& why) {
  for (auto& call : calls) answer(call.done, {GatewayOutcome::unknown, why});
}

bool EmbeddedGateway::chance(std::uint32_t percent) {
  return percent > 0 && std::uniform_int_distribution<std::uint32_t>{0, 99}(random_) < percent;
}

std::chrono::milliseconds EmbeddedGateway::latency(const GatewaySettings& settings) {
  const auto least = settings.latency_min_ms;
  const auto most = std::max(least, settings.latency_max_ms);
  if (most == 0) return {};
  return std::chrono::milliseconds{std::uniform_int_distribution<std::uint32_t>{least, most}(random_)};
}

GatewayAnswer EmbeddedGateway::book(const Call& call, const GatewaySettings& settings) {
  if (call.is_refund) return ledger_.refund(call.key, call.amount, now_());
  std::optional<std::string> refusal;
  if (call.method == PaymentMethod::test_decline)
    refusal = "declined by test method";
  else if (chance(settings.decline_percent))
    refusal = "declined by the company";
  return ledger_.charge(call.key, call.amount, refusal, now_());
}

EmbeddedGateway::Replies EmbeddedGateway::replies_to(const Call& call, const GatewaySettings& settings,
                                                     Instant now) {
  const Reply unanswered{.due = now + limits_.call_timeout_ms,
                         .done = {},
                         .answer = {GatewayOutcome::unanswered, "no answer in time"}};
  const bool fails = settings.hang || chance(settings.fail_percent);
  GatewayAnswer answer{GatewayOutcome::unknown, "the call failed"};
  // Of what fails or hangs, half is booked.
  if (!fails || chance(50)) {
    try {
      auto booked = book(call, settings);
      if (!fails) answer = std::move(booked);
    } catch (const StorageError& fault) {
      // An entry that can't be read is one payment's misfortune; nothing was booked.
      if (!fails)
        answer = {GatewayOutcome::unreadable, std::string{"the gateway's ledger can't be read: "} + fault.what()};
    }
  }
  if (settings.hang) return {unanswered, std::nullopt};
  const auto delay = latency(settings);
  Reply reply{.due = now + delay, .done = {}, .answer = std::move(answer)};
  if (delay < limits_.call_timeout_ms) return {std::move(reply), std::nullopt};
  Replies both{unanswered, std::move(reply)};
  both.first.more = true;
  return both;
}

void EmbeddedGateway::decide(std::vector<Call>& calls, const GatewaySettings& settings) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Replies> replies;
  replies.reserve(calls.size());
  try {
    for (const auto& call : calls) replies.push_back(replies_to(call, settings, now));
    ledger_.commit();
  } catch (const std::exception& failure) {
    failed_ = true;
    refuse(calls, "the gateway's ledger failed");
    if (on_failure_) on_failure_(std::string{"gateway: "} + failure.what());
    return;
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    auto& [first, late] = replies[i];
    if (late) delay(*std::move(late), calls[i].done);
    if (first.due <= now)
      answer(calls[i].done, std::move(first.answer));
    else
      delay(std::move(first), std::move(calls[i].done));
  }
}

void EmbeddedGateway::delay(Reply reply, Done done) {
  reply.done = std::move(done);
  delayed_.push_back(std::move(reply));
  std::push_heap(delayed_.begin(), delayed_.end(), due_later);
}

void EmbeddedGateway::answer(const Done& done, GatewayAnswer answer) {
  --calls_waiting_;
  done(std::move(answer));
}

void EmbeddedGateway::answer_due() {
  const auto now = std::chrono::steady_clock::now();
  while (!delayed_.empty() && delayed_.front().due <= now) {
    std::pop_heap(delayed_.begin(), delayed_.end(), due_later);
    auto reply = std::move(delayed_.back());
    delayed_.pop_back();
    if (reply.more)
      reply.done(std::move(reply.answer));
    else
      answer(reply.done, std::move(reply.answer));
  }
}

void EmbeddedGateway::give_up() {
  std::vector<Call> calls;
  {
    std::lock_guard lock{mutex_};
    calls.swap(queue_);
  }
  refuse(calls, stopped);
  for (auto& reply : std::exchange(delayed_, {}))
    if (!reply.more) answer(reply.done, {GatewayOutcome::unknown, stopped});
}

}  // namespace sugang
