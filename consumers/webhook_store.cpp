#include "consumers/webhook_store.hpp"

#include <set>

#include "storage/bytes.hpp"
#include "storage/field_codec.hpp"
#include "views/cursor.hpp"
#include "views/paging.hpp"

namespace sugang {
namespace {

enum Space : std::uint8_t {
  webhooks_space,
  deliveries_space,
  pending_space,
  notices_space,
  answers_space,
  cursor_space
};

/// The one key of its space.
constexpr std::string_view cursor_key = "journal";

// What is stored is a CBOR map, as an event's payload is, so that members may come and go.

struct WebhookRow {
  std::string url;
  std::vector<NoticeKind> kinds;
  std::string secret;
  TimePoint created_at{};
  bool disabled = false;
  std::string disabled_reason;
  std::optional<TimePoint> failing_since;
  std::uint32_t failures = 0;
  Position after = 0;
  std::uint64_t failing_for_ms = 0;
  static void fields(auto& self, auto&& field) {
    field("url", self.url);
    field("kinds", self.kinds);
    field("secret", self.secret);
    field("createdAt", self.created_at);
    field("disabled", self.disabled);
    field("disabledReason", self.disabled_reason);
    field("failingSince", self.failing_since);
    field("failures", self.failures);
    field("after", self.after);
    field("failingForMs", self.failing_for_ms);
  }
};

struct AnswerRow {
  CreationAnswer answer;
  static void fields(auto& self, auto&& field) {
    auto& [body, at, answer] = self.answer;
    field("request", body);
    field("at", at);
    field("status", answer.status);
    field("contentType", answer.content_type);
    field("location", answer.location);
    field("body", answer.body);
    field("position", answer.position);
  }
};

struct DeliveryRow {
  WebhookDelivery delivery;
  static void fields(auto& self, auto&& field) {
    auto& delivery = self.delivery;
    field("kind", delivery.kind);
    field("enrollmentId", delivery.enrollment);
    field("studentId", delivery.student);
    field("state", delivery.state);
    field("attempts", delivery.attempts);
    field("status", delivery.status);
    field("error", delivery.error);
    field("updatedAt", delivery.updated_at);
    field("nextAttemptAt", delivery.next_attempt_at);
  }
};

struct NoticeRow {
  OutwardNotice notice;
  static void fields(auto& self, auto&& field) {
    auto& notice = self.notice;
    field("left", notice.left);
    field("delivered", notice.delivered);
    field("error", notice.error);
  }
};

template <class Row>
std::string encoded(const Row& row) {
  std::string bytes;
  CborWriter out{bytes};
  write_value(out, row);
  return bytes;
}

template <class Row>
Row decoded(std::string_view bytes) {
  try {
    CborReader in{bytes};
    Row row;
    read_value(in, row);
    return row;
  } catch (const DecodeError& error) {
    throw DamagedEntry(std::string{"an entry of the webhooks can't be read: "} + error.what());
  }
}

template <class Id>
std::string uid_key(const Id& id) {
  std::string key;
  put_uid(key, id.uid);
  return key;
}

/// webhook (16), the bits of the event's id turned over (16): the newest stands first.
std::string delivery_key(WebhookId webhook, EventId about) {
  auto key = uid_key(webhook);
  put_uid(key, {~about.uid.high, ~about.uid.low});
  return key;
}
EventId about_of(std::string_view turned) {
  const auto uid = ByteReader{turned}.uid();
  return {Uid{~uid.high, ~uid.low}};
}

/// webhook (16), due (8), event (16).
std::string pending_key(WebhookId webhook, const PendingCall& call) {
  auto key = uid_key(webhook);
  put_be(key, call.due.time_since_epoch().count());
  put_uid(key, call.about.uid);
  return key;
}

RegisteredWebhook webhook_of(std::string_view key, std::string_view value) {
  auto row = decoded<WebhookRow>(value);
  return {.webhook = {.id = {ByteReader{key}.uid()},
                      .url = std::move(row.url),
                      .kinds = std::move(row.kinds),
                      .created_at = row.created_at,
                      .disabled = row.disabled,
                      .disabled_reason = std::move(row.disabled_reason),
                      .failing_since = row.failing_since,
                      .failures = row.failures},
          .secret = std::move(row.secret),
          .after = row.after,
          .failing_for = Milliseconds{row.failing_for_ms}};
}

WebhookDelivery delivery_of(EventId about, std::string_view value) {
  auto delivery = decoded<DeliveryRow>(value).delivery;
  delivery.about = about;
  return delivery;
}

/// The first uids of a space's keys, each once.
void collect_first_uids(const KeyValueStore& store, std::uint8_t space, std::set<WebhookId>& found) {
  for (std::optional<std::string> from{""}; from;) {
    std::optional<WebhookId> next;
    store.scan(space, *from, {}, [&](std::string_view key, std::string_view) {
      next = WebhookId{ByteReader{key}.uid()};
      return false;
    });
    if (!next) return;
    found.insert(*next);
    from = after_prefix(uid_key(*next));
    if (from->empty()) return;
  }
}

template <class Row, class RowOf>
ListResult<Row> page_of(const KeyValueStore& store, std::uint8_t space, const std::string& prefix,
                        const std::string& scope, const Page& page, RowOf row_of) {
  ListResult<Row> result;
  std::optional<std::string> after;
  if (!page.cursor.empty() && !(after = read_cursor(scope, page.cursor))) {
    result.cursor_invalid = true;
    return result;
  }
  result.listing = list_rows<Row>(store, space, prefix, std::move(after), page.limit, ListBounds{}, row_of);
  if (auto& next = result.listing.next) next = make_cursor(scope, *next);
  return result;
}

}  // namespace

WebhookStore::WebhookStore(KeyValueStore& store) : store_(store) {
  store_.scan(pending_space, {}, {}, [this](std::string_view, std::string_view) {
    pending_count_.fetch_add(1, std::memory_order_relaxed);
    return true;
  });
}

void WebhookStore::write(const WriteSet& changes, Sync sync) {
  store_.write(changes, sync);
  // A call is put once and erased once; one that is put off is erased and put.
  for (const auto& change : changes.changes)
    if (change.space == pending_space) pending_count_.fetch_add(change.value ? 1 : -1, std::memory_order_relaxed);
}

std::vector<RegisteredWebhook> WebhookStore::webhooks() const {
  std::vector<RegisteredWebhook> all;
  store_.scan(webhooks_space, {}, {}, [&](std::string_view key, std::string_view value) {
    all.push_back(webhook_of(key, value));
    return true;
  });
  return all;
}

std::optional<WebhookDelivery> WebhookStore::delivery(WebhookId webhook, EventId about) const {
  const auto value = store_.get(deliveries_space, delivery_key(webhook, about));
  return value ? std::optional{delivery_of(about, *value)} : std::nullopt;
}

std::optional<OutwardNotice> WebhookStore::notice(EventId about) const {
  const auto value = store_.get(notices_space, uid_key(about));
  return value ? std::optional{decoded<NoticeRow>(*value).notice} : std::nullopt;
}

std::optional<Position> WebhookStore::cursor() const {
  const auto value = store_.get(cursor_space, cursor_key);
  if (!value) return std::nullopt;
  ByteReader in{*value};
  const auto position = in.be<Position>();
  if (!in.ok()) throw DamagedEntry("the webhooks' cursor can't be read");
  return position;
}

std::optional<CreationAnswer> WebhookStore::answer(RequestId request) const {
  const auto value = store_.get(answers_space, uid_key(request));
  return value ? std::optional{decoded<AnswerRow>(*value).answer} : std::nullopt;
}

std::size_t WebhookStore::count_pending(WebhookId webhook) const {
  std::size_t count = 0;
  const auto prefix = uid_key(webhook);
  store_.scan(pending_space, prefix, after_prefix(prefix),
              [&](std::string_view, std::string_view) { return ++count > 0; });
  return count;
}

std::vector<PendingCall> WebhookStore::pending(WebhookId webhook, std::size_t count) const {
  std::vector<PendingCall> calls;
  for (auto& [key, body] : read_entries(store_, pending_space, uid_key(webhook), std::nullopt, count)) {
    ByteReader in{key};
    PendingCall call;
    call.due = TimePoint{Milliseconds{in.be<std::int64_t>()}};
    call.about = {in.uid()};
    call.body = std::move(body);
    calls.push_back(std::move(call));
  }
  return calls;
}

std::vector<WebhookId> WebhookStore::known() const {
  std::set<WebhookId> found;
  for (auto space : {webhooks_space, deliveries_space, pending_space}) collect_first_uids(store_, space, found);
  return {found.begin(), found.end()};
}

ListResult<Webhook> WebhookStore::list(const Page& page) const {
  auto row_of = [](std::string_view key, std::string_view value) {
    return std::optional{webhook_of(key, value).webhook};
  };
  return page_of<Webhook>(store_, webhooks_space, {}, "webhooks", page, row_of);
}

ListResult<WebhookDelivery> WebhookStore::list_deliveries(WebhookId webhook, const Page& page) const {
  auto row_of = [](std::string_view key, std::string_view value) {
    return std::optional{delivery_of(about_of(key), value)};
  };
  return page_of<WebhookDelivery>(store_, deliveries_space, uid_key(webhook),
                                  "webhook-deliveries:" + to_text(webhook), page, row_of);
}

void WebhookStore::put(WriteSet& changes, const RegisteredWebhook& registered) {
  const auto& webhook = registered.webhook;
  changes.put(webhooks_space, uid_key(webhook.id),
              encoded(WebhookRow{webhook.url, webhook.kinds, registered.secret, webhook.created_at,
                                 webhook.disabled, webhook.disabled_reason, webhook.failing_since, webhook.failures,
                                 registered.after, static_cast<std::uint64_t>(registered.failing_for.count())}));
}
void WebhookStore::erase(WriteSet& changes, WebhookId webhook) { changes.erase(webhooks_space, uid_key(webhook)); }
void WebhookStore::put(WriteSet& changes, WebhookId webhook, const WebhookDelivery& delivery) {
  changes.put(deliveries_space, delivery_key(webhook, delivery.about), encoded(DeliveryRow{delivery}));
}
void WebhookStore::put(WriteSet& changes, WebhookId webhook, const PendingCall& call) {
  changes.put(pending_space, pending_key(webhook, call), call.body);
}
void WebhookStore::erase(WriteSet& changes, WebhookId webhook, const PendingCall& call) {
  changes.erase(pending_space, pending_key(webhook, call));
}
void WebhookStore::put(WriteSet& changes, EventId about, const OutwardNotice& notice) {
  changes.put(notices_space, uid_key(about), encoded(NoticeRow{notice}));
}
void WebhookStore::erase(WriteSet& changes, EventId about) { changes.erase(notices_space, uid_key(about)); }
void WebhookStore::put_cursor(WriteSet& changes, Position position) {
  std::string value;
  put_be(value, position);
  changes.put(cursor_space, std::string{cursor_key}, std::move(value));
}

void WebhookStore::put(WriteSet& changes, RequestId request, const CreationAnswer& answer) {
  changes.put(answers_space, uid_key(request), encoded(AnswerRow{answer}));
}

void WebhookStore::forget_answers(TimePoint before) {
  WriteSet changes;
  store_.scan(answers_space, {}, {}, [&](std::string_view key, std::string_view value) {
    if (decoded<AnswerRow>(value).answer.at < before) changes.erase(answers_space, std::string{key});
    return true;
  });
  if (!changes.empty()) store_.write(changes, Sync::no);
}

void WebhookStore::forget_deliveries(WebhookId webhook, TimePoint before) {
  const auto milliseconds = static_cast<std::uint64_t>(before.time_since_epoch().count());
  store_.erase_range(deliveries_space, delivery_key(webhook, {Uid{(milliseconds << 16) - 1, ~0ULL}}),
                     after_prefix(uid_key(webhook)));
}
void WebhookStore::forget_deliveries(WebhookId webhook) {
  store_.erase_range(deliveries_space, uid_key(webhook), after_prefix(uid_key(webhook)));
}

}  // namespace sugang
