#include "consumers/webhook_store.hpp"

#include <set>

#include "storage/bytes.hpp"
#include "storage/field_codec.hpp"
#include "views/paging.hpp"

namespace sugang {
namespace {

enum Space : std::uint8_t { health_space, deliveries_space, pending_space, notices_space, cursor_space };

/// The one key of its space.
constexpr std::string_view cursor_key = "journal";

/// Without the event, which its key names.
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

// What is stored is a CBOR map, as an event's payload is, so that members may come and go.

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

/// webhook (16), the bits of the event's id turned over (16): the newest stands first.
std::string delivery_key(WebhookId webhook, EventId about) {
  return uid_bytes(webhook.uid) + uid_bytes({~about.uid.high, ~about.uid.low});
}
EventId about_of(std::string_view turned) {
  const auto uid = ByteReader{turned}.uid();
  return {Uid{~uid.high, ~uid.low}};
}

/// webhook (16), due (8), event (16).
std::string pending_key(WebhookId webhook, const PendingCall& call) {
  return uid_bytes(webhook.uid) + be_bytes(call.due.time_since_epoch().count()) + uid_bytes(call.about.uid);
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
    from = after_prefix(uid_bytes(next->uid));
    if (from->empty()) return;
  }
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

WebhookHealth WebhookStore::health(WebhookId webhook) const {
  const auto value = store_.get(health_space, uid_bytes(webhook.uid));
  return value ? decoded<WebhookHealth>(*value) : WebhookHealth{};
}

std::optional<WebhookDelivery> WebhookStore::delivery(WebhookId webhook, EventId about) const {
  const auto value = store_.get(deliveries_space, delivery_key(webhook, about));
  return value ? std::optional{delivery_of(about, *value)} : std::nullopt;
}

std::optional<OutwardNotice> WebhookStore::notice(EventId about) const {
  const auto value = store_.get(notices_space, uid_bytes(about.uid));
  return value ? std::optional{decoded<OutwardNotice>(*value)} : std::nullopt;
}

std::optional<Position> WebhookStore::cursor() const {
  const auto value = store_.get(cursor_space, cursor_key);
  if (!value) return std::nullopt;
  ByteReader in{*value};
  const auto position = in.be<Position>();
  if (!in.ok()) throw DamagedEntry("the webhooks' cursor can't be read");
  return position;
}

std::size_t WebhookStore::count_pending(WebhookId webhook) const {
  std::size_t count = 0;
  const auto prefix = uid_bytes(webhook.uid);
  store_.scan(pending_space, prefix, after_prefix(prefix),
              [&](std::string_view, std::string_view) { return ++count > 0; });
  return count;
}

std::vector<PendingCall> WebhookStore::pending(WebhookId webhook, std::size_t count) const {
  std::vector<PendingCall> calls;
  for (auto& [key, body] : read_entries(store_, pending_space, uid_bytes(webhook.uid), std::nullopt, count)) {
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
  for (auto space : {health_space, deliveries_space, pending_space}) collect_first_uids(store_, space, found);
  return {found.begin(), found.end()};
}

ListResult<WebhookDelivery> WebhookStore::list_deliveries(WebhookId webhook, const Page& page) const {
  auto row_of = [](std::string_view key, std::string_view value) {
    return std::optional{delivery_of(about_of(key), value)};
  };
  return list_page<WebhookDelivery>("webhook-deliveries:" + to_text(webhook), page, {}, [&](KeyPage wanted) {
    return list_rows<WebhookDelivery>(store_, deliveries_space, uid_bytes(webhook.uid), std::move(wanted), row_of);
  });
}

void WebhookStore::put(WriteSet& changes, WebhookId webhook, const WebhookHealth& health) {
  changes.put(health_space, uid_bytes(webhook.uid), encoded(health));
}
void WebhookStore::erase(WriteSet& changes, WebhookId webhook) {
  changes.erase(health_space, uid_bytes(webhook.uid));
}
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
  changes.put(notices_space, uid_bytes(about.uid), encoded(notice));
}
void WebhookStore::erase(WriteSet& changes, EventId about) { changes.erase(notices_space, uid_bytes(about.uid)); }
void WebhookStore::put_cursor(WriteSet& changes, Position position) {
  changes.put(cursor_space, std::string{cursor_key}, be_bytes(position));
}

void WebhookStore::forget_deliveries(WebhookId webhook, TimePoint before) {
  const auto milliseconds = static_cast<std::uint64_t>(before.time_since_epoch().count());
  store_.erase_range(deliveries_space, delivery_key(webhook, {Uid{(milliseconds << 16) - 1, ~0ULL}}),
                     after_prefix(uid_bytes(webhook.uid)));
}
void WebhookStore::forget_deliveries(WebhookId webhook) {
  store_.erase_range(deliveries_space, uid_bytes(webhook.uid), after_prefix(uid_bytes(webhook.uid)));
}

}  // namespace sugang
