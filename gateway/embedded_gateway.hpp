#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gateway/charge_ledger.hpp"
#include "gateway/embedded_settings.hpp"
#include "gateway/payment_gateway.hpp"
#include "views/listing.hpp"

namespace sugang {

/// A payment company inside the process: a ledger of its own, durable before it answers, idempotent by key; and as
/// slow, failing or unresponsive as its settings. One thread takes the calls that have gathered, decides them,
/// makes them durable with one sync, and answers.
///
/// Answers come on its thread, but for a call that it can't take (too many wait, or it has stopped): that one is
/// answered `unknown` on the caller's. A call slower than the timeout is `unanswered` then, and answered when its
/// time has come; one that hangs never is.
class EmbeddedGateway : public PaymentGateway {
 public:
  struct Limits {
    std::chrono::milliseconds call_timeout_ms{2'000};
    /// Calls without their last answer yet.
    std::size_t calls_waiting_max = 100'000;
    std::size_t batch_calls_max = 4'096;
  };
  using Clock = std::function<TimePoint()>;
  /// Called once, when the ledger can't be written; the process must end. Until then every call ends as `unknown`.
  using OnFailure = std::function<void(const std::string& why)>;

  /// The ledger has no other writer. `seed` decides what fails, what is declined, and how long answers take.
  EmbeddedGateway(ChargeLedger& ledger, Limits limits, OnFailure on_failure, Clock now, std::uint64_t seed);
  ~EmbeddedGateway() override;
  EmbeddedGateway(const EmbeddedGateway&) = delete;
  EmbeddedGateway& operator=(const EmbeddedGateway&) = delete;

  void start();
  /// Calls that still wait end as `unknown`.
  void stop();

  void charge(PaymentId key, Money amount, PaymentMethod method, Done done) override;
  void refund(PaymentId key, Money amount, Done done) override;

  /// From any thread; they hold for calls that are taken from the queue from then on.
  GatewaySettings settings() const;
  void set_settings(GatewaySettings settings);
  /// Paused, as for maintenance: every call ends at once as `unknown`, and nothing is booked. The caller's intent
  /// is durable, so it retries.
  void pause(bool paused);
  bool paused() const;

  /// The ledger, by key. May block on a disk; from any thread.
  ListResult<ChargeEntry> charges(const Page& page) const { return ledger_.list(page); }

 private:
  struct Call {
    bool is_refund = false;
    PaymentId key;
    Money amount;
    PaymentMethod method = PaymentMethod::test_approve;
    Done done;
  };
  using Instant = std::chrono::steady_clock::time_point;
  struct Batch {
    std::vector<Call> calls;
    GatewaySettings settings;
    bool paused = false;
  };
  struct Reply {
    Instant due;
    Done done;
    GatewayAnswer answer;
    /// Another one follows for the same call.
    bool more = false;
  };
  /// What one call is answered: once, or `unanswered` and then, if at all, late.
  struct Replies {
    Reply first;
    std::optional<Reply> late;
  };

  void submit(Call call);
  void run();
  /// Nothing: stopped.
  std::optional<Batch> take_batch();
  void decide(std::vector<Call>& calls, const GatewaySettings& settings);
  Replies replies_to(const Call& call, const GatewaySettings& settings, Instant now);
  GatewayAnswer book(const Call& call, const GatewaySettings& settings);
  void refuse(std::vector<Call>& calls, const std::string& why);
  void delay(Reply reply, Done done);
  void answer(const Done& done, GatewayAnswer answer);
  void answer_due();
  void give_up();
  bool chance(std::uint32_t percent);
  std::chrono::milliseconds latency(const GatewaySettings& settings);

  ChargeLedger& ledger_;
  const Limits limits_;
  const OnFailure on_failure_;
  const Clock now_;
  // The thread's own.
  std::mt19937_64 random_;
  /// A heap, the earliest first.
  std::vector<Reply> delayed_;
  bool failed_ = false;

  std::atomic<std::size_t> calls_waiting_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Call> queue_;
  GatewaySettings settings_;
  bool paused_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sugang
