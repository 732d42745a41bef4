#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/id_source.hpp"
#include "actors/timers.hpp"
#include "consumers/sealer.hpp"
#include "domain/webhook.hpp"
#include "storage/journal.hpp"

namespace sugang {

/// The registry of webhooks, and the one owner of its sequence in the journal. One thread at a time.
class WebhookRegistrations {
 public:
  /// Adds to the append that registers a webhook.
  using Complete = std::function<void(const NewWebhook&, Append&)>;
  using Then = std::function<void()>;

  /// A snapshot comes after so many events.
  WebhookRegistrations(Journal& journal, Sealer& sealer, IdSource& ids, const Timers& timers,
                       Sequence snapshot_events)
      : journal_(journal), sealer_(sealer), ids_(ids), timers_(timers), snapshot_events_(snapshot_events) {}

  /// As the journal woke it; once, before all else.
  void load(const Recovered& recovered);
  const std::map<WebhookId, WebhookRegistry::Entry>& all() const { return registry_.webhooks; }
  /// Empty: it was sealed with another key.
  std::string secret_of(const WebhookRegistered& registered) const;

  // `then` runs once it is durable.

  /// Nothing: there are `webhooks_max` already.
  std::optional<NewWebhook> add(std::string url, std::vector<NoticeKind> kinds, const Complete& complete,
                                Then then);
  void disable(WebhookId id, std::string reason, Then then);
  /// False: there is no such webhook.
  bool remove(WebhookId id);

 private:
  void commit(const WebhookEvent& event, Append append);

  Journal& journal_;
  Sealer& sealer_;
  IdSource& ids_;
  const Timers& timers_;
  const Sequence snapshot_events_;
  WebhookRegistry registry_;
  Sequence sequence_ = 0;
  Sequence snapshot_sequence_ = 0;
};

}  // namespace sugang
