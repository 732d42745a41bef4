#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "actors/id_source.hpp"
#include "actors/timers.hpp"
#include "consumers/consumer.hpp"
#include "consumers/enrollment_context.hpp"
#include "consumers/webhook_calls.hpp"
#include "consumers/webhook_deliveries.hpp"
#include "consumers/webhook_registrations.hpp"
#include "consumers/webhook_store.hpp"
#include "consumers/webhook_transport.hpp"
#include "domain/notice.hpp"
#include "storage/waker.hpp"

namespace sugang {

/// Posts notifications to the webhooks that are registered for them, signed as Standard Webhooks prescribes.
///
/// Registrations are events of one aggregate, of which this is the owner: it alone appends to it. Their secrets are
/// in the journal as the sealer makes them.
///
/// It reads the journal's events, not the students' boxes. What is to be called is written together with the cursor
/// that passes the event, under keys made of the webhook and the event, which names its recipient, too: consumed
/// again, nothing is called for anew. A call itself may be repeated, when a crash comes between the answer and its
/// entry; `webhook-id` is then the same, as Standard Webhooks has receivers expect.
///
/// One thread keeps the store; the transport's makes the calls. Each webhook has a queue of its own and a bound on
/// calls without an answer, so one that hangs holds none of the others up.
class Webhooks final : public Consumer {
 public:
  struct Limits {
    std::size_t calls_max = 64;
    std::size_t calls_per_webhook_max = 8;
    Milliseconds call_timeout{10'000};
    /// A call without a 2xx is made again after `retry_min`, doubled each time, less up to a quarter; so often.
    Milliseconds retry_min{5'000};
    Milliseconds retry_max{3'600'000};
    std::uint32_t attempts_max = 8;
    /// After so many calls in a row that did not arrive, of whatever notifications, the endpoint counts as dead:
    /// one call at a time, `retry_min` apart, doubled each time up to `retry_max`, until one arrives.
    std::uint32_t failures_max = 16;
    /// An endpoint that has been dead for so long is disabled, and what is pending for it given up.
    Milliseconds dead_max{3LL * 24 * 3'600'000};
    /// Calls that wait for one webhook; the next is not queued but listed as failed.
    std::size_t backlog_max = 10'000;
    /// How long after the event a delivery stays listed.
    Milliseconds deliveries_kept{30LL * 24 * 3'600'000};
    /// Events of the registry behind its last snapshot, before there is another.
    Sequence snapshot_events = 64;
  };
  struct Ports {
    Timers& timers;
    Journal& journal;
    Sealer& sealer;
    IdSource& ids;
    WebhookTransport& transport;
    /// Whose an enrollment is.
    EnrollmentContexts& contexts;
    /// The call's body.
    std::function<std::string(const Notice&)> render;
    /// The webhook was disabled, durably; for the log. On the journal's thread.
    std::function<void(const Webhook&)> disabled;
    /// Called once, when the store can't be written; the process must end.
    std::function<void(const std::string& why)> on_failure;
    /// Called once, when the store can't be read: from then on no webhook is called, and none is created.
    std::function<void(const std::string& why)> on_damage = {};
  };

  /// `store` has the spaces of WebhookStore, and no other writer.
  Webhooks(KeyValueStore& store, Limits limits, Ports ports);
  ~Webhooks() override;
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  /// The registry, as the journal woke it; once, before anything is read or called. Returns the webhooks whose
  /// secrets the sealer can't open: what is for them waits. Nothing else is done while `stand_still` instead.
  std::vector<WebhookId> load(const Recovered& recovered);
  /// The registry can't be read: no webhook is known, and none is created.
  void stand_still();
  /// Starts the thread. Without it (tests, simulation) run_once() does the work.
  void start();
  /// Ends the thread; calls that are out stay pending, and are made again after a start. Before the transport ends.
  void stop();
  /// False: there was nothing to do.
  bool run_once();

  std::string_view name() const override { return "webhooks"; }
  std::optional<Position> kept_cursor() const override { return position_.load(std::memory_order_acquire); }
  void keep_cursor(Position position) override;
  bool concerns(const Record& record) const override;
  void consume(std::span<const Record> records, Done done) override;

  /// Paused, no call is begun. From any thread.
  void pause(bool paused);

  // From any thread; may block on a disk.

  // What they return may not be durable yet: it leaves through the journal's gate.

  /// It takes what happens from now on. Nothing: there are `webhooks_max` already. Throws StorageError when
  /// webhooks stand still.
  std::optional<NewWebhook> create(std::string url, std::vector<NoticeKind> kinds,
                                   const WebhookRegistrations::Complete& complete = {});
  /// What is pending for it is given up, and what is known of it forgotten. False: there is no such webhook.
  bool remove(WebhookId id);
  ListResult<Webhook> list(const Page& page) const;
  /// Nothing: there is no such webhook.
  std::optional<ListResult<WebhookDelivery>> deliveries(WebhookId id, const Page& page) const;
  /// How a notification stands outside the box. One that is yet to be taken up is `queued` when a webhook takes it;
  /// as is every one while the store can't be read.
  Notification standing(Notice notice);
  /// Calls that are still to be made, to all webhooks.
  std::size_t backlog() const { return store_.pending_count(); }
  /// Whether a webhook is registered and enabled.
  bool any() const { return registrations_.any_enabled(); }

 private:
  using Call = WebhookCalls::Call;
  using Outcome = WebhookCalls::Outcome;

  std::vector<Notice> notices_in(std::span<const Record> records);
  void take_up(std::span<const Notice> notices, Position until);
  void write(const WriteSet& changes, Sync sync);
  void stand_still(const std::exception& fault);

  bool take_outcomes();
  void book(const Outcome& outcome);
  void note_health(WebhookId id, const WebhookAnswer& answer);
  void disable(WebhookId id, std::string reason);
  /// So long after the `attempt`-th that failed, counted from 1; less up to a quarter.
  Milliseconds retry_after(std::uint32_t attempt) const;
  void end_delivery(const Call& call, std::optional<WebhookDelivery> delivery, bool delivered,
                    const std::string& error);
  bool give_up_leaving();
  bool begin_due(std::vector<Call>& begun);
  void begin_due_of(const WebhookRegistrations::Known& known, std::vector<Call>& begun);
  void forget_old();
  void post(const Call& call);
  void wake_at(TimePoint when);
  void run();

  const Limits limits_;
  const Ports ports_;
  /// For whatever lasts a certain while; the wall clock only for what is shown.
  const RunningClock clock_;
  /// Alarms and answers may come after this object's end.
  const std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();
  std::atomic<bool> paused_{false};
  /// The deliveries of all events up to here are in the store.
  std::atomic<Position> position_{0};

  /// Over everything below, and the store's writes.
  mutable std::mutex mutex_;
  WebhookStore store_;
  WebhookRegistrations registrations_;
  /// Removed or disabled, with calls that may still be pending.
  std::set<WebhookId> unloading_;
  WebhookCalls calls_;
  WebhookDeliveries deliveries_;
  /// How the calls to an endpoint go; and until when one that counts as dead rests, which it does after each of its
  /// `rests`.
  struct Health {
    WebhookHealth kept;
    std::optional<TimePoint> last_failure;
    TimePoint rest_until{};
    std::uint32_t rests = 0;
  };
  std::map<WebhookId, Health> health_;
  /// Who is first to begin calls, in turn.
  WebhookId first_;
  std::optional<TimePoint> alarm_;
  TimePoint forgotten_at_{};
  bool failed_ = false;
  std::thread thread_;
};

}  // namespace sugang
