#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "domain/page.hpp"
#include "domain/record.hpp"
#include "domain/webhook.hpp"
#include "storage/rocks_store.hpp"

namespace sugang {

/// How the calls of a webhook go; of one without a row they go well.
struct WebhookHealth {
  /// When the first call failed since the last that arrived, and how many failed since.
  std::optional<TimePoint> failing_since;
  std::uint32_t failures = 0;
  /// From the first call that failed to the last since one arrived, while a server ran.
  Milliseconds failing_for{0};
  static void fields(auto& self, auto&& field) {
    field("failingSince", self.failing_since);
    field("failures", self.failures);
    field("failingForMs", self.failing_for);
  }
};

/// One notification on its way out, to however many webhooks; kept until one has taken it and the others have an
/// end. One that none took is kept for good, as its row in the student's box is.
struct OutwardNotice {
  /// Deliveries that have no end yet, and those that arrived.
  std::uint32_t left = 0;
  std::uint32_t delivered = 0;
  /// Of the last that was given up.
  std::string error;
  static void fields(auto& self, auto&& field) {
    field("left", self.left);
    field("delivered", self.delivered);
    field("error", self.error);
  }
};

/// A call that is to be made at `due`.
struct PendingCall {
  EventId about;
  TimePoint due{};
  std::string body;
};

/// What the webhooks remember of the outside: how calls go, what is to be called when, what became of each delivery
/// and each notification, and up to where the journal was read for it. What follows from a record is in one write
/// with the cursor behind it. Reads from any thread, writes from one at a time. The port to where it is kept is
/// KeyValueStore.
class WebhookStore {
 public:
  static std::vector<RocksSpace> spaces() {
    return {{"health"}, {"deliveries"}, {"pending"}, {"notices"}, {"cursor"}};
  }
  static constexpr std::size_t space_count = 5;

  /// Counts what is pending once, by a scan.
  explicit WebhookStore(KeyValueStore& store);

  WebhookHealth health(WebhookId webhook) const;
  std::optional<WebhookDelivery> delivery(WebhookId webhook, EventId about) const;
  std::optional<OutwardNotice> notice(EventId about) const;
  /// Where the journal is to be read on. Nothing: it was never read.
  std::optional<Position> cursor() const;
  /// The first by their time.
  std::vector<PendingCall> pending(WebhookId webhook, std::size_t count) const;
  std::size_t count_pending(WebhookId webhook) const;
  /// Every webhook that anything is kept of.
  std::vector<WebhookId> known() const;

  /// The newest first.
  ListResult<WebhookDelivery> list_deliveries(WebhookId webhook, const Page& page) const;

  static void put(WriteSet& changes, WebhookId webhook, const WebhookHealth& health);
  static void erase(WriteSet& changes, WebhookId webhook);
  static void put(WriteSet& changes, WebhookId webhook, const WebhookDelivery& delivery);
  static void put(WriteSet& changes, WebhookId webhook, const PendingCall& call);
  static void erase(WriteSet& changes, WebhookId webhook, const PendingCall& call);
  static void put(WriteSet& changes, EventId about, const OutwardNotice& notice);
  static void erase(WriteSet& changes, EventId about);
  static void put_cursor(WriteSet& changes, Position position);
  void write(const WriteSet& changes, Sync sync);
  /// Calls that are still to be made. From any thread.
  std::size_t pending_count() const { return pending_count_.load(std::memory_order_relaxed); }

  /// Of events before `before`.
  void forget_deliveries(WebhookId webhook, TimePoint before);
  void forget_deliveries(WebhookId webhook);

 private:
  KeyValueStore& store_;
  std::atomic<std::size_t> pending_count_{0};
};

}  // namespace sugang
