#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/id_source.hpp"
#include "actors/timers.hpp"
#include "consumers/sealer.hpp"
#include "domain/notice.hpp"
#include "domain/page.hpp"
#include "domain/webhook.hpp"
#include "storage/journal.hpp"

namespace sugang {

/// The registry of webhooks, and the one owner of its sequence in the journal. One thread at a time.
class WebhookRegistrations {
 public:
  /// Adds to the append that registers a webhook.
  using Complete = std::function<void(const NewWebhook&, Append&)>;
  /// One of them, and what only this server knows of it.
  struct Known {
    /// Without what is known of its calls.
    Webhook webhook;
    /// Empty: it was sealed with another key, so nothing can be signed.
    std::string secret;
    /// It takes what comes behind.
    Position after = 0;
    /// Its registration is durable: before, nothing leaves for it.
    std::shared_ptr<std::atomic<bool>> durable = std::make_shared<std::atomic<bool>>(true);
  };

  /// A snapshot comes after so many events.
  WebhookRegistrations(Journal& journal, Sealer& sealer, IdSource& ids, const Timers& timers,
                       Sequence snapshot_events)
      : journal_(journal), sealer_(sealer), ids_(ids), timers_(timers), snapshot_events_(snapshot_events) {}

  /// As the journal woke it; once, before all else.
  void load(const Recovered& recovered);
  const std::map<WebhookId, Known>& all() const { return known_; }
  /// Nothing: it was removed, or never registered.
  const Known* find(WebhookId id) const;
  bool is_enabled(WebhookId id) const;
  std::vector<WebhookId> takers_of(const Notice& notice) const;
  /// From any thread.
  bool any_enabled() const { return enabled_.load(std::memory_order_acquire) > 0; }
  ListResult<Webhook> list(const Page& page) const;

  // `then` runs once it is durable.

  /// Nothing: there are `webhooks_max` already.
  std::optional<NewWebhook> add(std::string url, std::vector<NoticeKind> kinds, const Complete& complete,
                                std::function<void()> then);
  void disable(WebhookId id, std::string reason, std::function<void(const Webhook&)> then);
  /// False: there is no such webhook.
  bool remove(WebhookId id);

 private:
  void commit(const WebhookEvent& event, Append append);
  Known& know(const WebhookRegistry::Entry& entry);
  void count_enabled();

  Journal& journal_;
  Sealer& sealer_;
  IdSource& ids_;
  const Timers& timers_;
  const Sequence snapshot_events_;
  WebhookRegistry registry_;
  std::map<WebhookId, Known> known_;
  std::atomic<std::size_t> enabled_{0};
  Sequence sequence_ = 0;
  Sequence snapshot_sequence_ = 0;
};

}  // namespace sugang
