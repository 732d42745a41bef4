#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gateway/payment_gateway.hpp"

namespace sugang {

/// A payment company whose words a test gives: each call is written down and held until the test answers it. Its
/// ledger shows how often money moved; being a real company, it moves money of one key at most once each way.
/// Thread-safe; `done` runs on the thread that answers.
class ScriptedGateway : public PaymentGateway {
 public:
  enum class CallKind : std::uint8_t { charge, refund };
  /// Whether money moved although the caller was reported nothing definitive.
  enum class Moved : std::uint8_t { no, yes };

  struct Call {
    CallKind kind = CallKind::charge;
    PaymentId key;
    Money amount;
    PaymentMethod method = PaymentMethod::test_approve;
    bool operator==(const Call&) const = default;
  };
  struct Account {
    Money amount;
    std::uint32_t charges = 0;
    std::uint32_t refunds = 0;
    /// A charge that was declined stays declined.
    std::optional<std::string> declined;
  };

  void charge(PaymentId key, Money amount, PaymentMethod method, Done done) override {
    hold({CallKind::charge, key, amount, method}, std::move(done));
  }
  void refund(PaymentId key, Money amount, Done done) override {
    hold({CallKind::refund, key, amount, PaymentMethod::test_approve}, std::move(done));
  }

  /// Every call so far, answered or not, in order.
  std::vector<Call> calls() const {
    std::lock_guard lock{mutex_};
    return calls_;
  }
  /// Calls that still wait for an answer, in order.
  std::vector<Call> waiting() const {
    std::lock_guard lock{mutex_};
    std::vector<Call> calls;
    for (const auto& held : held_) calls.push_back(held.call);
    return calls;
  }

  // Each answers the oldest call that waits with this key, or the oldest of all; std::logic_error if none waits.

  /// As the ledger have it: a key that was declined before is declined again, a refund of nothing is refused.
  void approve(std::optional<PaymentId> key = std::nullopt) { settle(take(key), std::nullopt); }
  void decline(const std::string& reason, std::optional<PaymentId> key = std::nullopt) {
    settle(take(key), reason);
  }
  void leave_unknown(Moved moved, std::optional<PaymentId> key = std::nullopt) {
    auto held = take(key);
    if (moved == Moved::yes) book(held.call, std::nullopt);
    held.done({GatewayOutcome::unknown, "no answer in time"});
  }
  /// No answer in time; the call still waits, and may be answered late. False: it is late already.
  bool leave_unanswered(std::optional<PaymentId> key = std::nullopt) {
    Done done;
    {
      std::lock_guard lock{mutex_};
      auto it = std::find_if(held_.begin(), held_.end(),
                             [&](const Held& h) { return !h.late && (!key || h.call.key == *key); });
      if (it == held_.end()) return false;
      it->late = true;
      done = it->done;
    }
    done({GatewayOutcome::unanswered, "no answer in time"});
    return true;
  }
  /// Approves until nothing waits, also what comes meanwhile on this thread. Returns how many calls it answered.
  std::size_t approve_all() {
    std::size_t count = 0;
    for (; !waiting().empty(); ++count) approve();
    return count;
  }

  std::map<PaymentId, Account> accounts() const {
    std::lock_guard lock{mutex_};
    return accounts_;
  }
  /// What the company holds for this key: 0, or one charge.
  Money balance(PaymentId key) const {
    std::lock_guard lock{mutex_};
    auto it = accounts_.find(key);
    if (it == accounts_.end()) return {};
    const auto& account = it->second;
    return {account.amount.amount * (std::int64_t{account.charges} - std::int64_t{account.refunds}),
            account.amount.currency};
  }
  /// What a caller must never do: one line each. Empty when all is well.
  std::vector<std::string> mistakes() const {
    std::lock_guard lock{mutex_};
    return mistakes_;
  }

 private:
  struct Held {
    Call call;
    Done done;
    /// The caller was reported that no answer came in time.
    bool late = false;
  };

  void hold(Call call, Done done) {
    std::lock_guard lock{mutex_};
    const auto same_key = [&](const Call& other) { return other.key == call.key && other.amount != call.amount; };
    if (std::any_of(calls_.begin(), calls_.end(), same_key))
      mistakes_.push_back(to_text(call.key) + " was sent with two amounts");
    calls_.push_back(call);
    held_.push_back({call, std::move(done), false});
  }

  Held take(std::optional<PaymentId> key) {
    std::lock_guard lock{mutex_};
    auto it = std::find_if(held_.begin(), held_.end(), [&](const Held& h) { return !key || h.call.key == *key; });
    if (it == held_.end()) throw std::logic_error{"no call waits for an answer"};
    auto held = std::move(*it);
    held_.erase(it);
    return held;
  }

  void settle(Held held, std::optional<std::string> refusal) {
    auto answer = book(held.call, std::move(refusal));
    held.done(std::move(answer));
  }

  GatewayAnswer book(const Call& call, std::optional<std::string> refusal) {
    std::lock_guard lock{mutex_};
    if (call.kind == CallKind::charge) return book_charge(call, std::move(refusal));
    return book_refund(call, std::move(refusal));
  }

  GatewayAnswer book_charge(const Call& call, std::optional<std::string> refusal) {
    auto [it, is_new] = accounts_.try_emplace(call.key);
    auto& account = it->second;
    if (is_new) {
      account.amount = call.amount;
      account.declined = std::move(refusal);
      account.charges = account.declined ? 0 : 1;
    }
    if (account.declined) return {GatewayOutcome::declined, *account.declined};
    return {GatewayOutcome::approved, {}};
  }

  GatewayAnswer book_refund(const Call& call, std::optional<std::string> refusal) {
    auto it = accounts_.find(call.key);
    if (it == accounts_.end() || it->second.charges == 0) {
      mistakes_.push_back(to_text(call.key) + " was to be refunded and never charged");
      return {GatewayOutcome::declined, "no charge has this key"};
    }
    if (it->second.refunds == 0) {
      if (refusal) return {GatewayOutcome::declined, *refusal};
      it->second.refunds = 1;
    }
    return {GatewayOutcome::approved, {}};
  }

  mutable std::mutex mutex_;
  std::vector<Call> calls_;
  std::vector<Held> held_;
  std::map<PaymentId, Account> accounts_;
  std::vector<std::string> mistakes_;
};

}  // namespace sugang
